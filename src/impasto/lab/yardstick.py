"""What paintings are measured with: the style and content losses, by networks that stay the same.

The losses are those of training (`impasto.lab.losses`), seen by the true VGG-19 as deep as its file
goes, to relu3_1, and by the slim one's heads below that. Training sees all layers through the slim
one, so the shallow layers here are ones that no painting was fitted to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from impasto.core.arrays import RGB
from impasto.lab.data import to_tensor
from impasto.lab.features import FeatureNetwork, load_features
from impasto.lab.looks import MeanLook, measure
from impasto.lab.losses import StyleFeatures, content_loss, style_distance

SHALLOW_VGG = Path("vgg") / "vgg19_normalised_to_relu3_1.safetensors"
DEEP_VGG = Path("vgg") / "vgg19_slim16x_to_relu5_1.safetensors"
"""Where the two networks lie below the assets folder."""

SHALLOW = ("relu1_1", "relu2_1", "relu3_1")
DEEP = ("relu4_1", "relu5_1")
CONTENT = "relu4_1"
"""The layer of the content loss."""

SMALLEST_SIDE = 64
"""Pixels: below this the deepest layer has too few places to speak of."""

Target = Mapping[str, StyleFeatures]
"""What a style looks like, by layer."""


@dataclass(frozen=True)
class Seen:
    """What a picture looks like."""

    style: Target
    content: Float[Tensor, "1 channels h w"]


class Yardstick:
    """Two feature networks as one.

    Args:
        shallow: has the layers relu1_1 to relu3_1.
        deep: has relu4_1 and relu5_1; its heads are used where it has some.
    """

    def __init__(self, shallow: FeatureNetwork, deep: FeatureNetwork) -> None:
        self._shallow, self._deep = shallow, deep

    def __call__(self, image: Float[Tensor, "n 3 h w"], layers: Iterable[str]) -> dict[str, Tensor]:
        """Activations by layer, of RGB pictures in 0 to 1."""
        layers = set(layers)
        found = self._shallow(image, layers.intersection(SHALLOW))
        return found | self._deep(image, layers.intersection(DEEP), heads=True)

    @torch.no_grad()
    def see(self, pixels: RGB) -> Seen:
        """Look at a picture of at least 64 pixels on each side."""
        found = self(to_tensor(pixels), SHALLOW + DEEP)
        style = {layer: StyleFeatures.of(found[layer]) for layer in SHALLOW + DEEP}
        return Seen(style, found[CONTENT])

    def target(self, pictures: Iterable[RGB]) -> Target:
        """The mean of what a style's pictures look like; one picture is in memory at a time."""
        mean = MeanLook()
        for pixels in pictures:
            mean.add(measure(to_tensor(pixels), self, SHALLOW + DEEP))
        return mean.mean().features


def load_yardstick(assets: Path) -> Yardstick:
    """Load both networks from the assets folder.

    Raises:
        ModelError: a file is missing or damaged, or in no format of `impasto.lab.features`.
    """
    return Yardstick(load_features(assets / SHALLOW_VGG), load_features(assets / DEEP_VGG))


def style_of(seen: Seen, target: Target) -> float:
    """The style loss, summed over the five layers: 0 the style itself."""
    return style_distance(seen.style, target).item()


def content_of(seen: Seen, photo: Seen) -> float:
    """The content loss of a painting to its photo: 0 equal, 2 unrelated."""
    return content_loss(seen.content, photo.content).item()
