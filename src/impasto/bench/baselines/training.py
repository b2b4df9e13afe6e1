"""Trains the baselines whose weights nobody released for the slim encoder: AdaIN and LST.

The losses are those of their papers on normalised features and as relative distances
(`impasto.lab.losses`), because slim features have another scale than VGG's, and one term more: a
photo that is its own style is to come back (as in Park and Lee 2019, "Arbitrary Style Transfer with
Style-Attentional Networks"), without which so short a training leaves little of the photo.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from impasto.bench.baselines.adain import TRAINED
from impasto.bench.baselines.recipe import BaselineRecipe
from impasto.bench.baselines.slim import (
    DEEPEST,
    LAYERS,
    Mirror,
    adapt,
    load_into,
    new_mirror,
    save_weights,
)
from impasto.bench.baselines.transfer import LinearNet
from impasto.bench.losses_inputs import spread
from impasto.lab.checkpoint import load_checkpoint
from impasto.lab.data import PhotoSet, assets_folder, list_photos
from impasto.lab.features import load_features
from impasto.lab.losses import (
    StyleFeatures,
    content_loss,
    gram,
    moments,
    relative,
    squared_error,
)
from impasto.lab.objective import check_finite
from impasto.lab.optimiser import rate_factor
from impasto.lab.train import Progress, RunSettings, run

PAINTING_SIDE = 384
Batch = Float[Tensor, "n 3 crop crop"]
Seen = Mapping[str, Tensor]


class BaselineLearner:
    """A run in memory: a network that is trained beside an encoder that is not."""

    def __init__(
        self, recipe: BaselineRecipe, device: str = "cpu", *, bfloat16: bool = False
    ) -> None:
        self.recipe, self.device, self.bfloat16 = recipe, device, bfloat16
        assets = assets_folder()
        self.encoder = load_features(assets / recipe.features).to(device)
        photos = list_photos(assets / recipe.photos, recipe.held_out)
        paintings = list_photos(assets / recipe.paintings, recipe.held_out)
        self.photos = PhotoSet.read(spread(photos, recipe.sampling.photos), device)
        self.paintings = PhotoSet.read(paintings, device, short_side=PAINTING_SIDE)
        torch.manual_seed(recipe.seed)
        self.net = new_net(recipe.method).to(device)
        if recipe.decoder and isinstance(self.net, LinearNet):
            load_into(self.net.decoder, TRAINED)
            self.net.requires_grad_(True)
        for network in (self.encoder, self.net):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(self.net.parameters())
        self.step = 0

    def train_step(self) -> dict[str, Tensor]:
        """One step; returns the terms of the loss."""
        photos, paintings = self.batch(self.step)
        with torch.autocast(self.device, torch.bfloat16, self.bfloat16):
            terms = self.losses(photos, paintings)
        total = sum(getattr(self.recipe.weights, name) * each for name, each in terms.items())
        check_finite(terms, self.step, "the last checkpoint is kept")
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.schedule.rate * rate_factor(self.recipe.schedule, self.step)
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step()
        self.step += 1
        return terms

    def batch(self, step: int) -> tuple[Batch, Batch]:
        """Photos and paintings of a step, RGB in 0 to 1; they depend on seed and step alone."""
        rng, sampling = np.random.default_rng([self.recipe.seed, step]), self.recipe.sampling
        photos = self.photos.crops(rng, sampling.batch, sampling.crop)
        return photos, self.paintings.crops(rng, sampling.batch, sampling.crop)

    def losses(self, photos: Batch, paintings: Batch) -> dict[str, Tensor]:
        """The means over the batch; the first photo is its own style, and is to come back."""
        with torch.no_grad():
            photo = self.encoder(photos, LAYERS)
            style = self.encoder(torch.cat([photos[:1], paintings[1:]]), LAYERS)
        painted, wanted = self._painted(photo, style)
        found = self.encoder(painted, LAYERS)
        return {
            "content": content_loss(found[DEEPEST], wanted).mean(),
            "style": self._style(found, style),
            "identity": squared_error(painted[:1].float(), photos[:1]).mean(),
        }

    def _painted(self, photo: Seen, style: Seen) -> tuple[Tensor, Tensor]:
        """Paintings, and what their features are to be."""
        net, own = self.net, photo[DEEPEST]
        if isinstance(net, LinearNet):
            return net.decoder(net.transform(own, style[DEEPEST])), own
        wanted = adapt(own, *moments(style[DEEPEST]))
        return net(wanted), wanted

    def _style(self, found: Seen, style: Seen) -> Tensor:
        """AdaIN compares moments (its eq. 13), LST Gram matrices; the sum over layers."""
        of = gram if isinstance(self.net, LinearNet) else _both_moments
        apart = [relative(of(found[layer]), of(style[layer])) for layer in LAYERS]
        return torch.stack(apart).sum(0).mean()

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {
            "fingerprint": self.recipe.fingerprint(),
            "step": self.step,
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from `state`."""
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


def new_net(method: str) -> Mirror | LinearNet:
    """What is trained for a method."""
    return LinearNet() if method == "lst" else new_mirror()


def _both_moments(features: Tensor) -> Float[Tensor, "n c2"]:
    # By way of the Gram matrix, which is several times as fast where channels come last.
    seen = StyleFeatures.of(features)
    return torch.cat([seen.mean, seen.std], dim=1)


def train_baseline(recipe: BaselineRecipe, settings: RunSettings) -> Iterator[Progress]:
    """Runs a recipe as `impasto.lab.train.run` does: to its end, with checkpoints."""
    learner = BaselineLearner(recipe, settings.device, bfloat16=settings.bfloat16)
    yield from run(
        learner, recipe.fingerprint(), recipe.schedule.steps, recipe.sampling.batch, settings
    )


def export_baseline(recipe: BaselineRecipe, folder: Path, weights: Path) -> None:
    """Write the weights of a run in float16, labelled as trained here.

    Raises:
        ModelError: the run has no readable checkpoint.
        RecipeError: it is the run of another recipe.
    """
    state = load_checkpoint(folder / "checkpoint.pt", recipe.fingerprint())
    net: nn.Module = new_net(recipe.method)
    net.load_state_dict(state["net"])
    about = {"format_version": 1, "made": "trained here", "recipe": recipe.name}
    save_weights(net, weights, {**about, "steps": state["step"]})


def read_curve(folder: Path) -> list[dict[str, float]]:
    """The terms of the loss as a run logged them; a line that a later one repeats counts once."""
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    points = {point["step"]: point for point in map(json.loads, lines)}
    return [points[step] for step in sorted(points)]
