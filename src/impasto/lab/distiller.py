"""One distillation in memory: teachers, student, optimiser, and what one step does.

Features are regressed layer by layer (Romero et al., "FitNets", ICLR 2015), through heads, because
the student is narrower. That alone does not make Gram matrices of the *narrow* features useful, and
those are what style losses are measured on. So the student must also find the pictures of a batch
as far apart in style as the teachers do (after Tung & Mori, "Similarity-Preserving Knowledge
Distillation", ICCV 2019, with style distances for dot products).
"""

import copy
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from impasto.lab.data import assets_folder
from impasto.lab.distil_recipe import DistilRecipe, DistilSchedule
from impasto.lab.features import FeatureNetwork
from impasto.lab.lessons import Crops, Lesson, Teachers, distances, lesson_number, thinned, widths
from impasto.lab.objective import check_finite
from impasto.lab.optimiser import MuonAndAdam, rate_factor, update_mean
from impasto.lab.student import new_student

MEMORY = 0.95
"""The share of older steps in the products that heads are solved from."""
RIDGE = 1e-4
WEIGHT_DECAY = 0.1
"""Without it, Muon lets features grow a thousandfold."""
NEAR = 0.01
"""Style distances well below this are not told apart; unrelated pictures are at 1 and above."""


class Distiller:
    """A run: student, optimiser and running mean, and one step after another."""

    def __init__(
        self, recipe: DistilRecipe, device: str = "cpu", *, bfloat16: bool = False
    ) -> None:
        self.recipe, self.device, self.bfloat16 = recipe, device, bfloat16
        assets = assets_folder()
        self.teachers = Teachers(recipe, assets, device)
        self.crops = Crops(recipe, assets, device)
        self.lesson = lru_cache(recipe.sampling.kept)(self._lesson)
        torch.manual_seed(recipe.seed)
        self.live = new_student(recipe.student, widths(self.teachers)).to(device)
        self.live.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.live).requires_grad_(False)
        self.heads, self.optimiser = Heads(self.live), StudentOptimiser(self.live)
        self.step = 0

    def train_step(self) -> dict[str, Tensor]:
        """One step of the optimiser; returns the mean terms, and the features term by layer."""
        number = lesson_number(self.recipe.sampling, self.recipe.seed, self.step)
        lesson = self.lesson(number)
        with self._precision():
            found = self.live(lesson.image, lesson.features)
        if self.step == 0:
            self.heads.learn(found, lesson)
        with self._precision():
            features, apart = self.losses(found, lesson)
        terms = {"features": _mean(features), "distances": _mean(apart)}
        total = sum(getattr(self.recipe.weights, name) * value for name, value in terms.items())
        check_finite(terms, self.step, "the last checkpoint is kept")
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step(self.recipe.schedule, self.step)
        self.heads.learn(found, lesson)
        self.step += 1
        update_mean(self.average, self.live, self.recipe.schedule.average, self.step)
        return terms | features

    def losses(
        self, found: Mapping[str, Tensor], lesson: Lesson
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """How far features, and style distances, are from the teachers', by layer."""
        features, apart = {}, {}
        for name, narrow in found.items():
            wide = self.live.heads[name](thinned(narrow))
            features[name] = feature_error(wide.float(), lesson.features[name].float())
            apart[name] = distance_error(distances(narrow), lesson.distances[name])
        return features, apart

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, self.bfloat16)

    def _lesson(self, number: int) -> Lesson:
        with self._precision():
            return self.teachers.lesson(self.crops.batch(number, self.average))

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs; batches follow from seed and step."""
        return {
            "fingerprint": self.recipe.fingerprint(),
            "step": self.step,
            "live": self.live.state_dict(),
            "average": self.average.state_dict(),
            "heads": self.heads.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from `state`."""
        self.live.load_state_dict(state["live"])
        self.average.load_state_dict(state["average"])
        self.heads.load_state_dict(state["heads"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


class StudentOptimiser(MuonAndAdam):
    """Muon for all 3x3 convolutions, Adam for their biases.

    Neighbouring pixels are nearly equal, so by their gradients the filters of the first layer would
    hardly learn anything but brightness; Muon moves all directions alike.
    """

    def __init__(self, student: FeatureNetwork) -> None:
        weights = [each.get_parameter("weight") for each in student.convolutions.values()]
        biases = [each.get_parameter("bias") for each in student.convolutions.values()]
        super().__init__(weights, [biases], weight_decay=WEIGHT_DECAY)

    def step(self, schedule: DistilSchedule, step: int) -> None:
        """One move, at the rates of a step."""
        factor = rate_factor(schedule, step)
        self.move((schedule.rate * factor, schedule.bias_rate * factor))


class Heads:
    """The heads of a student, solved by ridge regression and not trained.

    Trained by gradients, heads lag far behind features that are still moving, and features then
    learn from wrong heads. Products of features and targets are kept as running means over the
    last steps; the heads that follow from them are those that the next step is judged with.
    """

    def __init__(self, student: FeatureNetwork) -> None:
        self.heads = student.heads.requires_grad_(False)
        self.steps = 0
        self.products: dict[str, Tensor] = {}

    @torch.no_grad()
    def learn(self, found: Mapping[str, Tensor], lesson: Lesson) -> None:
        """Takes one more batch of narrow features into account, and solves all heads."""
        keep = min(MEMORY, self.steps / (self.steps + 1))
        self.steps += 1
        for name, narrow in found.items():
            x, y = _places(thinned(narrow)), _places(lesson.features[name])
            x = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
            new = x.T @ torch.cat([x, y], dim=1) / len(x)
            self.products[name] = new.lerp(self.products.get(name, new), keep)
            self._solve(name)

    def _solve(self, name: str) -> None:
        products, head = self.products[name].double(), self.heads[name]
        square, cross = products[:, : len(products)], products[:, len(products) :]
        energy = square.diagonal()[:-1]  # the last row is that of the bias
        energy += RIDGE * energy.mean()
        solved = torch.linalg.solve(square, cross).float()
        head.get_parameter("weight").copy_(solved[:-1].T[..., None, None])
        head.get_parameter("bias").copy_(solved[-1])

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs beside the heads themselves."""
        return {"steps": self.steps, "products": dict(self.products)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues from a state."""
        self.steps = state["steps"]
        self.products = {
            name: each.to(self.heads[name].get_parameter("weight").device)
            for name, each in state["products"].items()
        }


def _places(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "places c"]:
    return features.float().permute(0, 2, 3, 1).flatten(0, 2)


def feature_error(
    found: Float[Tensor, "n c h w"], wanted: Float[Tensor, "n c h w"]
) -> Float[Tensor, ""]:
    """Squared error divided by that of guessing each channel's mean: 0 exact, 1 a guess."""
    guess = wanted.mean(dim=(0, 2, 3), keepdim=True)
    return F.mse_loss(found, wanted) / (wanted - guess).square().mean().clamp_min(1e-12)


def distance_error(found: Float[Tensor, "n n"], wanted: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Mean squared difference of the logarithms of distances between different pictures."""
    apart = ~torch.eye(len(found), dtype=torch.bool, device=found.device)
    return F.mse_loss((found[apart] + NEAR).log(), (wanted[apart] + NEAR).log())


def _mean(terms: Mapping[str, Tensor]) -> Tensor:
    return torch.stack(list(terms.values())).mean()
