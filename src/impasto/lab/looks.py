"""What pictures look like to the feature network: measured, averaged, and as plain tensors."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from impasto.core.arrays import RGB
from impasto.core.errors import ImageError
from impasto.lab.bands import BAND_SCALES, BANDS, TINT_SCALES, band_statistics
from impasto.lab.data import to_tensor
from impasto.lab.losses import (
    PALETTE_CELL,
    PALETTE_DIRECTIONS,
    PALETTE_QUANTILES,
    StyleFeatures,
    mixed_palette,
    palette,
)

Network = Callable[[Tensor, Iterable[str]], Mapping[str, Tensor]]
"""Pictures [n, 3, h, w] in 0 to 1 and names of layers, to activations by layer."""

MEASURED = f"3 {BAND_SCALES} {TINT_SCALES} {PALETTE_CELL} {PALETTE_DIRECTIONS} {PALETTE_QUANTILES}"
"""Names what `measure` computes: raise its first number with every change of a formula."""

SHORTEST = 32
"""Pixels: below this on a side the deepest layer has one place, and no neighbours to pad with."""

_FIELDS = ("gram", "mean", "std")
_PICTURE_FIELDS = ("bands", "palette")


@dataclass(frozen=True)
class Look:
    """What pictures, or styles, look like at one scale; one row each."""

    features: dict[str, StyleFeatures]
    bands: Float[Tensor, "n bands"]
    palette: Float[Tensor, "n directions quantiles"]

    def mix(self, shares: Float[Tensor, "n styles"]) -> "Look":
        """What pictures look like that are so much of each row, side by side; shares sum to 1."""
        # A product in bfloat16, where training is, would round what is aimed at.
        with torch.autocast(shares.device.type, enabled=False):
            bands, colours = shares @ self.bands, mixed_palette(self.palette, shares)
        return Look(self.mix_features(shares), bands, colours)

    def mix_features(self, shares: Float[Tensor, "n styles"]) -> dict[str, StyleFeatures]:
        """The features of `mix` alone."""
        with torch.autocast(shares.device.type, enabled=False):
            return {layer: each.mix(shares) for layer, each in self.features.items()}

    def to(self, device: str) -> "Look":
        """The same on a device."""
        features = {
            layer: StyleFeatures(*(getattr(each, field).to(device) for field in _FIELDS))
            for layer, each in self.features.items()
        }
        return Look(features, self.bands.to(device), self.palette.to(device))

    @classmethod
    def cat(cls, looks: Sequence["Look"]) -> "Look":
        """The rows of several looks at the same layers."""
        features = {
            layer: StyleFeatures.cat([each.features[layer] for each in looks])
            for layer in looks[0].features
        }
        bands, colours = (
            torch.cat([getattr(each, field) for each in looks]) for field in _PICTURE_FIELDS
        )
        return cls(features, bands, colours)


@torch.no_grad()
def measure(image: Float[Tensor, "1 3 h w"], network: Network, layers: Iterable[str]) -> Look:
    """Measure one picture, RGB in 0 to 1."""
    layers = tuple(layers)
    found = network(image, layers)
    features = {layer: StyleFeatures.of(found[layer]) for layer in layers}
    return Look(features, band_statistics(image), palette(image))


class MeanLook:
    """The mean of many looks, from running sums: memory does not grow with their number."""

    def __init__(self) -> None:
        self.count = 0
        self._sums: dict[str, Tensor] = {}

    def add(self, look: Look) -> None:
        """Count one more; all have the same layers and channels."""
        self.count += 1
        for name, tensor in to_tensors(look).items():
            # Double: a hundred pictures must give the same mean in any order, to float32.
            if name in self._sums:
                self._sums[name] += tensor.double()
            else:
                self._sums[name] = tensor.double()

    def mean(self) -> Look:
        """The mean of what was added, at least one look, in float32."""
        return from_tensors({key: (sum_ / self.count).float() for key, sum_ in self._sums.items()})


def mean_look(
    pictures: Iterator[RGB],
    network: Network,
    layers: Iterable[str],
    *,
    name: str,
    device: str = "cpu",
) -> Look:
    """The mean look of at least one picture; only one at a time need be in memory.

    Args:
        pictures: at the size they are measured at.
        network: on the device.
        layers: of the network.
        name: what to call them in an error.
        device: where to measure.

    Raises:
        ImageError: one is below 32 pixels on a side.
    """
    layers, mean = tuple(layers), MeanLook()
    for pixels in pictures:
        height, width = pixels.shape[:2]
        if min(height, width) < SHORTEST:
            raise ImageError(
                f"{name}: at the scale it is measured at it has {width}x{height} pixels, and needs "
                f"{SHORTEST} on each side: take a larger scale, or a less narrow part of it"
            )
        mean.add(measure(to_tensor(pixels).to(device), network, layers))
    return mean.mean()


def to_tensors(look: Look) -> dict[str, Tensor]:
    """Plain tensors, without the batch axis: `LAYER.gram`, `.mean`, `.std`; `bands`, `palette`."""
    tensors = {
        f"{layer}.{field}": getattr(features, field)[0]
        for layer, features in look.features.items()
        for field in _FIELDS
    }
    return tensors | {field: getattr(look, field)[0] for field in _PICTURE_FIELDS}


def from_tensors(tensors: Mapping[str, Tensor]) -> Look:
    """The look that `to_tensors` took apart.

    Raises:
        ValueError: one is missing, is not finite float32, or shapes do not belong together.
    """
    layers = [name.removesuffix(".gram") for name in tensors if name.endswith(".gram")]
    wanted = {f"{layer}.{field}" for layer in layers for field in _FIELDS} | {*_PICTURE_FIELDS}
    if not layers or tensors.keys() != wanted:
        raise ValueError("its tensors are not those of style features")
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32 or not tensor.isfinite().all():
            raise ValueError(f"its tensor {name!r} is not finite float32")
    features = {layer: _features(layer, tensors) for layer in layers}
    bands, colours = tensors["bands"], tensors["palette"]
    if bands.shape != (BANDS,) or colours.shape != (
        PALETTE_DIRECTIONS,
        PALETTE_QUANTILES,
    ):
        raise ValueError("its bands or palette are those of another version; build it again")
    return Look(features, bands[None], colours[None])


def _features(layer: str, tensors: Mapping[str, Tensor]) -> StyleFeatures:
    gram, mean, std = (tensors[f"{layer}.{field}"] for field in _FIELDS)
    if gram.dim() != 2 or not gram.shape == (len(gram), len(gram)) == (*mean.shape, *std.shape):
        raise ValueError(f"its tensors of {layer!r} have shapes that do not belong together")
    return StyleFeatures(gram[None], mean[None], std[None])
