"""What several baselines share: the slim VGG-19 as encoder, and decoders that mirror it.

The encoders are those of Collaborative Distillation (Wang et al., CVPR 2020), a quarter of VGG-19's
channels; `impasto.lab.features` reads them. Decoders run the same convolutions backwards, with
nearest upsampling where the encoder pools.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from impasto.bench.contender import Contender, StyleImage
from impasto.core.arrays import RGB
from impasto.core.errors import ModelError
from impasto.core.files import atomic_write, reason, sha256_file, shown
from impasto.lab.data import to_tensor
from impasto.lab.losses import moments

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
"""What styles are seen by."""
DEEPEST = LAYERS[-1]
WIDTHS = (16, 32, 64, 128)
"""Channels of these layers."""

_MIRROR = ((4, (1,)), (3, (4, 3, 2, 1)), (2, (2, 1)), (1, (2, 1)))
"""Blocks from deep to shallow, and the numbers of their convolutions."""

T = TypeVar("T")


class Mirror(nn.Module):
    """A decoder: 3x3 convolutions named as the encoder's (`conv41`, `conv34`, ...), deep first."""

    def __init__(self, layers: Mapping[str, nn.Conv2d]) -> None:
        super().__init__()
        self.layers = nn.ModuleDict(layers)

    def forward(self, features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 _ _"]:
        """A picture, RGB of about 0 to 1, of 2^k times the features' size."""
        *names, last = self.layers
        x, block = features, (names or [last])[0][4]
        for name in (*names, last):
            if name[4] != block:
                x, block = F.interpolate(x, scale_factor=2, mode="nearest"), name[4]
            x = self.layers[name](F.pad(x, (1, 1, 1, 1), mode="reflect"))
            x = x if name == last else F.relu(x)
        return x


def new_mirror() -> Mirror:
    """A decoder from relu4_1 with random weights."""
    layers: dict[str, nn.Conv2d] = {}
    for block, numbers in _MIRROR:
        for number in numbers:
            outputs = WIDTHS[block - 1] if number > 1 else (3, *WIDTHS)[block - 1]
            layers[f"conv{block}{number}"] = nn.Conv2d(WIDTHS[block - 1], outputs, 3)
    return Mirror(layers)


def load_mirror(path: Path) -> Mirror:
    """A released decoder.

    Raises:
        ModelError: the file cannot be read, or holds no decoder.
    """
    weights = read_weights(path)
    names = sorted({key.split(".")[0] for key in weights}, reverse=True)
    try:
        layers = {name: _convolution(weights, name) for name in names}
    except (KeyError, IndexError) as error:
        raise ModelError(f"{shown(path)}: not the weights of a decoder") from error
    return Mirror(layers).requires_grad_(False).eval()


def _convolution(weights: Mapping[str, Tensor], name: str) -> nn.Conv2d:
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    convolution = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    convolution.weight, convolution.bias = nn.Parameter(weight), nn.Parameter(bias)
    return convolution


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, in float32.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        return {name: tensor.float() for name, tensor in load_file(path).items()}
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot read the weights {shown(path)}: {reason(error)}") from error


def load_into(module: nn.Module, path: Path) -> None:
    """Put a file's weights into a module, and freeze it.

    Raises:
        ModelError: the file cannot be read, or holds another network.
    """
    try:
        module.load_state_dict(read_weights(path))
    except RuntimeError as error:
        raise ModelError(f"{shown(path)}: the weights of another network") from error
    module.requires_grad_(False).eval()


def save_weights(module: nn.Module, path: Path, record: Mapping[str, Any]) -> None:
    """Write a module's weights in float16; `record` says how they were made."""
    tensors = {name: each.half().contiguous() for name, each in module.state_dict().items()}
    with atomic_write(path) as file:
        file.write(save(tensors, {"impasto": json.dumps(dict(record))}))


def parameters_of(*modules: nn.Module) -> int:
    """How many numbers the weights of modules are."""
    return sum(each.numel() for module in modules for each in module.parameters())


def adapt(
    features: Float[Tensor, "n c h w"], mean: Float[Tensor, "n c"], std: Float[Tensor, "n c"]
) -> Float[Tensor, "n c h w"]:
    """Adaptive instance normalisation: the channels get other means and deviations."""
    own_mean, own_std = (each[..., None, None] for each in moments(features))
    return (features - own_mean) / own_std * std[..., None, None] + mean[..., None, None]


def framed(
    pixels: RGB, stride: int, paint: Callable[[Float[Tensor, "1 3 h w"]], Float[Tensor, "1 3 _ _"]]
) -> RGB:
    """Paint a picture that is continued to a multiple of `stride`, and cut the result to its size.

    Args:
        pixels: the picture.
        stride: of the network's deepest layer, in pixels.
        paint: gets and gives RGB of 0 to 1.
    """
    height, width = pixels.shape[:2]
    image = F.pad(to_tensor(pixels), (0, -width % stride, 0, -height % stride), mode="replicate")
    painted = paint(image)[0, :, :height, :width].clamp(0, 1)
    return np.asarray((255 * painted).round().byte().permute(1, 2, 0))


def gmac_of(paint: Callable[[RGB], object], side: int = 512) -> float:
    """Thousand million multiply-adds of a call with a square picture, as torch counts them."""
    with FlopCounterMode(display=False) as counter:
        paint(np.zeros((side, side, 3), np.uint8))
    return round(counter.get_total_flops() / 2e9, 3)


def gmac_512_of(method: Contender) -> float:
    """The same of painting in a style that is known already."""
    style = StyleImage("", np.full((64, 64, 3), 128, np.uint8))
    method.check(style)
    return gmac_of(lambda photo: method.paint(photo, style))


def version_of(*files: Path) -> str:
    """Of weight files, by their bytes."""
    return "-".join(sha256_file(path)[:8] for path in files)


class Last(Generic[T]):
    """Keeps what was made of the last picture, for many photos are painted in one style."""

    def __init__(self, make: Callable[[RGB], T]) -> None:
        self._make, self._of = make, None
        self._made: T | None = None

    def __call__(self, pixels: RGB) -> T:
        """What is made of a picture; made once if it is the same object as before."""
        if self._made is None or self._of is not pixels:
            self._made, self._of = self._make(pixels), pixels  # type: ignore[assignment]
        return self._made


def seen_by(network: nn.Module, layers: tuple[str, ...] = LAYERS) -> Callable[[RGB], Any]:
    """Looks at a picture by a feature network; gives the activations by layer."""

    @torch.no_grad()
    def look(pixels: RGB) -> Any:
        return network(to_tensor(pixels), layers)

    return look
