"""Fits one style: trains its code alone on a trunk that stays as it is, or the whole trunk too.

A code is two numbers for each channel, so it is learned in minutes (Dumoulin et al. 2017 add styles
to a trained network in the same way), and every style of a trunk stays one small file. With `full`
the trunk is tuned as well, after the code (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained
Features"): that takes hours and makes another trunk, for this one style.
"""

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import nn

from impasto.core.arrays import RGB, Code
from impasto.core.errors import SettingsError
from impasto.lab.data import Batch, PhotoSet, random_grain, to_tensor
from impasto.lab.devices import check_device
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.objective import Extras, Objective, check_finite
from impasto.lab.optimiser import RunOptimiser, update_mean
from impasto.lab.recipe import Sampling, Schedule

BUDGET = 1000
"""Rates follow the share of the budget that is used up, in thousandths."""
RATES = Schedule(
    steps=BUDGET, warmup=20, decay=600, body_rate=0.0, rate=0.0, code_rate=2e-2, average=0.98
)
"""While a code is trained and the trunk stays."""
TUNING = replace(RATES, decay=BUDGET, body_rate=0.004, rate=2.7e-4, code_rate=3.2e-3, average=0.99)
"""While the trunk is tuned, too: the rates of its own last training on batches as small. With
`RATES.code_rate` a fit of two hours was at its best after twelve minutes.
"""
CODE_FIRST = 0.1
"""The share of a full fit's budget in which the trunk stays."""
LEAST_JUDGEMENTS = 25
JUDGED_EVERY = 24.0
"""Seconds between two judgements of a fit that takes long."""


@dataclass(frozen=True)
class FitSettings:
    """How long a style is fitted, and on what.

    A fit ends with its minutes or its steps, whichever come first; the rates fall to 0 with them.
    With steps alone it gives the same numbers on every run.

    Raises:
        SettingsError: neither is given, one is not above 0, or the batch is below 2.
        EngineError: the device is not there.
    """

    minutes: float | None = 10.0
    steps: int | None = None
    seed: int = 1
    batch: int = 4
    crop: int = 256
    full: bool = False
    """Tune the trunk, too."""
    device: str = "cpu"
    bfloat16: bool = False

    def __post_init__(self) -> None:
        given = [value for value in (self.minutes, self.steps) if value is not None]
        if not given or not all(0 < value < float("inf") for value in given):
            raise SettingsError(
                f"minutes {self.minutes} and steps {self.steps}: one must be given, and be above 0"
            )
        if self.batch < 2:  # stability is measured on half of them
            raise SettingsError(f"batch {self.batch}: it must be at least 2")
        check_device(self.device)

    def sampling(self) -> Sampling:
        """What one step sees; a tuned trunk must go on giving photos back, so it sees one more."""
        own = int(self.full)
        return Sampling(
            batch=self.batch + own,
            identities=own,
            crop=self.crop,
            stability_every=4,
            coarse_every=2,
        )

    def share(self, step: int, seconds: float) -> float:
        """How much of the budget is used up, from 0; done at 1."""
        used = [0.0]
        if self.minutes is not None:
            used.append(seconds / (60 * self.minutes))
        if self.steps is not None:
            used.append(step / self.steps)
        return max(used)

    def rates(self, share: float) -> tuple[Schedule, int]:
        """The rates where a share of the budget is used up, and the step of their schedule."""
        if not self.full:
            return RATES, int(share * BUDGET)
        if share < CODE_FIRST:
            return RATES, int(share / CODE_FIRST * BUDGET)
        return TUNING, int((share - CODE_FIRST) / (1 - CODE_FIRST) * BUDGET)

    def judgements(self) -> int:
        """How often the fit is judged on its way."""
        often = 0 if self.minutes is None else round(60 * self.minutes / JUDGED_EVERY)
        return max(LEAST_JUDGEMENTS, often)


class Fitted(nn.Module):
    """A trunk and its two codes: the identity code and the new style's."""

    def __init__(self, trunk: Trunk, identity: Code, start: Code) -> None:
        super().__init__()
        self.trunk = trunk
        self.book = CodeBook(["style"], torch.from_numpy(identity.copy()))
        with torch.no_grad():
            self.book.codes[1] = torch.from_numpy(start.copy())


