"""A judge that no loss has seen: SqueezeNet 1.1, and how far apart it finds two sets of crops.

The network (Iandola et al. 2016) is another one than the VGG of the losses, and nothing here is
trained with it, so no painter has learnt to please it. The distance is that of Binkowski et al.
2018 ("Demystifying MMD GANs"); on other features than theirs its numbers compare only with each
other.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from impasto.core.arrays import RGB
from impasto.core.errors import ModelError
from impasto.core.files import reason, shown

JUDGE = Path("perceptual") / "squeezenet1_1_notop.safetensors"
"""Where its weights lie below the assets folder."""

CROP = 128
"""The side of a crop in pixels: a few strokes, and not the whole scene."""

Crops = UInt8[np.ndarray, "crops side side 3"]
Features = Float32[np.ndarray, "crops channels"]

_MEAN_BGR = (103.939, 116.779, 123.68)
_FIRES = range(2, 10)
_POOLED_BEFORE = (4, 6)
_SCALE = 0.25
"""Of crops of photos and paintings `x . x / channels` is 16 to 20 without it, and 1 with it: only
then does the 1 in the kernel count, and not the cube alone, which a few channels rule.
"""
_BATCH = 32
_BLOCK = 1024
"""Rows of a kernel matrix that are in memory at a time."""


def cut_crops(pixels: RGB, count: int, seed: Sequence[int], side: int = CROP) -> Crops:
    """Squares at random places, the same for equal sizes and seeds.

    Args:
        pixels: a picture.
        count: how many, at least 1; they may overlap.
        seed: what decides the places.
        side: of a square, in pixels; less where the picture is smaller.
    """
    height, width = pixels.shape[:2]
    side = min(side, height, width)
    random = np.random.default_rng(seed)
    tops = random.integers(height - side + 1, size=count)
    lefts = random.integers(width - side + 1, size=count)
    places = zip(tops, lefts, strict=True)
    return np.stack([pixels[top : top + side, left : left + side] for top, left in places])


class Judge:
    """SqueezeNet 1.1 up to fire9, with the weights that were released for Caffe.

    Args:
        weights: convolutions by name (`conv1.weight`, `fire2.squeeze1x1.bias`, ...), OIHW, for
            BGR of 0 to 255 less the mean.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = dict(weights)

    @torch.no_grad()
    def look(self, crops: Crops) -> Features:
        """Features of crops: the channels of fire9, averaged over the crop, times 1/4.

        Args:
            crops: at least 32 pixels on a side.
        """
        parts = [self._pooled(crops[i : i + _BATCH]) for i in range(0, len(crops), _BATCH)]
        return torch.cat(parts).numpy()

    @torch.no_grad()
    def difference(self, first: RGB, second: RGB) -> float:
        """How different two pictures of one size look: 0 equal, about 1 unrelated.

        The perceptual distance of Zhang et al. 2018 ("The Unreasonable Effectiveness of Deep
        Features as a Perceptual Metric") without its learned weights: features of each layer, of
        unit length at each place, differ by so much in squared length; the mean over all layers.

        Args:
            first: at least 32 pixels on a side.
            second: of the same size.
        """
        layers = list(self._layers(np.stack([first, second])))
        units = [F.normalize(layer, dim=1) for layer in layers]
        apart = [(one - other).square().sum(dim=0).mean() for one, other in units]
        return float(torch.stack(apart).mean())

    def _pooled(self, crops: Crops) -> Float[Tensor, "crops channels"]:
        *_, last = self._layers(crops)
        return _SCALE * last.mean(dim=(2, 3))

    def _layers(self, crops: Crops) -> Iterator[Float[Tensor, "crops _ _ _"]]:
        """The activations of conv1 and of each fire."""
        x = torch.from_numpy(crops[..., ::-1].copy()).permute(0, 3, 1, 2).float()
        x = x - torch.tensor(_MEAN_BGR)[:, None, None]
        x = self._convolved(x, "conv1", stride=2)
        yield x
        x = F.max_pool2d(x, 3, 2)
        for number in _FIRES:
            if number in _POOLED_BEFORE:
                x = F.max_pool2d(x, 3, 2)
            x = self._fire(x, f"fire{number}")
            yield x

    def _fire(self, x: Tensor, name: str) -> Tensor:
        squeezed = self._convolved(x, f"{name}.squeeze1x1")
        wide = self._convolved(squeezed, f"{name}.expand3x3", padding=1)
        return torch.cat([self._convolved(squeezed, f"{name}.expand1x1"), wide], dim=1)

    def _convolved(self, x: Tensor, name: str, *, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return F.relu(F.conv2d(x, weight, bias, stride, padding))


def load_judge(path: Path) -> Judge:
    """Load the judge's weights from a safetensors file.

    Raises:
        ModelError: the file is missing or damaged, or holds another network.
    """
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot read the judge {shown(path)}: {reason(error)}") from error
    parts = [f"fire{number}.{part}" for number in _FIRES for part in ("squeeze1x1", "expand3x3")]
    if missing := {f"{name}.weight" for name in ["conv1", *parts]} - set(weights):
        raise ModelError(f"{shown(path)}: not SqueezeNet 1.1, it has no {min(missing)}")
    return Judge(weights)


def kernel_distance(found: Features, wanted: Features) -> float:
    """Unbiased squared maximum mean discrepancy of two sets: about 0 if they are of one kind.

    The kernel is that of Binkowski et al. 2018, `(x . y / channels + 1) ** 3`. The estimate is
    unbiased, so that for sets of one kind it may fall a little below 0.

    Raises:
        ValueError: a set has fewer than two rows.
    """
    counts = (len(found), len(wanted))
    if min(counts) < 2:
        raise ValueError(f"sets of {counts[0]} and {counts[1]} crops: at least 2 each are needed")
    between = _kernel_sum(found, wanted) / prod(counts)
    return _mean_within(found) + _mean_within(wanted) - 2 * between


def _mean_within(features: Features) -> float:
    """The mean kernel of all pairs of two different rows."""
    count = len(features)
    itself = _kernel(np.square(features.astype(np.float64)).sum(axis=1), features.shape[1])
    return float((_kernel_sum(features, features) - itself.sum()) / (count * (count - 1)))


def _kernel_sum(first: Features, second: Features) -> float:
    wide = second.astype(np.float64).T
    return sum(float(_kernel(rows @ wide, len(wide)).sum()) for rows in _blocks(first))


def _kernel(products: np.ndarray, channels: int) -> np.ndarray:
    return (products / channels + 1) ** 3


def _blocks(features: Features) -> Iterator[np.ndarray]:
    for start in range(0, len(features), _BLOCK):
        yield features[start : start + _BLOCK].astype(np.float64)
