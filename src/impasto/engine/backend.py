"""What the engine asks of a runtime: load a graph at fixed shapes, and run it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from impasto.core.errors import EngineError

Array = npt.NDArray[Any]
Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each input of a graph, by the input's name."""
Part = tuple[slice, ...]
"""Which part of an output is wanted, one slice an axis; () is all of it."""


@dataclass(frozen=True)
class BackendInfo:
    """What a backend is and does, for people to read."""

    name: str
    version: str
    device: str
    precision: str
    """What paint graphs run in: float32 or bfloat16."""


@runtime_checkable
class Session(Protocol):
    """A graph that is ready to run at one set of input shapes."""

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        """Run the graph and return `part` of its only output as a new array.

        May be called from several threads. The inputs are not changed.

        Raises:
            EngineError: the runtime refuses, for example for want of memory.
        """
        ...


@runtime_checkable
class Backend(Protocol):
    """A runtime on a device."""

    @property
    def info(self) -> BackendInfo:
        """What this backend is."""
        ...

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Make a graph ready; sessions are kept, so that the same call is cheap the next time.

        May be called from several threads. A graph file must not change while a backend that
        has loaded it is in use.

        Args:
            graph: an ONNX file with one output.
            shapes: the shape of every input.
            exact: compute in float32 whatever precision the backend is set to.

        Raises:
            EngineError: the runtime cannot load the graph.
        """
        ...


def run_graph(
    backend: Backend,
    graph: Path,
    inputs: Mapping[str, Array],
    part: Part = (),
    *,
    exact: bool = False,
) -> Array:
    """Load a graph for the shapes of some inputs and run it; raises as `load` and `run` do."""
    shapes = {name: array.shape for name, array in inputs.items()}
    return backend.load(graph, shapes, exact=exact).run(inputs, part)


def describe(graph: Path, shapes: Shapes) -> str:
    """A graph and its picture size, for messages."""
    height, width = next((shape[1:3] for shape in shapes.values() if len(shape) == 4), (0, 0))
    return f"{graph.name} at {width} x {height}"


def is_out_of_memory(error: EngineError) -> bool:
    """Whether a runtime failed for want of memory; each says so in its own words."""
    words = str(error).lower()
    signs = ("alloc", "not enough memory", "out of memory", "temporarily unavailable")
    return isinstance(error.__cause__, MemoryError) or any(sign in words for sign in signs)


def out_of(array: Array, part: Part) -> Array:
    """A copy of a part of an array, contiguous and owned by the caller."""
    return np.array(array[part], order="C")
