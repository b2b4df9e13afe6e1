"""Painting by optimising pixels: slow, and a reference for what these losses let a painting reach.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks", by L-BFGS
as there. Other than the paper: the losses are those that the bench measures
(`impasto.lab.yardstick`: Gram matrices and moments as relative distances, content on normalised
relu4_1), by the very networks it measures with; a little total variation, and a penalty for pixels
out of range, are added to them; it begins with the photo and goes from a half of the size to the
full one (Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer"); the steps
are few, with no search along their lines. Strength divides the weight of the content.

It is no bound: what it paints is fitted to the measure, and more steps still bring a little
(docs/log.md). The judge's distance beside it tells whether more than the measure was reached.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.bench.baselines.slim import Last, version_of
from impasto.bench.contender import FULL, StyleImage
from impasto.core.arrays import RGB
from impasto.core.errors import NumericalError
from impasto.lab.data import to_tensor
from impasto.lab.losses import content_loss, out_of_range, style_loss, total_variation
from impasto.lab.yardstick import (
    CONTENT,
    DEEP,
    DEEP_VGG,
    SHALLOW,
    SHALLOW_VGG,
    SMALLEST_SIDE,
    Target,
    load_yardstick,
)

LAYERS = SHALLOW + DEEP
_WEAKEST = 1e-3
"""A strength of 0 would divide by 0."""


@dataclass(frozen=True)
class OptimiseSettings:
    """How pixels are optimised."""

    steps: tuple[int, ...] = (150, 75)
    """At each size, the last of them the full one; each is half of the next."""
    history: int = 50
    """Steps that L-BFGS remembers."""
    style: float = 3.0
    content: float = 0.3
    """At full strength; a strength divides it."""
    variation: float = 0.1
    range: float = 10.0


@dataclass(frozen=True)
class _Run:
    """What differs between sizes and strengths."""

    steps: int
    content: float


class Optimisation:
    """Optimises the pixels of each painting.

    Args:
        assets: the folder with the two feature networks.
        settings: how; the defaults take about 100 seconds of one core for 384 x 256.

    Raises:
        ModelError: a network is missing or damaged.
    """

    name = "optimisation"
    about = "Gatys et al. 2016 on the measured losses themselves, coarse to fine; eager torch"
    strengths = (0.3, FULL)
    parameters, gmac_512 = 0, None

    def __init__(self, assets: Path, settings: OptimiseSettings | None = None) -> None:
        self._settings = settings or OptimiseSettings()
        self._yardstick = load_yardstick(assets)
        self.version = version_of(assets / SHALLOW_VGG, assets / DEEP_VGG) + repr(self._settings)
        self._target = Last(lambda picture: self._yardstick.target([picture]))

    def check(self, style: StyleImage) -> None:
        """Look at the style."""
        self._target(style.picture)

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo of at least 64 pixels on each side; a strength divides content's weight."""
        full, target = to_tensor(photo), self._target(style.picture)
        image = full
        for number, steps in enumerate(self._settings.steps):
            halvings = len(self._settings.steps) - 1 - number
            content = _shrunk(full, halvings)
            size = content.shape[-2:]
            image = F.interpolate(image, size, mode="bicubic", antialias=True)
            run = _Run(steps, self._settings.content / max(strength, _WEAKEST))
            image = self._moved(image.clamp(0, 1), content, target, run)
        pixels = (255 * image[0].clamp(0, 1)).round().byte().permute(1, 2, 0)
        return np.asarray(pixels)

    def _moved(self, image: Tensor, content: Tensor, target: Target, run: _Run) -> Tensor:
        wanted = self._yardstick(content, (CONTENT,))[CONTENT]
        image = image.detach().clone().requires_grad_()
        optimiser = torch.optim.LBFGS(
            [image],
            max_iter=run.steps,
            max_eval=run.steps,
            tolerance_grad=0,
            tolerance_change=0,
            history_size=self._settings.history,
        )

        def loss() -> Tensor:
            optimiser.zero_grad()
            found = self._loss(image, wanted, target, run.content)
            found.backward()
            return found

        optimiser.step(loss)
        if not image.isfinite().all():
            raise NumericalError("the pixels are no numbers any more")
        return image.detach()

    def _loss(self, image: Tensor, wanted: Tensor, target: Target, content: float) -> Tensor:
        found, own = self._yardstick(image, LAYERS), self._settings
        return (
            own.style * style_loss(found, target)
            + content * content_loss(found[CONTENT], wanted)
            + own.variation * total_variation(image)
            + own.range * out_of_range(image)
        ).sum()


def _shrunk(image: Tensor, halvings: int) -> Tensor:
    """Halved so often, but no side below what the deepest layer needs."""
    scale = max(0.5**halvings, min(1.0, SMALLEST_SIDE / min(image.shape[-2:])))
    size = [round(side * scale) for side in image.shape[-2:]]
    return F.interpolate(image, size, mode="bicubic", antialias=True).clamp(0, 1)
