"""Universal style transfer by whitening and colouring, on slim encoders with released weights.

Li, Fang, Yang et al. 2017, "Universal Style Transfer via Feature Transforms": from relu5_1 to
relu1_1, features of the photo get the covariance and mean of the style's, and a decoder gives a
picture that the next level starts from. Encoders and decoders are the sixteenth in size of Wang
et al. 2020 ("Collaborative Distillation for Ultra-Resolution Universal Style Transfer"). Other than
the paper: upsampling is nearest and no unpooling, as in those decoders; the covariances are floored
by a millionth of their mean variance, where the paper drops small eigenvalues; what a level paints
is cut to the range of a picture before the next one looks at it, of which the paper says nothing; a
photo is continued to a multiple of 16 pixels and the painting is cut. Strength is the paper's
alpha, at each level.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from impasto.bench.baselines.slim import (
    Last,
    Mirror,
    framed,
    gmac_512_of,
    load_mirror,
    parameters_of,
    version_of,
)
from impasto.bench.contender import FULL, StyleImage
from impasto.core.arrays import RGB
from impasto.lab.data import to_tensor
from impasto.lab.features import FeatureNetwork, load_features

RELEASED = Path("baselines") / "wct_slim16x"
"""Where the weights lie below the assets folder."""
_STRIDE = 16
_FLOOR = 1e-6

Flat = Float[Tensor, "channels places"]


@dataclass(frozen=True)
class _Level:
    layer: str
    encoder: FeatureNetwork
    decoder: Mirror

    @torch.no_grad()
    def colouring(self, picture: RGB) -> tuple[Tensor, Tensor]:
        """The matrix that gives white features a style's covariance, and the style's mean."""
        return _power(self._flat(to_tensor(picture)), 0.5)

    def _flat(self, image: Tensor) -> Flat:
        return self.encoder(image, (self.layer,))[self.layer][0].flatten(1)

    def paint(self, image: Tensor, colouring: tuple[Tensor, Tensor], strength: float) -> Tensor:
        features = self.encoder(image, (self.layer,))[self.layer]
        flat = features[0].flatten(1)
        (matrix, mean), (whitening, own) = colouring, _power(flat, -0.5)
        moved = matrix @ (whitening @ (flat - own)) + mean
        mixed: Tensor = self.decoder(flat.lerp(moved, strength).view_as(features))
        return mixed.clamp(0, 1)


def _power(flat: Flat, exponent: float) -> tuple[Tensor, Tensor]:
    """A power of the covariance of channels, and their mean."""
    mean = flat.mean(dim=1, keepdim=True)
    centred = (flat - mean).double()
    covariance = centred @ centred.T / flat.shape[1]
    floor = _FLOOR * covariance.diagonal().mean()
    values, vectors = torch.linalg.eigh(covariance)
    scaled = (values.clamp_min(0) + floor) ** exponent
    return ((vectors * scaled) @ vectors.T).float(), mean


class Wct:
    """Multi-level WCT.

    Args:
        released: the folder with the released weights.

    Raises:
        ModelError: they are missing or damaged.
    """

    name = "wct"
    about = "Li et al. 2017, multi-level; slim encoders and decoders as released; eager torch"
    strengths = (0.25, 0.6, FULL)

    def __init__(self, released: Path) -> None:
        self._levels = [
            _Level(
                f"relu{level}_1",
                load_features(released / f"{level}SE.safetensors"),
                load_mirror(released / f"{level}SD.safetensors"),
            )
            for level in (5, 4, 3, 2, 1)
        ]
        self.version = version_of(*sorted(released.glob("*S?.safetensors")))
        self._colourings = Last(lambda picture: [one.colouring(picture) for one in self._levels])

    @cached_property
    def gmac_512(self) -> float:
        """Of all levels, the style cached; without the decompositions into eigenvectors."""
        return gmac_512_of(self)

    @property
    def parameters(self) -> int:
        """Of all five pairs, without the encoders' heads."""
        return sum(parameters_of(each.encoder.convolutions, each.decoder) for each in self._levels)

    def check(self, style: StyleImage) -> None:
        """Look at the style at every level."""
        self._colourings(style.picture)

    @torch.no_grad()
    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo of at least 32 pixels on each side."""
        colourings = self._colourings(style.picture)

        def levels(image: Tensor) -> Tensor:
            for level, colouring in zip(self._levels, colourings, strict=True):
                image = level.paint(image, colouring, strength)
            return image

        return framed(photo, _STRIDE, levels)
