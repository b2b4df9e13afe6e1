"""Where a frame of a video is painted: strokes begin where they began a frame before.

Two things in a painting belong to the screen: the grain, and the grid of the trunk's strides. While
things move under them, other strokes come in each frame (the "shower door" of Meier 1996,
"Painterly Rendering for Animation"). So both go along.

Each cell remembers where in the field of grain it came from. Means of neighbours would be paler
than grain, which is given its variance back; and where the picture grows, so that neighbours come
from one place, fresh grain fills up what is missing. The grid can only go as a whole: as most of
the picture does, in pixels.
"""

from dataclasses import dataclass, field

import numpy as np

from impasto.core.shapes import Float32
from impasto.engine.cell_flow import Cells, grid_of
from impasto.engine.flow import Flow, between, fetch
from impasto.engine.grain import Grain, GrainSource, grain, grain_at

_ELSEWHERE = 1 << 20
"""Fresh grain comes from so many cells away: it is not that of the picture."""

Pair = Float32[np.ndarray, "2"]


@dataclass(frozen=True)
class Drift:
    """How far a frame has gone since its shot began, in cells of a coarse grid, right and down."""

    offsets: Flow
    """From each cell to where its grain came from."""
    whole: Pair = field(default_factory=lambda: np.zeros(2, np.float32))
    """How far most of the picture has gone."""

    @classmethod
    def still(cls, height: int, width: int) -> "Drift":
        """Where nothing has moved yet; for frames of a height and width."""
        return cls(np.zeros((*grid_of(height, width), 2), np.float32))

    def moved(self, step: Flow) -> "Drift":
        """The drift of the next frame, by the motion of its cells since the one before."""
        whole = self.whole + np.median(step, axis=(0, 1))
        return Drift(fetch(self.offsets, step) + step, whole)

    def corner(self, height: int, width: int, multiple: int) -> tuple[int, int]:
        """Rows above and columns left of a frame that are painted along, below `multiple`.

        With them a thing lies on the trunk's grid as it did when the shot began.

        Args:
            height: of the frame as it is painted, in pixels.
            width: the same.
            multiple: pixels after which the grid repeats.
        """
        rows, columns = self.offsets.shape[:2]
        right, down = self.whole
        return round(down * height / rows) % multiple, round(right * width / columns) % multiple

    def source(
        self, height: int, width: int, cell: int, corner: tuple[int, int] = (0, 0)
    ) -> GrainSource:
        """The grain of a frame, wherever it has gone.

        Args:
            height: of the frame as it is painted, in pixels.
            width: the same.
            cell: pixels, across and along, that one number of the grain spans.
            corner: rows above and columns left of the frame that are painted along.
        """
        size = np.array([height / self.offsets.shape[0], width / self.offsets.shape[1]])
        fresh = 1.0 - np.clip(_area(self.offsets), 0.0, 1.0)

        def moved(rows: int, columns: int, origin: tuple[int, int] = (0, 0), /) -> Grain:
            lines = [
                np.arange(first, first + count, dtype=np.int64)
                for first, count in zip(origin, (rows, columns), strict=True)
            ]
            there = [
                ((line + 0.5) * cell - beyond) / side - 0.5
                for line, beyond, side in zip(lines, corner, size, strict=True)
            ]
            places = [each.astype(np.float32) for each in np.meshgrid(*there, indexing="ij")]
            gone = between(self.offsets, *places) * size[::-1] - corner[::-1]
            down, across = np.meshgrid(*lines, indexing="ij")
            own = _own_grain(down + gone[..., 1] / cell, across + gone[..., 0] / cell)
            new = between(fresh, *places)
            mixed = np.sqrt(1.0 - new) * own + np.sqrt(new) * _fresh_grain(rows, columns, origin)
            values: Grain = mixed.astype(np.float32)
            return values

        return moved


def _fresh_grain(rows: int, columns: int, origin: tuple[int, int]) -> Grain:
    return grain(rows, columns, (origin[0] + _ELSEWHERE, origin[1] + _ELSEWHERE))


def _own_grain(down: Cells, across: Cells) -> Cells:
    """Grain between cells: the mean of four, of the variance of one."""
    top, left = np.floor(down), np.floor(across)
    total, squares = np.zeros_like(down), np.zeros_like(down)
    for below in (0, 1):
        for beside in (0, 1):
            share = np.abs(1 - below - (down - top)) * np.abs(1 - beside - (across - left))
            rows, columns = (top + below).astype(np.int64), (left + beside).astype(np.int64)
            total += share * grain_at(rows, columns)
            squares += np.square(share)
    mean: Cells = total / np.sqrt(squares)
    return mean


def _area(offsets: Flow) -> Cells:
    """How much of the field of grain a cell spans; 1 where all goes the same way."""
    if min(offsets.shape[:2]) < 2:
        return np.ones(offsets.shape[:2], np.float32)
    by_row, by_column = np.gradient(offsets, axis=(0, 1))
    stretched = (1.0 + by_column[..., 0]) * (1.0 + by_row[..., 1])
    area: Cells = stretched - by_column[..., 1] * by_row[..., 0]
    return area
