"""Runs a paint graph over pictures of any size, by tiles where a whole picture does not fit."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from threading import Thread
from typing import Final
from weakref import WeakSet

import numpy as np

from impasto.core.arrays import RGB, Affine
from impasto.core.errors import EngineError, SettingsError
from impasto.core.memory import spare_memory
from impasto.engine.backend import Backend, Part, Session, is_out_of_memory
from impasto.engine.filters import filter_shapes, filters_of
from impasto.engine.grain import GrainSource, grain
from impasto.engine.model import Model
from impasto.engine.pixels import Batch, window
from impasto.engine.tiles import Box, Cost, Span, Tiling, around, bytes_per_pixel, make_tiling

HELD_BYTES: Final = 16
"""What a whole picture and its painting take for each pixel, from decoding to encoding."""

_ALWAYS: Final = 256 * 2**20
"""Bytes that are taken without asking how many are free."""
MOST_UNASKED: Final = 2**31
"""Bytes that are taken unasked, however many are free: larger tiles are hardly less work."""
_STRIPS: Final = (448 * 2**20, 900 * 2**20)
"""The least and the most that pictures which do not stand in memory get unasked; between the two a
byte a pixel. So 100 megapixels stay below 1 GB, all in all, and 1,000 below 1.5 GB."""

_WARM: Final = WeakSet[Backend]()
"""Those that have begun to paint."""


@dataclass(frozen=True, eq=False)
class _Brush:
    """What all tiles of a picture are painted with."""

    affine: Affine
    source: GrainSource = grain


class Tiler:
    """Paints with one model in one runtime; may be used from any thread.

    When the runtime reports that there is no memory for a tile, smaller ones are painted in its
    place, and such large ones are not tried again.

    Args:
        model: the model.
        backend: the runtime.
        memory: bytes that painting a picture may take; None takes what the machine can spare.
    """

    def __init__(self, model: Model, backend: Backend, memory: int | None = None) -> None:
        self.backend = backend
        self._model, self._memory = model, memory
        self._too_large = sys.maxsize
        """Pixels of the smallest tile for which there was no memory."""

    def tiling(self, height: int, width: int, *, row_bytes: int = 0, held: int = 0) -> Tiling:
        """The tiles of a picture of a size; for a small one it is one tile.

        Args:
            height: rows of the picture.
            width: its columns.
            row_bytes: what the caller holds for each row of a row of tiles, in bytes.
            held: what the caller holds besides; at least half of the memory is for tiles.

        Raises:
            SettingsError: the memory is too small for a single tile.
        """
        cost = Cost(self.bytes_per_pixel, row_bytes)
        if self._memory is not None:
            return make_tiling(height, width, self._model, cost, self._memory, held)
        if cost.of(height, width) <= _ALWAYS:
            return make_tiling(height, width, self._model, cost, 2 * _ALWAYS)
        most = min(max(_STRIPS[0], height * width), _STRIPS[1]) if row_bytes else MOST_UNASKED
        memory = max(_ALWAYS, min(most, spare_memory()))
        return make_tiling(height, width, self._model, cost, memory)

    def expect(self, height: int, width: int) -> None:
        """Load the graph for pictures of a size meanwhile, if none was painted by the backend yet.

        The first picture waits for two graphs, as it is measured before; now for the slower one.
        What fails is told when the picture is painted. Nothing is loaded whose tiles depend on how
        much memory is free: by then that may be less.
        """
        is_sure = self._memory is not None or self.bytes_per_pixel * height * width <= _ALWAYS
        if is_sure and self.backend not in _WARM:
            _WARM.add(self.backend)
            Thread(target=self._load, args=(height, width), name="impasto-load").start()

    def _load(self, height: int, width: int) -> None:
        with suppress(Exception):  # painting meets it again
            tiling = self.tiling(height, width, held=HELD_BYTES * height * width)
            self._session(tiling.height, tiling.width)

    def _session(self, height: int, width: int) -> Session:
        """The graph for tiles of a size."""
        cell = self._model.grain_cell
        shapes = {
            "image": (1, height, width, 3),
            "affine": (2, self._model.channels),
            "grain": (1, 1, height // cell, width // cell),
            **filter_shapes(self._model),
        }
        return self.backend.load(self._model.paint_graph, shapes)

    @property
    def bytes_per_pixel(self) -> int:
        """What the runtime takes for each pixel of a tile."""
        return bytes_per_pixel(self._model, self.backend.info)

    @property
    def most_pixels(self) -> int:
        """How large a picture may be that is made in memory beside the one that was given."""
        if self._memory is not None:
            return self._memory // 2 // HELD_BYTES  # the other half is for tiles
        return max(_ALWAYS, spare_memory()) // HELD_BYTES

    def paint(self, pixels: RGB, affine: Affine, source: GrainSource = grain) -> RGB:
        """Run the graph over a whole picture with an affine; same height and width.

        Args:
            pixels: the picture.
            affine: what to paint with.
            source: gives the grain.

        Raises:
            SettingsError: the memory is too small for a single tile.
            EngineError: the runtime refuses.
        """
        tiling = self.tiling(*pixels.shape[:2], held=HELD_BYTES * pixels.size // 3)
        if tiling.is_whole:
            row, column = tiling.rows[0], tiling.columns[0]
            return self.paint_tile(pixels, 0, tiling, row, column, affine, source)
        painted = np.empty_like(pixels)
        for row in tiling.rows:
            for columns, tile in self.paint_row(pixels, 0, tiling, row, affine, source):
                painted[row.first : row.stop, columns] = tile
        return painted

    def paint_box(
        self, pixels: RGB, box: Box, affine: Affine, *, held: int = 0, shapes: int = 1
    ) -> RGB:
        """Paint a part of a picture: the pixels that `paint` gives there, for less work.

        Args:
            pixels: the whole picture.
            box: the part.
            affine: what to paint with.
            held: bytes that the caller holds beside the picture.
            shapes: how many parts the caller paints: each has a graph of its own as long as all
                fit into the memory. Else the tiles of the whole picture are taken, of one shape.

        Raises:
            SettingsError: the memory is too small for a single tile.
            EngineError: the runtime refuses.
        """
        model, (height, width) = self._model, pixels.shape[:2]
        held += HELD_BYTES * height * width
        rows, columns = around(box.rows, height, model), around(box.columns, width, model)
        size = (rows.stop - rows.start, columns.stop - columns.start)
        if not self._has_room(shapes * self.bytes_per_pixel * size[0] * size[1], held):
            return self._paint_touched(pixels, box, affine, self.tiling(height, width, held=held))
        batch = window(pixels, rows.start, columns.start, *size)
        origin = (rows.start + model.margin, columns.start + model.margin)
        part = (slice(0, 1), _from(rows.start, box.rows), _from(columns.start, box.columns))
        painted: RGB = self._run(batch, _Brush(affine), origin, part)[0]
        return painted

    def _has_room(self, needed: int, held: int) -> bool:
        """Whether graphs that take so much may be kept beside each other."""
        if self._memory is not None:
            return needed <= max(self._memory - held, self._memory // 2)
        return needed <= _ALWAYS or needed <= min(MOST_UNASKED, spare_memory())

    def _paint_touched(self, pixels: RGB, box: Box, affine: Affine, tiling: Tiling) -> RGB:
        """Paint a part of a picture by those of its tiles that keep some of it."""
        painted = np.empty((box.height, box.width, 3), np.uint8)
        for row, column in product(tiling.rows, tiling.columns):
            rows, columns = _shared(box.rows, row), _shared(box.columns, column)
            if rows.start < rows.stop and columns.start < columns.stop:
                tile = self.paint_tile(pixels, 0, tiling, row, column, affine)
                kept = tile[_from(row.first, rows), _from(column.first, columns)]
                painted[_from(box.rows.start, rows), _from(box.columns.start, columns)] = kept
        return painted

    def paint_row(
        self,
        pixels: RGB,
        top: int,
        tiling: Tiling,
        row: Span,
        affine: Affine,
        source: GrainSource = grain,
    ) -> Iterator[tuple[slice, RGB]]:
        """Paint the tiles of a row, one after the other.

        Args:
            pixels: rows of the picture: at least those from `row.start` on that the tiles are high.
            top: which row of the picture the first of them is.
            tiling: the tiles.
            row: one of its rows.
            affine: what to paint with.
            source: gives the grain.

        Yields:
            The columns of the picture that a tile keeps, and their painting.
        """
        for column in tiling.columns:
            columns = slice(column.first, column.stop)
            yield columns, self.paint_tile(pixels, top, tiling, row, column, affine, source)

    def paint_tile(
        self,
        pixels: RGB,
        top: int,
        tiling: Tiling,
        row: Span,
        column: Span,
        affine: Affine,
        source: GrainSource = grain,
    ) -> RGB:
        """What a tile keeps of its painting; the arguments are those of `paint_row`."""
        place = (row.start - top, column.start)
        batch = window(pixels, *place, tiling.height, tiling.width)
        origin = (row.start + self._model.margin, column.start + self._model.margin)
        part = (slice(0, 1), row.kept, column.kept)
        painted: RGB = self._run(batch, _Brush(affine, source), origin, part)[0]
        return painted

    def _run(self, batch: Batch, brush: _Brush, origin: tuple[int, int], part: Part) -> Batch:
        """Run the graph on a window whose first pixel lies at `origin` of the padded picture."""
        size = batch.shape[1] * batch.shape[2]
        if size >= self._too_large:
            pieces: Batch = np.ascontiguousarray(self._in_pieces(batch, brush, origin)[part])
            return pieces
        try:
            return self._run_at_once(batch, brush, origin, part)
        except EngineError as error:
            if not is_out_of_memory(error) or not self._can_shrink(batch, size):
                raise
            self._too_large = size
        return self._run(batch, brush, origin, part)

    def _run_at_once(
        self, batch: Batch, brush: _Brush, origin: tuple[int, int], part: Part
    ) -> Batch:
        cell = self._model.grain_cell
        rows, columns = (side // cell for side in batch.shape[1:3])
        field = brush.source(rows, columns, (origin[0] // cell, origin[1] // cell))
        inputs = {"image": batch, "affine": brush.affine, "grain": field}
        inputs |= filters_of(self.backend, self._model, brush.affine)
        painted: Batch = self._session(*batch.shape[1:3]).run(inputs, part)
        return painted

    def _in_pieces(self, batch: Batch, brush: _Brush, origin: tuple[int, int]) -> Batch:
        """The same as `_run` gives, by tiles of less than half the pixels that were too many."""
        tiling = self._pieces(batch, self._too_large)
        painted = np.empty_like(batch)
        for row, column in product(tiling.rows, tiling.columns):
            place = (origin[0] + row.start, origin[1] + column.start)
            piece = window(batch[0], row.start, column.start, tiling.height, tiling.width)
            kept = (slice(0, 1), row.kept, column.kept)
            done = self._run(piece, brush, place, kept)
            painted[0, row.first : row.stop, column.first : column.stop] = done[0]
        return painted

    def _pieces(self, batch: Batch, too_large: int) -> Tiling:
        bare = replace(self._model, margin=0)  # a window has its margin already
        return make_tiling(batch.shape[1], batch.shape[2], bare, Cost(1), (too_large - 1) // 2)

    def _can_shrink(self, batch: Batch, too_large: int) -> bool:
        try:
            self._pieces(batch, too_large)
        except SettingsError:
            return False
        return True


def _from(start: int, lines: slice) -> slice:
    """Lines of a picture, counted in a window that starts there."""
    return slice(lines.start - start, lines.stop - start)


def _shared(lines: slice, span: Span) -> slice:
    """Which of some lines a tile keeps; empty or turned round if none."""
    return slice(max(lines.start, span.first), min(lines.stop, span.stop))
