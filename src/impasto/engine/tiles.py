"""Tiles: how a picture is cut so that painting it fits into memory, and nobody sees where.

A painted pixel looks no further than the model's reach. So tiles overlap by it, are painted with
their real neighbours around them, and only what has all of those is kept. Convolutions replicate
the edge of what they get, which is right at the picture's own border and nowhere else: there, and
only there, a tile's edge is kept. All tiles of a picture have one shape, and one compiled graph.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from impasto.core.errors import SettingsError
from impasto.core.memory import shown_memory
from impasto.engine.backend import BackendInfo
from impasto.engine.model import Model
from impasto.engine.pixels import padded_side

_PACKING: Final[Mapping[tuple[str, str], float]] = {
    ("openvino", "float32"): 1.6,
    ("openvino", "bfloat16"): 1.2,
    ("onnxruntime", "float32"): 1.5,
}
"""What a runtime takes at its peak, in what is alive at once in float32.

Measured as the growth of a process's peak resident memory (VmHWM) while it painted squares of 1024
to 3072 pixels by the two models that come with impasto: 1.41 to 1.65 in OpenVINO 2026.4 in float32,
0.97 to 1.20 in bfloat16, 0.95 to 1.50 in ONNX Runtime 1.32; more where squares are small.
"""

_PICTURES: Final = 6
"""Bytes of picture and painting for each pixel: no graph takes less."""

_LEAST_SHARE: Final = 2
"""A tile keeps at least a square of so many overlaps; below that nearly all work would be thrown
away."""

_STEP: Final = 8
"""Parts of pictures have sides of so many multiples, times a whole number."""


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in lines of the picture; before 0 lies the margin."""

    start: int
    """The first line that goes into the graph."""
    first: int
    """The first line that is kept."""
    stop: int
    """The line after the last one that is kept."""

    @property
    def kept(self) -> slice:
        """What is kept of the painted tile."""
        return slice(self.first - self.start, self.stop - self.start)


@dataclass(frozen=True)
class Tiling:
    """The tiles of a picture: each row with each column; what they keep covers it once."""

    height: int
    """Of every tile as it goes into the graph."""
    width: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the picture is one tile."""
        return len(self.rows) == len(self.columns) == 1


@dataclass(frozen=True)
class Box:
    """A part of a picture, from line to line; not empty."""

    rows: slice
    columns: slice

    @property
    def of(self) -> tuple[slice, slice]:
        """As the index of an array: `pixels[box.of]`."""
        return self.rows, self.columns

    @property
    def height(self) -> int:
        """Rows of the part."""
        return int(self.rows.stop - self.rows.start)

    @property
    def width(self) -> int:
        """Its columns."""
        return int(self.columns.stop - self.columns.start)


@dataclass(frozen=True)
class Cost:
    """What painting by tiles takes.

    `pixel` is bytes for each pixel of a tile, `row` those for each row of tiles as it stands in
    memory from one side of the picture to the other.
    """

    pixel: int
    row: int = 0

    def of(self, height: int, width: int) -> int:
        """Bytes for tiles of a shape."""
        return (self.pixel * width + self.row) * height


def bytes_per_pixel(model: Model, runtime: BackendInfo) -> int:
    """What painting takes at its peak for each pixel of a tile, picture and painting included."""
    worst = max(_PACKING.values())
    packing = _PACKING.get((runtime.name, runtime.precision), worst)
    return max(_PICTURES, ceil(model.live_bytes * packing))


def overlap(model: Model) -> int:
    """How far tiles reach beyond what is kept of them: a multiple, so that tiles start on one."""
    return padded_side(model.reach or 0, 0, model.multiple)


def around(kept: slice, side: int, model: Model) -> slice:
    """What must go into the graph so that some lines of a picture are painted as in the whole.

    Those within reach of them, from a multiple to a multiple, and a few more: parts of nearly one
    size so have one shape, and one compiled graph; what is nearly all has that of the whole.

    Args:
        kept: the lines.
        side: how many lines the picture has.
        model: what paints it. One that does not tell its reach gets the whole side.

    Returns:
        Lines of the picture; before 0 and behind its end lie margin and padding.
    """
    multiple, first = model.multiple, -model.margin
    end = padded_side(side, model.margin, multiple) + first
    if model.reach is None:
        return slice(first, end)
    edge = overlap(model)
    start = max(kept.start - edge - first, 0) // multiple * multiple + first
    size = padded_side(min(kept.stop + edge, end) - start, 0, _STEP * multiple)
    if size * 8 > (end - first) * 7:
        return slice(first, end)
    start = min(start, end - size)
    return slice(start, start + size)


def make_tiling(
    height: int, width: int, model: Model, cost: Cost, memory: int, held: int = 0
) -> Tiling:
    """The tiles of the least work that fit.

    Args:
        height: rows of the picture.
        width: its columns.
        model: what paints it. One that does not tell its reach cannot be cut.
        cost: what tiles take.
        memory: bytes that there are.
        held: how many of them are taken; at least half are for tiles all the same.

    Raises:
        SettingsError: not even the smallest tile fits.
    """
    down, across = _choices(height, model), _choices(width, model)
    best = _cheapest(down, across, cost, max(memory - held, memory // 2))
    if best is None:
        least = cost.of(down[-1][1], across[-1][1])
        least += min(held, least)
        raise SettingsError(
            f"memory is {shown_memory(memory)}: painting {width} x {height} pixels takes at least "
            f"{shown_memory(least)}"
        )
    tall, wide = best
    return Tiling(tall, wide, _spans(height, tall, model), _spans(width, wide, model))


_Choice = tuple[int, int]
"""How many tiles along an axis, and how many lines each has."""


def _choices(side: int, model: Model) -> list[_Choice]:
    """All ways to cut an axis, from one tile to the most."""
    padded, edge = padded_side(side, model.margin, model.multiple), overlap(model)
    found, inner = [(1, padded)], padded - 2 * edge
    if model.reach is None:
        return found
    for count in range(2, inner // max(model.multiple, _LEAST_SHARE * edge) + 1):
        core = padded_side(-(-inner // count), 0, model.multiple)
        if core + 2 * edge < found[-1][1]:
            found.append((-(-inner // core), core + 2 * edge))
    return found


def _cheapest(
    down: list[_Choice], across: list[_Choice], cost: Cost, memory: int
) -> tuple[int, int] | None:
    """Height and width of the tiles that paint the fewest pixels, of equal ones the fewest."""
    fitting = []
    for rows, tall in down:
        widest = (memory // tall - cost.row) // cost.pixel
        at = bisect_left(across, -widest, key=lambda choice: -choice[1])
        if at < len(across):
            columns, wide = across[at]
            fitting.append((rows * tall * columns * wide, rows * columns, (tall, wide)))
    return min(fitting)[-1] if fitting else None


def _spans(side: int, tile: int, model: Model) -> tuple[Span, ...]:
    """The tiles of a side; the last is shifted inwards, so that it ends with the picture."""
    edge, margin = overlap(model), model.margin
    last = padded_side(side, margin, model.multiple) - tile
    core = max(1, tile - 2 * edge)
    starts = [*range(-margin, last - margin, core), last - margin]
    # A tile begins to count where the one before it has no longer all its neighbours.
    ends = [0, *(start + tile - edge for start in starts[:-1]), side]
    bounds = [min(max(end, 0), side) for end in ends]  # margin and padding are not kept
    spans = (Span(*each) for each in zip(starts, bounds, bounds[1:], strict=False))
    return tuple(span for span in spans if span.first < span.stop)