@dataclass(frozen=True)
class Best:
    """The best that a fit came to so far."""

    step: int
    losses: dict[str, float]
    """Each term on the pictures that the fit is judged by, and `total`, their weighted sum."""
    fitted: Fitted

    @property
    def code(self) -> Float[np.ndarray, "2 c"]:
        """The style's code."""
        return self.fitted.book.codes[1].detach().numpy()

    @torch.no_grad()
    def paint(self, photo: RGB) -> RGB:
        """A photo in the style, by torch."""
        grain = random_grain(np.random.default_rng(0), 1, max(photo.shape))
        painted = self.fitted.trunk(to_tensor(photo), self.fitted.book.codes[1:], grain=grain)
        return (painted[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


@dataclass(frozen=True)
class FitProgress:
    """What a fit reports after each step."""

    step: int
    share: float
    """Of the budget, 0 to 1."""
    seconds_left: float
    losses: dict[str, float]
    """The terms of this step."""
    judged: bool
    """Whether the running mean was judged after this step."""
    improved: bool
    """Whether it was the best so far."""


class Fit:
    """A fit in memory. `run` trains; `best` is the best so far, at any time, the start at first.

    Args:
        trunk: the network; copied, and left as it is unless `settings.full`.
        identity: the trunk's identity code.
        start: the code to begin with.
        objective: judges against the style, which is its row 1.
        contents: pictures to train on, each at least one pixel.
        judged: pictures that the running mean is judged by, at least one.
        settings: how long, and where; the objective must be there already.
    """

    def __init__(
        self,
        trunk: Trunk,
        identity: Code,
        start: Code,
        objective: Objective,
        contents: Sequence[RGB],
        judged: Sequence[RGB],
        settings: FitSettings,
    ) -> None:
        self.objective, self.settings = objective, settings
        self.sampling = settings.sampling()
        self.contents = PhotoSet(contents, settings.device)
        self.exam = _exam(judged, self.sampling).to(settings.device)
        self.live = Fitted(copy.deepcopy(trunk), identity, start).to(settings.device)
        self.live.trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.live)
        self.optimiser = RunOptimiser(self.live.trunk, self.live.book)
        self.step = 0
        self.best = self._judge()

    def run(self) -> Iterator[FitProgress]:
        """Trains until the budget is used up, reporting after each step.

        May be left at any time, by an exception too: `best` holds.

        Raises:
            NumericalError: a loss is not a number.
        """
        began, judgements, share = time.monotonic(), 0, 0.0
        while share < 1:
            losses = self._train_step(share)
            seconds = time.monotonic() - began
            share = min(self.settings.share(self.step, seconds), 1.0)
            due = int(share * self.settings.judgements())
            judged, judgements = due > judgements, max(due, judgements)
            improved = judged and self._improve()
            left = seconds / share - seconds
            yield FitProgress(self.step, share, left, losses, judged, improved)

    def _train_step(self, share: float) -> dict[str, float]:
        batch = self.contents.batch(self.settings.seed, self.step, self.sampling, [1.0])
        extras, (rates, at) = Extras.at(self.step, self.sampling), self.settings.rates(share)
        # Without gradients for its weights the trunk costs a third less; codes still get theirs.
        self.live.trunk.requires_grad_(rates.body_rate > 0)
        with torch.autocast(self.settings.device, torch.bfloat16, self.settings.bfloat16):
            terms = self.objective.terms(self.live.trunk, self.live.book(batch.mix), batch, extras)
        check_finite(terms, self.step, "nothing is written")
        self.optimiser.zero_grad()
        self.objective.total(terms).backward()
        nn.utils.clip_grad_norm_(self.live.trunk.parameters(), 1.0)
        self.optimiser.step(rates, at)
        self.step += 1
        update_mean(self.average, self.live, rates.average, self.step)
        return {name: value.item() for name, value in terms.items()}

    def _improve(self) -> bool:
        """Judges the running mean; it is the best if it is."""
        found = self._judge()
        if found.losses["total"] >= self.best.losses["total"]:
            return False
        self.best = found
        return True

    @torch.no_grad()
    def _judge(self) -> Best:
        mean = self.average
        terms = self.objective.terms(
            mean.trunk, mean.book(self.exam.mix), self.exam, Extras(coarse=True)
        )
        losses = {name: value.item() for name, value in terms.items()}
        losses["total"] = self.objective.total(terms).item()
        return Best(self.step, losses, copy.deepcopy(mean).cpu())


def _exam(pictures: Sequence[RGB], sampling: Sampling) -> Batch:
    """The middle squares of fixed pictures, without noise; the first ones again for identity."""
    shown = [*pictures[: sampling.identities], *pictures]
    size = (sampling.crop, sampling.crop)
    squares = [to_tensor(np.asarray(ImageOps.fit(Image.fromarray(p), size))) for p in shown]
    image = torch.cat(squares).contiguous(memory_format=torch.channels_last)
    style = (torch.arange(len(image)) >= sampling.identities).long()
    grain = random_grain(np.random.default_rng(0), len(image), sampling.crop)
    mix = F.one_hot(style, 2).float()
    shift = torch.zeros(2, dtype=torch.long)
    return Batch(image, torch.zeros_like(image), mix, patches=False, shift=shift, grain=grain)
