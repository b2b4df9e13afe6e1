"""Linear style transfer on slim features, with a transform and decoder that were trained here.

Li, Liu, Kautz and Yang 2019, "Learning Linear Transformations for Fast Image and Video Style
Transfer": two small networks look at the features of photo and style at relu4_1, and give a matrix
that is applied to the photo's compressed features. Other than the paper: the encoder is the slim
VGG-19; the matrix is 24 x 24 (32 x 32); the decoder begins as AdaIN's and is trained with the
transform; both matrices begin near the identity; a photo that is its own style is to come back;
training was on the photos and paintings of `recipes/baseline-lst.toml` (the measured paintings
among them, which favours it), not on COCO and WikiArt, with normalised losses and for fewer steps.
A photo is continued to a multiple of 8 pixels and the painting is cut. The paper has no strength:
here it goes from the photo's features to the transformed ones.
"""

from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from impasto.bench.baselines.slim import (
    DEEPEST,
    Last,
    framed,
    gmac_512_of,
    load_into,
    parameters_of,
    seen_by,
    version_of,
)
from impasto.bench.baselines.transfer import LinearNet
from impasto.bench.contender import FULL, StyleImage
from impasto.core.arrays import RGB
from impasto.lab.features import load_features

TRAINED = Path(__file__).with_name("weights") / "lst.safetensors"
_STRIDE = 8


class LinearTransfer:
    """Linear style transfer.

    Args:
        encoder: the file of the slim VGG.
        trained: the weights of transform and decoder.

    Raises:
        ModelError: a file is missing or damaged.
    """

    name = "lst"
    about = "Li et al. 2019; slim encoder, transform and decoder trained here; eager torch"
    strengths = (0.4, 0.7, FULL)

    def __init__(self, encoder: Path, trained: Path = TRAINED) -> None:
        self._encoder, self._net = load_features(encoder), LinearNet()
        load_into(self._net, trained)
        self.version = version_of(encoder, trained)
        look = seen_by(self._encoder, (DEEPEST,))
        self._seen = Last(lambda picture: self._net.transform.read(look(picture)[DEEPEST]))

    @cached_property
    def gmac_512(self) -> float:
        """Of encoder and decoder, the style cached."""
        return gmac_512_of(self)

    @property
    def parameters(self) -> int:
        """Of the encoder as far as it is used, transform and decoder."""
        return parameters_of(self._encoder.up_to(DEEPEST), self._net)

    def check(self, style: StyleImage) -> None:
        """Look at the style."""
        self._seen(style.picture)

    @torch.no_grad()
    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo of at least 16 pixels on each side."""
        seen = self._seen(style.picture)

        def through(image: Tensor) -> Tensor:
            features = self._encoder(image, (DEEPEST,))[DEEPEST]
            moved = self._net.transform.move(features, seen)
            painted: Tensor = self._net.decoder(features.lerp(moved, strength))
            return painted

        return framed(photo, _STRIDE, through)
