"""Painting by optimising pixels: slow, and the upper reference of what these losses can reach.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks". Other than
the paper: the losses are those that the bench measures (`impasto.lab.yardstick`: Gram matrices and
moments as relative distances, content on normalised relu4_1), by the very networks it measures
with, so that nothing can be much better at equal content; Adam in place of L-BFGS; it begins with
the photo and goes from a small size to the full one (Gatys et al. 2017, "Controlling Perceptual
Factors in Neural Style Transfer"). What it paints is fitted to the measure: read the gap to it as a
bound, and the judge's distance beside it.
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


@dataclass(frozen=True)
class OptimiseSettings:
    """How pixels are optimised."""

    steps: tuple[int, ...] = (60, 20)
    """At each size, the last of them the full one; each is half of the next."""
    rate: float = 0.03
    """Of Adam, in the scale of 0 to 1; a third of it at the full size, and it falls to a tenth."""
    style: float = 3.0
    content: float = 1.0
    variation: float = 0.1
    range: float = 10.0


class Optimisation:
    """Optimises the pixels of each painting.

    Args:
        assets: the folder with the two feature networks.
        settings: how; the defaults take about 20 seconds for 384 x 256 on two quiet cores.

    Raises:
        ModelError: a network is missing or damaged.
    """

    name = "optimisation"
    about = "Gatys et al. 2016 on the measured losses themselves, coarse to fine; eager torch"
    strengths = (FULL,)
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
        """Paint a photo of at least 64 pixels on each side; `strength` is not used."""
        full, target = to_tensor(photo), self._target(style.picture)
        image = full
        for number, steps in enumerate(self._settings.steps):
            halvings = len(self._settings.steps) - 1 - number
            content = _shrunk(full, halvings)
            size = content.shape[-2:]
            image = F.interpolate(image, size, mode="bicubic", antialias=True)
            image = self._moved(image.clamp(0, 1), content, target, steps, number)
        pixels = (255 * image[0].clamp(0, 1)).round().byte().permute(1, 2, 0)
        return np.asarray(pixels)

    def _moved(
        self, image: Tensor, content: Tensor, target: Target, steps: int, number: int
    ) -> Tensor:
        wanted = self._yardstick(content, (CONTENT,))[CONTENT]
        image = image.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([image], betas=(0.9, 0.99))
        for step in range(steps):
            rate = self._settings.rate / (1 if number == 0 else 3)
            optimiser.param_groups[0]["lr"] = rate * (1 - 0.9 * step / steps)
            optimiser.zero_grad()
            self._loss(image, wanted, target).backward()
            optimiser.step()
        return image.detach()

    def _loss(self, image: Tensor, wanted: Tensor, target: Target) -> Tensor:
        found, own = self._yardstick(image, LAYERS), self._settings
        return (
            own.style * style_loss(found, target)
            + own.content * content_loss(found[CONTENT], wanted)
            + own.variation * total_variation(image)
            + own.range * out_of_range(image)
        ).sum()


def _shrunk(image: Tensor, halvings: int) -> Tensor:
    """Halved so often, but no side below what the deepest layer needs."""
    scale = max(0.5**halvings, min(1.0, SMALLEST_SIDE / min(image.shape[-2:])))
    size = [round(side * scale) for side in image.shape[-2:]]
    return F.interpolate(image, size, mode="bicubic", antialias=True).clamp(0, 1)
