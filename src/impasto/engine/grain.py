"""Grain: the noise from which a trunk makes strokes where a picture has nothing to start from.

A function of the place alone: the same picture is painted the same, and a tile of a picture gets
what the whole would have there.
"""

from typing import Protocol

import numpy as np

from impasto.core.shapes import Float32, Int64, UInt32
from impasto.engine.model import Model
from impasto.engine.pixels import Batch

Grain = Float32[np.ndarray, "1 1 rows columns"]
"""One number a cell: mean 0, variance 1."""

_HIGHEST = 3**0.5


class GrainSource(Protocol):
    """Gives the grain of any part of a picture."""

    def __call__(self, rows: int, columns: int, origin: tuple[int, int] = ..., /) -> Grain:
        """The grain of so many cells, the first at row and column `origin` of the picture."""
        ...


def grain(rows: int, columns: int, origin: tuple[int, int] = (0, 0)) -> Grain:
    """The grain of a field of cells: uniform numbers.

    Args:
        rows: cells from top to bottom.
        columns: cells from left to right.
        origin: row and column of the first cell in the whole picture, from 0 on.
    """
    first, left = origin
    down = np.arange(first, first + rows, dtype=np.int64)[:, None]
    across = np.arange(left, left + columns, dtype=np.int64)[None]
    return grain_at(down, across)[None, None]


def grain_of(model: Model, padded: Batch) -> dict[str, Grain]:
    """The grain that a padded picture is painted with, as an input of the graphs."""
    rows, columns = (side // model.grain_cell for side in padded.shape[1:3])
    return {"grain": grain(rows, columns)}


def grain_at(
    down: Int64[np.ndarray, "rows _"], across: Int64[np.ndarray, "_ columns"]
) -> Float32[np.ndarray, "rows columns"]:
    """The grain of cells at any rows and columns; it goes on to all sides."""
    mixed = _scrambled(_scrambled(down.astype(np.uint32)) + across.astype(np.uint32))
    share = mixed.astype(np.float64) / 2.0**32
    values: Float32[np.ndarray, "rows columns"]
    values = ((2.0 * share - 1.0) * _HIGHEST).astype(np.float32)
    return values


def _scrambled(x: UInt32[np.ndarray, "..."]) -> UInt32[np.ndarray, "..."]:
    """An integer hash of 32 bits: Wellons 2018, "Prospecting for Hash Functions" (lowbias32)."""
    mixed: UInt32[np.ndarray, ...] = x ^ (x >> np.uint32(16))
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
    mixed ^= mixed >> np.uint32(16)
    return mixed
