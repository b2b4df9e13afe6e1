"""Adaptive instance normalisation on slim features, with a decoder that was trained here.

Huang and Belongie 2017, "Arbitrary Style Transfer in Real-time with Adaptive Instance
Normalization": features of the photo at relu4_1 get the style's channel means and deviations, and a
decoder makes a picture of them. Other than the paper: the encoder is the slim VGG-19 (a quarter of
the channels), the decoder mirrors it; it was trained on the photos and paintings of
`recipes/baseline-adain.toml` (the measured paintings among them, which favours it), not on COCO and
WikiArt, with normalised losses, for fewer steps; a photo that is its own style is to come back. A
photo is continued to a multiple of 8 pixels and the painting is cut. Strength is the paper's alpha.
"""

from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from impasto.bench.baselines.slim import (
    DEEPEST,
    Last,
    adapt,
    framed,
    gmac_512_of,
    load_into,
    new_mirror,
    parameters_of,
    seen_by,
    version_of,
)
from impasto.bench.contender import FULL, StyleImage
from impasto.core.arrays import RGB
from impasto.lab.features import load_features
from impasto.lab.losses import moments

TRAINED = Path(__file__).with_name("weights") / "adain.safetensors"
_STRIDE = 8


class AdaIn:
    """AdaIN.

    Args:
        encoder: the file of the slim VGG.
        decoder: the weights of the decoder.

    Raises:
        ModelError: a file is missing or damaged.
    """

    name = "adain"
    about = "Huang and Belongie 2017; slim encoder, decoder trained here; eager torch"
    strengths = (0.4, 0.7, FULL)

    def __init__(self, encoder: Path, decoder: Path = TRAINED) -> None:
        self._encoder, self._decoder = load_features(encoder), new_mirror()
        load_into(self._decoder, decoder)
        self.version = version_of(encoder, decoder)
        look = seen_by(self._encoder, (DEEPEST,))
        self._moments = Last(lambda picture: moments(look(picture)[DEEPEST]))

    @cached_property
    def gmac_512(self) -> float:
        """Of encoder and decoder, the style cached."""
        return gmac_512_of(self)

    @property
    def parameters(self) -> int:
        """Of the encoder as far as it is used, and the decoder."""
        return parameters_of(self._encoder.up_to(DEEPEST), self._decoder)

    def check(self, style: StyleImage) -> None:
        """Look at the style."""
        self._moments(style.picture)

    @torch.no_grad()
    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo of at least 16 pixels on each side."""
        mean, std = self._moments(style.picture)

        def through(image: Tensor) -> Tensor:
            features = self._encoder(image, (DEEPEST,))[DEEPEST]
            painted: Tensor = self._decoder(features.lerp(adapt(features, mean, std), strength))
            return painted

        return framed(photo, _STRIDE, through)
