"""What the networks that impasto is measured against are built from, as ONNX graphs without torch.

All take and give pictures as impasto does: uint8 [1, height, width, 3], RGB.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from safetensors import SafetensorError
from safetensors.numpy import load_file

from impasto.core.errors import ModelError
from impasto.core.files import reason, shown
from impasto.lab.onnx_graph import FLOAT, UINT8, Graph

Tensors = Mapping[str, npt.NDArray[np.float16]]
Shapes = Mapping[str, tuple[int, ...]]

_PICTURE = (UINT8, (1, "height", "width", 3))


@dataclass(frozen=True)
class Peer:
    """A network to compare with: `(image uint8 [1, h, w, 3]) -> painted`, of the same kind."""

    name: str
    graph: Path
    weights: str
    """The name of the weights' file, or `random`."""
    parameters: int
    gmac_512: float
    """GMAC: 10^9 multiply-accumulates, of painting 512 x 512."""


def asset(place: Path) -> Path | None:
    """A file or folder in the folder that IMPASTO_ASSETS names; None where it is absent."""
    folder = os.environ.get("IMPASTO_ASSETS")
    path = Path(folder) / place if folder else None
    return path if path and path.exists() else None


def read_tensors(path: Path, shapes: Shapes, network: str) -> Tensors:
    """Read the weights of a network as float16.

    Args:
        path: a safetensors file.
        shapes: the shape of each tensor that it must have, and no other.
        network: what they are the weights of, for messages.

    Raises:
        ModelError: the file cannot be read, or holds another network.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot read the weights {shown(path)}: {reason(error)}") from error
    if {name: tensor.shape for name, tensor in tensors.items()} != dict(shapes):
        raise ModelError(f"{shown(path)}: not the weights of {network}")
    return {name: tensor.astype(np.float16) for name, tensor in tensors.items()}


def random_tensors(shapes: Shapes) -> Tensors:
    """Weights of the size that training starts from: no run meets denormal or infinite numbers."""
    generator = np.random.default_rng(0)
    tensors = {}
    for name, shape in shapes.items():
        if len(shape) == 4:
            tensor = generator.normal(0.0, (2 / prod(shape[1:])) ** 0.5, shape)
        else:
            tensor = np.full(shape, 0.0 if name.endswith("bias") else 1.0)
        tensors[name] = tensor.astype(np.float16)
    return tensors


def conv_shapes(
    name: str, inputs: int, outputs: int, kernel: int = 3, group: int = 1
) -> dict[str, tuple[int, ...]]:
    """The shapes of a convolution's weight and bias, by name."""
    weight = (outputs, inputs // group, kernel, kernel)
    return {f"{name}.weight": weight, f"{name}.bias": (outputs,)}


def picture_input(graph: Graph, scale: float = 1.0) -> str:
    """The graph's input `image` as float32 [1, 3, height, width], times `scale`."""
    x = graph.add("Cast", "image", to=FLOAT)
    if scale != 1.0:
        x = graph.add("Mul", x, graph.floats(scale))
    return graph.add("Transpose", x, perm=[0, 3, 1, 2])


def reflected_conv(
    graph: Graph, x: str, name: str, kernel: int = 3, *, stride: int = 1, group: int = 1
) -> str:
    """A convolution that pads its input by reflection; `name` is that of its tensors."""
    if edge := kernel // 2:
        x = graph.add("Pad", x, graph.ints(0, 0, edge, edge, 0, 0, edge, edge), mode="reflect")
    weight, bias = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.conv(x, weight, bias, stride=stride, edge=False, group=group)


def nearest_twice(graph: Graph, x: str) -> str:
    """Nearest upsampling by two."""
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph.add("Resize", x, "", graph.floats([1, 1, 2, 2]), mode="nearest", **how)


def save_painter(graph: Graph, path: Path, x: str, scale: float = 1.0, offset: float = 0.0) -> None:
    """Write the graph; its output `painted` is x times `scale` plus `offset`, cut to 0 to 255."""
    if scale != 1.0:
        x = graph.add("Mul", x, graph.floats(scale))
    if offset:
        x = graph.add("Add", x, graph.floats(offset))
    x = graph.add("Clip", x, graph.floats(0), graph.floats(255))
    x = graph.add("Cast", graph.add("Transpose", x, perm=[0, 2, 3, 1]), to=UINT8)
    graph.save(path, {"image": _PICTURE}, x, {"painted": _PICTURE})


def count_multiply_adds(path: Path, height: int, width: int) -> int:
    """Multiply-adds of a saved graph's convolutions for a picture of a size."""
    model = onnx.load(path, load_external_data=False)
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[1].dim_value, sides[2].dim_value = height, width
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {each.name: _shape(each) for each in inferred.value_info}
    return sum(
        prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
        for node in inferred.node
        if node.op_type == "Conv"
    )


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(side.dim_value for side in value.type.tensor_type.shape.dim)
