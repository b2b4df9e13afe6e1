"""How much memory a paint graph works in, read off the graph.

Operators run one after another, and a tensor is alive from the one that makes it to the last that
reads it. A runtime that fuses operators takes less than what is alive at once, and one that packs
its memory loosely takes more: `impasto.engine.tiles` knows by how much.
"""

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Final

import onnx

from impasto.core.errors import ModelError
from impasto.core.files import shown

_SIDE: Final = 64
"""Multiples along the side of the square that is looked at, in which edges hardly count."""


def live_bytes(graph: Path, multiple: int, grain_cell: int) -> float:
    """The most that tensors made of the picture take at once, in bytes for each of its pixels.

    The picture itself and the painting count, what is made of the style alone does not.

    Args:
        graph: a paint graph, `(image, affine, grain, filters) -> painted`.
        multiple: sides of the image are multiples of this.
        grain_cell: pixels that one number of the grain spans.

    Raises:
        ModelError: the shape of a tensor is not known before the graph runs.
    """
    model = onnx.load(graph, load_external_data=False)
    side = _SIDE * multiple
    for given in model.graph.input:
        named = {"image": side, "grain": side // grain_cell}.get(given.name)
        for axis in given.type.tensor_type.shape.dim:
            if axis.dim_param and named:
                axis.dim_value = named
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    try:
        return max(_alive(inferred)) / side**2
    except LookupError as error:
        raise ModelError(f"{shown(graph)}: the shape of its tensor {error} is not known") from error


def _alive(graph: onnx.GraphProto) -> Iterator[int]:
    """Bytes that are alive while each operator runs."""
    known = (*graph.input, *graph.value_info, *graph.output)
    sizes = {each.name: _bytes(each.type.tensor_type) for each in known if _has_shape(each)}
    last = {name: at for at, node in enumerate(graph.node) for name in node.input}
    alive = {"image", "grain"} & sizes.keys()
    for at, node in enumerate(graph.node):
        if alive.intersection(node.input):
            alive.update(node.output)
            yield sum(sizes[name] for name in alive)
        alive = {name for name in alive if last.get(name, len(last)) > at}


def _has_shape(value: onnx.ValueInfoProto) -> bool:
    tensor = value.type.tensor_type
    return tensor.HasField("shape") and all(axis.dim_value for axis in tensor.shape.dim)


def _bytes(tensor: onnx.TypeProto.Tensor) -> int:
    item = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).itemsize
    return item * prod(axis.dim_value for axis in tensor.shape.dim)
