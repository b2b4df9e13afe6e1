"""Several feature networks that look at the same pictures, to see whether they agree on style."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import torch

from impasto.core.arrays import RGB
from impasto.lab.data import to_tensor
from impasto.lab.features import FeatureNetwork, load_features
from impasto.lab.looks import Network
from impasto.lab.losses import StyleFeatures, style_distance
from impasto.lab.yardstick import DEEP, DEEP_VGG, SHALLOW, load_yardstick

LAYERS = SHALLOW + DEEP
VGG = "VGG"
"""The name of the network that the others are compared with."""

View = Mapping[str, StyleFeatures]
"""What a picture looks like to one network, by layer."""


class Rivals:
    """Networks by name; each gives the layers relu1_1 to relu5_1.

    Args:
        networks: give activations, by whatever way.
        plain: the feature network behind each, where its cost is to be told.
    """

    def __init__(
        self, networks: Mapping[str, Network], plain: Mapping[str, FeatureNetwork]
    ) -> None:
        self._networks, self._plain = networks, plain

    @property
    def names(self) -> list[str]:
        """The names, in the order of `look`."""
        return list(self._networks)

    @torch.no_grad()
    def look(self, pixels: RGB) -> list[View]:
        """What each sees in a picture."""
        image = to_tensor(pixels)
        seen = (network(image, LAYERS) for network in self._networks.values())
        return [{name: StyleFeatures.of(found[name]) for name in LAYERS} for found in seen]

    def parameters(self, name: str) -> int:
        """Weights and biases of a network's convolutions, heads not counted."""
        return sum(each.numel() for each in self._plain[name].convolutions.parameters())

    def multiply_adds(self, name: str, side: int) -> int:
        """What it costs to look at a square picture, heads not counted."""
        return self._plain[name].multiply_adds(side, side)


def load_rivals(assets: Path, features: Path) -> Rivals:
    """The VGG, a network of a file as losses use it, the same through its heads, the slim VGG.

    Raises:
        ModelError: a file is missing or damaged, or in no format of `impasto.lab.features`.
    """
    ours, slim = load_features(features), load_features(assets / DEEP_VGG)
    networks: dict[str, Network] = {VGG: load_yardstick(assets), "features": ours}
    plain = {"features": ours, "slim VGG": slim}
    if ours.heads:
        networks["features, heads"] = partial(ours, heads=True)
        plain["features, heads"] = ours
    return Rivals(networks | {"slim VGG": slim}, plain)


def distances(view: View, target: View, layers: Iterable[str] = LAYERS) -> list[float]:
    """The style loss of a picture at each layer, and their sum."""
    found = [style_distance(view, {layer: target[layer]}).item() for layer in layers]
    return [*found, sum(found)]
