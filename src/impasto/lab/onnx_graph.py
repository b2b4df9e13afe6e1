"""A small builder of ONNX graphs whose weights stay in one safetensors file.

Initialisers are float16 external data at their offsets inside that file, so that several graphs
share one copy of the weights.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 9
FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8

PICTURE: tuple[int, Sequence[int | str]] = (UINT8, (1, "height", "width", 3))
"""A picture of any size, as all graphs take and give it."""

Values = Mapping[str, tuple[int, Sequence[int | str]]]
"""Type and shape of graph inputs or outputs by name; a named side is dynamic."""


def weight_offsets(path: Path) -> dict[str, tuple[list[int], int, int]]:
    """Shape, first byte and length of every tensor in a safetensors file."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return {
        name: (entry["shape"], 8 + size + first, last - first)
        for name, entry in header.items()
        for first, last in [entry["data_offsets"]]
    }


class Graph:
    """An ONNX graph in the making; methods add operators and return the name of the output."""

    def __init__(self, weights: Path) -> None:
        self.weights, self.offsets = weights.name, weight_offsets(weights)
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: dict[str, onnx.TensorProto] = {}
        self.known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """One operator with one output."""
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def split(self, x: str, axis: int, sizes: Sequence[int]) -> list[str]:
        """A tensor in pieces of so many along an axis."""
        name = f"split_{len(self.nodes)}"
        pieces = [f"{name}_{index}" for index in range(len(sizes))]
        lengths = self.ints(*sizes)
        self.nodes.append(helper.make_node("Split", [x, lengths], pieces, name, axis=axis))
        return pieces

    def constant(self, value: object, kind: type) -> str:
        """A constant; equal ones are one, as runtimes load a graph in proportion to its parts."""
        array: np.ndarray = np.asarray(value, kind)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = name = f"constant_{len(self.initialisers)}"
            self.initialisers[name] = numpy_helper.from_array(array, name)
        return self.known[key]

    def floats(self, value: object) -> str:
        """A float32 constant."""
        return self.constant(value, np.float32)

    def ints(self, *values: int) -> str:
        """An int64 vector, as shapes and axes are given."""
        return self.constant(values, np.int64)

    def weight(self, name: str, *shape: int) -> str:
        """A tensor of the weights file as float32, in a shape of its own if one is given."""
        stored, offset, length = self.offsets[name]
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT16, dims=shape or stored)
        tensor.data_location = TensorProto.EXTERNAL
        place = {"location": self.weights, "offset": str(offset), "length": str(length)}
        tensor.external_data.extend(
            onnx.StringStringEntryProto(key=key, value=value) for key, value in place.items()
        )
        self.initialisers[name] = tensor
        return self.add("Cast", name, to=FLOAT)

    def reshape(self, x: str, *shape: int) -> str:
        """A tensor in another shape."""
        return self.add("Reshape", x, self.ints(*shape))

    def slice(self, x: str, axes: Sequence[int], starts: Sequence[int], ends: Sequence[int]) -> str:
        """A box of a tensor."""
        steps = self.ints(*[1] * len(axes))
        return self.add("Slice", x, self.ints(*starts), self.ints(*ends), self.ints(*axes), steps)

    def conv(
        self,
        x: str,
        weight: str,
        bias: str = "",
        *,
        stride: int = 1,
        edge: bool = True,
        group: int = 1,
    ) -> str:
        """A convolution without padding, of its input's edge replicated by one pixel if asked."""
        if edge:
            x = self.add("Pad", x, self.ints(0, 0, 1, 1, 0, 0, 1, 1), mode="edge")
        inputs = (x, weight, bias) if bias else (x, weight)
        return self.add("Conv", *inputs, strides=[stride] * 2, group=group)

    def save(self, path: Path, inputs: Values, result: str, output: Values) -> None:
        """Writes the graph, its result under the name of `output`, and checks it as a file."""
        (name,) = output
        self.nodes.append(helper.make_node("Identity", [result], [name], name))
        graph = helper.make_graph(
            self.nodes,
            path.stem,
            _described(inputs),
            _described(output),
            [*self.initialisers.values()],
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="impasto",
        )
        check_and_write(model, path)


def check_and_write(model: onnx.ModelProto, path: Path) -> None:
    """Writes a model and checks it as a file, with the weights that it names."""
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(path))


def _described(values: Values) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, *kind) for name, kind in values.items()]
