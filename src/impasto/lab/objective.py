"""What a painting is judged by: the terms of the loss, for training a trunk and for fitting a code.

The terms themselves are in `impasto.lab.losses`; here they get their pictures, targets and weights.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from impasto.core.errors import NumericalError
from impasto.lab.bands import band_loss, band_statistics
from impasto.lab.data import MOST_SHIFT, Batch
from impasto.lab.features import FeatureNetwork
from impasto.lab.flat import flat_covariance, halo, lattice, threads, weave
from impasto.lab.looks import Look
from impasto.lab.losses import (
    colours_along,
    content_loss,
    edge_loss,
    gamut_loss,
    out_of_range,
    palette_loss,
    palette_of,
    perceptual_loss,
    squared_error,
    style_loss,
    total_variation,
)
from impasto.lab.nets import Trunk
from impasto.lab.patches import measure_patches
from impasto.lab.recipe import Sampling, Weights
from impasto.lab.targets import COARSE, FINE_LAYERS, STYLE_LAYERS

CONTENT_LAYER = "relu4_1"
PERCEPTUAL_LAYER = "relu5_1"

STABILITY_BORDER = 16
"""Pixels along the border that may differ: a shifted photo has other neighbours there."""


@dataclass(frozen=True)
class Extras:
    """Which of the terms that cost another pass are computed in this step."""

    stability: bool = False
    coarse: bool = False

    @classmethod
    def at(cls, step: int, sampling: Sampling) -> "Extras":
        """Those that are due in a step."""
        return cls(step % sampling.stability_every == 0, (step + 1) % sampling.coarse_every == 0)


@dataclass(frozen=True)
class Closeup:
    """A wider network that looks at a piece of some of the paintings.

    A slim network has too few channels to see every pattern, and what it does not see a trunk
    learns to leave in the picture. The wide one costs too much to look at everything.
    """

    features: FeatureNetwork
    looks: Look
    items: int
    side: int

    def loss(
        self, painted: Float[Tensor, "n 3 h w"], mix: Float[Tensor, "n styles"]
    ) -> Float[Tensor, ""]:
        """The style loss in the middle of some paintings, evenly spaced."""
        height, width = painted.shape[-2:]
        top, left = (max(0, (whole - self.side) // 2) for whole in (height, width))
        rows, columns = slice(top, top + self.side), slice(left, left + self.side)
        apart = max(1, len(painted) // self.items)
        piece = painted[::apart, :, rows, columns][: self.items]
        piece = piece.contiguous(memory_format=torch.channels_last)
        targets = self.looks.mix_features(mix[::apart][: self.items])
        return style_loss(self.features(piece, FINE_LAYERS), targets).mean()


class Objective:
    """Judges paintings against the looks of styles.

    Args:
        features: the network that looks; frozen.
        weights: what each term counts; a term of weight 0 is left out.
        looks: what each style looks like, in the order of the mixes that batches carry.
        coarse: the same at half the size; needed where the weight `coarse` is not 0.
        identities: the first so many items of a batch are to come back as they are.
        closeup: the second network; needed where the weight `fine` is not 0.
        contents: what content counts in each style, times its weight, in the order of the mixes.
    """

    def __init__(
        self,
        features: FeatureNetwork,
        weights: Weights,
        looks: Look,
        coarse: Look | None,
        identities: int,
        closeup: Closeup | None = None,
        contents: Float[Tensor, " styles"] | None = None,
    ) -> None:
        self.closeup, self.contents = closeup, contents
        self.features, self.weights, self.looks, self.coarse = features, weights, looks, coarse
        self.same, self.styled = slice(0, identities), slice(identities, None)

    def terms(
        self, trunk: Trunk, code: Float[Tensor, "n 2 c"], batch: Batch, extras: Extras
    ) -> dict[str, Tensor]:
        """All terms that the weights name, each a scalar, of a batch painted with its codes."""
        painted = _paint(trunk, code, batch)
        terms = self.judge(painted, batch)
        if self.weights.stability and extras.stability:
            terms["stability"] = _stability(trunk, painted, batch, code)
        if self.weights.coarse and extras.coarse and self.coarse is not None:
            coarse = self.coarse_loss(painted[self.styled], self.coarse, batch.mix[self.styled])
            terms["coarse"] = coarse
        return terms

    def judge(self, painted: Float[Tensor, "n 3 h w"], batch: Batch) -> dict[str, Tensor]:
        """The terms of every step, of a batch that is painted."""
        terms = self._feature_terms(painted, batch)
        terms["variation"] = total_variation(painted[self.styled]).mean()
        terms["range"] = out_of_range(painted).mean()
        terms["identity"] = _mean(squared_error(painted[self.same], batch.image[self.same]))
        if self.weights.fine and self.closeup is not None:
            terms["fine"] = self.closeup.loss(painted[self.styled], batch.mix[self.styled])
        return {name: value for name, value in terms.items() if getattr(self.weights, name)}

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of terms: what is to become small."""
        weighted = (getattr(self.weights, name) * value for name, value in terms.items())
        return sum(weighted, start=torch.zeros(()))

    def _feature_terms(self, painted: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Content, style and perceptual terms of the items that are not identity."""
        painted, photo = painted[self.styled], batch.image[self.styled]
        layers = [CONTENT_LAYER]
        if self.weights.perceptual:
            layers.append(PERCEPTUAL_LAYER)
        with torch.no_grad():
            wanted = self.features(photo, layers)
        found = self.features(painted, STYLE_LAYERS)
        targets = self.looks.mix(batch.mix[self.styled])
        covariance, colours = flat_covariance(painted, photo), colours_along(painted)
        terms = {
            "content": self._content(found[CONTENT_LAYER], wanted[CONTENT_LAYER], batch),
            "style": style_loss(found, targets.features).mean(),
            "bands": band_loss(band_statistics(painted), targets.bands).mean(),
            "weave": weave(painted, photo).mean(),
            "lattice": lattice(covariance).mean(),
            "threads": threads(covariance).mean(),
            "halo": halo(painted, photo).mean(),
            "gamut": gamut_loss(colours, targets.palette).mean(),
            "edges": edge_loss(painted, photo).mean(),
            "palette": palette_loss(palette_of(colours), targets.palette).mean(),
        }
        if self.weights.perceptual:
            apart = perceptual_loss(found[PERCEPTUAL_LAYER], wanted[PERCEPTUAL_LAYER])
            terms["perceptual"] = apart.mean()
        return terms

    def _content(self, found: Tensor, wanted: Tensor, batch: Batch) -> Tensor:
        """The content term, each item by what content counts in its mix of styles."""
        each = content_loss(found, wanted)
        if self.contents is not None:
            each = each * (batch.mix[self.styled] * self.contents).sum(1)
        return each.mean()

    def coarse_loss(
        self,
        painted: Float[Tensor, "n 3 h w"],
        looks: Look,
        mix: Float[Tensor, "n styles"],
    ) -> Float[Tensor, ""]:
        """The style loss at half the size: large strokes and shapes."""
        small = F.interpolate(painted, scale_factor=COARSE, mode="bilinear", antialias=True)
        return style_loss(self.features(small, STYLE_LAYERS), looks.mix_features(mix)).mean()


def _paint(trunk: Trunk, code: Tensor, batch: Batch) -> Float[Tensor, "n 3 h w"]:
    """Paints items by statistics of the picture itself, or of patches, as painters do."""
    image, grain, statistics = batch.image + batch.noise, batch.grain, None
    if batch.patches:
        statistics = measure_patches(trunk, image, code, grain)
    return trunk(image, code, statistics, grain)


def _stability(trunk: Trunk, painted: Tensor, batch: Batch, code: Tensor) -> Tensor:
    """How much the painting changes with a photo that is shifted a little and noisier."""
    half, side = len(batch.image) // 2, batch.image.shape[-1] - MOST_SHIFT
    shifted = cut_square((batch.image + batch.noise.flip(0))[:half], batch.shift, side)
    shifted = shifted.contiguous(memory_format=torch.channels_last)
    again = trunk(shifted, code[:half], grain=batch.grain[:half])
    middle = slice(STABILITY_BORDER, -STABILITY_BORDER)
    inside = (..., middle, middle)
    return squared_error(
        again[inside], cut_square(painted[:half], batch.shift, side)[inside]
    ).mean()


def cut_square(
    image: Float[Tensor, "n 3 h w"], start: Int[Tensor, "2"], side: int
) -> Float[Tensor, "n 3 side side"]:
    """A square from (row, column) on; a start on the device is never waited for."""
    line = torch.arange(side, device=image.device)
    return image.index_select(2, line + start[0]).index_select(3, line + start[1])


def _mean(values: Tensor) -> Tensor:
    """The mean, 0 for no values."""
    return values.sum() / max(len(values), 1)


def check_finite(terms: Mapping[str, Tensor], step: int, kept: str) -> None:
    """Raises NumericalError naming a term that is not a number; `kept` says what is not lost."""
    values = torch.stack([value.detach().float() for value in terms.values()]).tolist()
    for name, value in zip(terms, values, strict=True):
        if not math.isfinite(value):
            raise NumericalError(f"step {step}: the {name} loss is {value}; {kept}")
