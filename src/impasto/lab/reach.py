"""How far a paint graph looks: the distance in pixels that tiles must overlap, read off the graph.

Each number inside the graph depends on a range of picture rows. The ranges are carried through
the operators one by one: what only moves numbers moves their ranges, a convolution joins those of
its window. So the answer is exact for any graph of known operators, however it is lowered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from jaxtyping import Int32
from onnx.reference import ReferenceEvaluator

from impasto.core.errors import ModelError
from impasto.core.files import shown

Lines = Int32[np.ndarray, "..."]
"""For each number of a tensor a row (or column) of the picture."""

_MOVING = {
    *("Concat", "DepthToSpace", "Expand", "Gather", "Identity", "Pad", "Reshape"),
    *("Slice", "SpaceToDepth", "Squeeze", "Transpose", "Unsqueeze"),
}
_POINTWISE = {
    *("Add", "Cast", "Clip", "Div", "LeakyRelu", "Max", "Min", "Mul", "Neg", "PRelu"),
    *("Relu", "Round", "Sigmoid", "Sub", "Tanh"),
}
_WINDOWED = {"AveragePool", "Conv", "MaxPool"}
_ACROSS = 4
"""The other side of the picture that is looked at, in multiples."""
_LONGEST = 65_536


@dataclass(frozen=True)
class _Span:
    """The first and the last line that each number depends on."""

    first: Lines
    last: Lines

    def moved(self, move: Callable[[Lines], Lines]) -> "_Span":
        return _Span(move(self.first), move(self.last))


def reach_of(graph: Path, multiple: int, grain_cell: int) -> int:
    """The furthest that a painted pixel looks for pixels or grain, in pixels along either axis.

    Args:
        graph: a paint graph, `(image, affine, grain, filters) -> painted`, beside its weights.
        multiple: sides of the image are multiples of this.
        grain_cell: pixels that one number of the grain spans.

    Raises:
        ModelError: the graph has an operator whose reach is not known, or looks at everything.
    """
    model = onnx.load(graph)
    return max(_reach_along(axis, model, graph, multiple, grain_cell) for axis in (1, 2))


def _reach_along(
    axis: int, model: onnx.ModelProto, graph: Path, multiple: int, grain_cell: int
) -> int:
    side = 8 * multiple
    while side <= _LONGEST:
        painted = _painted(axis, model, graph, (side, _ACROSS * multiple), multiple, grain_cell)
        # The middle, one whole period of it: nearer the edge the picture's end cuts ranges off.
        middle, others = np.arange(multiple) + side // 2, tuple({0, 1, 2, 3} - {axis})
        first = painted.first.min(axis=others)[middle]
        last = painted.last.max(axis=others)[middle]
        if first.min() > 0 and last.max() < side - 1:
            return int(max((middle - first).max(), (last - middle).max()))
        side *= 2
    raise ModelError(f"{shown(graph)}: it looks at the whole picture, which tiles cannot give it")


def _painted(
    axis: int,
    model: onnx.ModelProto,
    graph: Path,
    sides: tuple[int, int],
    multiple: int,
    grain_cell: int,
) -> _Span:
    """The span of every painted byte of a picture of so many lines along and across."""
    height, width = sides if axis == 1 else sides[::-1]
    rows = np.arange(sides[0], dtype=np.int32)
    shape = tuple(sides[0] if at == axis else 1 for at in range(4))
    image = np.broadcast_to(rows.reshape(shape), (1, height, width, 3))
    cells = np.moveaxis(image[:, ::grain_cell, ::grain_cell, :1], 3, 1)
    spans = {"image": _Span(image, image), "grain": _Span(cells, cells + np.int32(grain_cell - 1))}
    known = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    known |= _of_the_style(model)
    for node in model.graph.node:
        _follow(node, spans, known, graph)
    return spans[model.graph.output[0].name]


def _of_the_style(model: onnx.ModelProto) -> dict[str, Any]:
    """Zeros for affine and filters: kernels have one shape, whatever they hold."""
    shapes = {each.name: each.type.tensor_type.shape for each in model.graph.input}
    sides = {name: [side.dim_value for side in shape.dim] for name, shape in shapes.items()}
    given = {"affine", "filters"} & sides.keys()
    return {name: np.zeros(sides[name], np.float32) for name in given}


def _follow(
    node: onnx.NodeProto, spans: dict[str, _Span], known: dict[str, Any], graph: Path
) -> None:
    """Add what a node gives to the spans, or to what is known without the picture."""
    output = str(node.output[0])
    given = [spans[name] for name in node.input if name in spans]
    if not given:
        if all(name in known for name in node.input if name):
            known |= zip(map(str, node.output), _run(node, known), strict=True)
    elif node.op_type == "Shape":
        known[output] = np.array(given[0].first.shape, np.int64)
    elif node.op_type in _MOVING:
        lines = [_run(node, {**known, **_part(node, spans, end)})[0] for end in ("first", "last")]
        spans[output] = _Span(lines[0], lines[1])
    elif node.op_type in _POINTWISE:
        spans[output] = _joined(given)
    elif node.op_type in _WINDOWED:
        spans[output] = _windowed(given[0], node, known)
    else:
        what = f"the operator {node.op_type}, and it is not known how far that looks"
        raise ModelError(f"{shown(graph)}: it has {what}")


def _part(node: onnx.NodeProto, spans: Mapping[str, _Span], end: str) -> dict[str, Lines]:
    names = [str(name) for name in node.input]
    return {name: getattr(spans[name], end) for name in names if name in spans}


def _run(node: onnx.NodeProto, values: Mapping[str, Any]) -> list[Any]:
    feeds = {str(name): np.asarray(values[str(name)]) for name in node.input if name}
    outputs: Any = ReferenceEvaluator(node).run(None, feeds)
    return list(outputs)


def _joined(spans: Sequence[_Span]) -> _Span:
    first, last = spans[0].first, spans[0].last
    for span in spans[1:]:
        first, last = np.minimum(first, span.first), np.maximum(last, span.last)
    return _Span(first, last)


def _windowed(span: _Span, node: onnx.NodeProto, known: Mapping[str, Any]) -> _Span:
    """Spans joined over all channels of a window."""
    values = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    is_conv = node.op_type == "Conv"
    kernel = known[node.input[1]].shape[2:] if is_conv else values["kernel_shape"]
    strides, pads = values.get("strides", [1, 1]), values.get("pads", [0] * 4)
    widths = ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3]))

    def slid(lines: Lines, join: Callable[..., Lines]) -> Lines:
        padded = np.pad(join(lines, axis=1, keepdims=True), widths, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
        return join(windows[:, :, :: strides[0], :: strides[1]], axis=(4, 5))

    first, last = slid(span.first, np.min), slid(span.last, np.max)
    channels = known[node.input[1]].shape[0] if is_conv else span.first.shape[1]
    return _Span(first, last).moved(partial(np.repeat, repeats=channels, axis=1))
