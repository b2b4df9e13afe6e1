"""What MicroAST makes of a style picture: its style encoder and modulator, in torch.

Wang, Zhao, Zuo et al. 2023, "MicroAST: Towards Super-Fast Ultra-Resolution Arbitrary Style
Transfer". What runs for each photo is a graph (`impasto.bench.speed_microast`); this runs once.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from impasto.bench.peer_parts import Shapes, Tensors, conv_shapes, read_tensors
from impasto.bench.speed_microast import ENCODER
from impasto.core.arrays import RGB
from impasto.lab.data import to_tensor

Weights = Mapping[str, Tensor]
Map = Float[Tensor, "1 channels h w"]

_SIGNALS = ("weight", "bias")
"""What the style weighs a convolution by, and what goes past it."""
MODULATOR: Shapes = {
    name: shape
    for depth in (1, 2)
    for signal in _SIGNALS
    for name, shape in conv_shapes(f"{signal}{depth}.0.conv_layer", 64, 64, group=64).items()
}
"""The tensors of the modulator by the names of the released file."""


@torch.no_grad()
def style_tensors(released: Path, picture: RGB) -> Tensors:
    """What a style gives at both depths, as `write_microast` takes it.

    Args:
        released: the folder with the released weights.
        picture: the style, at least 16 pixels on each side.

    Raises:
        ModelError: the weights cannot be read, or are those of another network.
    """
    encoder = _read(released / "style_encoder.safetensors", ENCODER, "MicroAST's style encoder")
    modulator = _read(released / "modulator.safetensors", MODULATOR, "MicroAST's modulator")
    given: dict[str, Tensor] = {}
    for depth, seen in enumerate(encode(encoder, to_tensor(picture))):
        given[f"style{depth}.mean"] = seen.mean(dim=(0, 2, 3))
        given[f"style{depth}.std"] = (seen.var(dim=(0, 2, 3)) + 1e-5).sqrt()
        for signal in _SIGNALS:
            filtered = _convolved(modulator, seen, f"{signal}{depth + 1}.0")
            given[f"style{depth}.{signal}"] = filtered.mean(dim=(2, 3), keepdim=True)
    return {name: tensor.numpy().astype(np.float16) for name, tensor in given.items()}


def encode(weights: Weights, image: Float[Tensor, "1 3 height width"]) -> tuple[Map, Map]:
    """The features of a picture of 0 to 1 at both depths; for contents and styles alike."""
    x = F.relu(_convolved(weights, image, "enc1.0"))
    for number, stride in ((2, 2), (4, 1), (6, 2), (8, 1)):
        x = F.relu(_convolved(weights, x, f"enc1.{number}", stride))
    first = _block(weights, x, "enc1.10")
    return first, _block(weights, first, "enc2.0")


def _read(path: Path, shapes: Shapes, network: str) -> Weights:
    tensors = read_tensors(path, shapes, network)
    return {name: torch.from_numpy(tensor.astype(np.float32)) for name, tensor in tensors.items()}


def _block(weights: Weights, x: Map, name: str) -> Map:
    inner = F.relu(_convolved(weights, x, f"{name}.conv1"))
    return x + _convolved(weights, inner, f"{name}.conv2")


def _convolved(weights: Weights, x: Map, name: str, stride: int = 1) -> Map:
    weight, bias = (weights[f"{name}.conv_layer.{part}"] for part in ("weight", "bias"))
    padded = F.pad(x, [weight.shape[-1] // 2] * 4, mode="reflect")
    return F.conv2d(padded, weight, bias, stride, groups=x.shape[1] // weight.shape[1])
