"""Paints pictures that come in strips, with the same result as for those in memory.

A picture is gone through twice: for what is measured of it, a thumbnail or patches, and to be
painted by rows of tiles. Where a large one has opacity, it is gone through for that before, since
patches are where it is opaque. Rows are finished from top to bottom, and given out as they are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from impasto.core.arrays import RGB, Affine
from impasto.core.errors import SettingsError
from impasto.engine.collage import (
    Collage,
    View,
    box_of,
    everywhere,
    grid_over,
    is_large,
    view_of_small,
)
from impasto.engine.painter import Painter
from impasto.engine.strokes import Enlarger, check_room, painted_side, size_at
from impasto.engine.tiles import Box, Span, Tiling
from impasto.media.picture import Picture
from impasto.media.resize import resize_to
from impasto.media.strips import (
    Block,
    Held,
    Strips,
    fitted,
    gathered,
    resized,
    strip_thumbnail,
)
from impasto.media.strips_fill import Coarse, coarse_of, filled

Progress = Callable[[float], None]
"""Told how much is done, 0 to 1; never less than before."""

MEASURING: Final = 0.1
"""The share of the time that the first going through takes, roughly."""

_ROW_BYTES: Final = 8
"""For each column of a row of tiles: the photo, its opacity and the painting."""
_PIECE: Final = 2**20
"""Pixels that are finished at a time."""


def paint_strips(
    painter: Painter, open_picture: Callable[[], Strips], progress: Progress = lambda _: None
) -> Strips:
    """Paint a picture in strips; what `Painter.paint` gives for the whole.

    Args:
        painter: paints; its memory bounds what the tiles and rows take.
        open_picture: opens the picture from its top; called once for each time it is gone through.
        progress: told how far painting is.

    Returns:
        The painting. It is measured now, and painted while its blocks are taken.

    Raises:
        SettingsError: the memory is too small for one tile or for the picture at the stroke
            reference, or the painter has masks, which need the whole picture at once.
        ImpastoError: what the strips raise.
    """
    if painter.regions is not None:
        raise SettingsError(
            "too large to be painted with masks, which need the whole picture in memory: allow "
            "more memory, or paint a smaller copy"
        )
    first = open_picture()
    size = painter.settings.size or max(first.width, first.height)
    if not painter.paints and max(first.width, first.height) <= size:
        return _told(first, progress, 0.0)
    source = _Source(open_picture, size, coarse_of(first) if first.has_alpha else None)
    if not painter.paints:
        return _told(source.photo(), progress, 0.0)
    longest = min(size, max(first.width, first.height))
    side = painted_side(longest, painter.settings.stroke_reference)
    if side is not None:
        return _told(_with_strokes_of(painter, source, side), progress, MEASURING)
    return _told(_with_own_strokes(painter, source, progress), progress, MEASURING)


@dataclass(frozen=True)
class _Source:
    """A picture that can be opened again and again."""

    open: Callable[[], Strips]
    size: int
    """The longest side of the result."""
    coarse: Coarse | None
    """What fills it where it is transparent."""

    def whole(self) -> Strips:
        """The picture at its own size, filled."""
        strips = self.open()
        return strips if self.coarse is None else filled(strips, self.coarse)

    def photo(self) -> Strips:
        """What `Painter.prepare` makes of it."""
        return fitted(self.whole(), self.size)

    def box(self) -> Box | None:
        """Where the photo is opaque. Where patches are must be known before they can be taken."""
        blocks = fitted(self.open(), self.size).blocks
        return box_of(block.alpha for block in blocks if block.alpha is not None)


def _with_own_strokes(painter: Painter, source: _Source, progress: Progress) -> Strips:
    """Measure what `Painter.affine` does of the whole, and paint by rows of tiles."""
    photo = source.photo()
    tiling = painter.tiler.tiling(photo.height, photo.width, row_bytes=_ROW_BYTES * photo.width)
    seen = _told(photo, lambda share: progress(MEASURING * share), 0.0)
    affine = painter.affine_of(_view(source, seen, painter.model.thumbnail))
    blocks = _painted(painter, source.photo(), tiling, affine)
    return Strips(photo.width, photo.height, photo.has_alpha, blocks)


def _view(source: _Source, photo: Strips, size: int) -> View:
    """What `collage.view_of` sees of the whole; the photo is gone through."""
    grid = None
    if is_large(photo.height, photo.width, size):
        box = source.box() if photo.has_alpha else everywhere(photo.height, photo.width)
        grid = grid_over(box, photo.height, photo.width, size)
    if grid is None:
        return view_of_small(*strip_thumbnail(photo, size), size)
    collage = Collage(grid, photo.has_alpha)
    seen = _taken(photo, collage)
    if photo.has_alpha:
        small = strip_thumbnail(seen, size)
        return collage.view() or view_of_small(*small, size)
    for _ in seen.blocks:
        pass
    return View(collage.pixels, collage.weight, max(collage.pixels.shape[:2]))


def _taken(strips: Strips, collage: Collage) -> Strips:
    """The strips, of which a collage takes its patches as they come by."""

    def blocks() -> Iterator[Block]:
        for block in strips.blocks:
            collage.take(*block)
            yield block

    return Strips(strips.width, strips.height, strips.has_alpha, blocks())


def _told(strips: Strips, progress: Progress, done: float) -> Strips:
    """The strips, telling how much of them is there; `done` is what was before the first."""

    def blocks() -> Iterator[Block]:
        rows = 0
        for block in strips.blocks:
            rows += len(block.pixels)
            progress(1 - (1 - done) * (1 - rows / strips.height))
            yield block

    return Strips(strips.width, strips.height, strips.has_alpha, blocks())


def _painted(painter: Painter, photo: Strips, tiling: Tiling, affine: Affine) -> Iterator[Block]:
    """The painting, a block for each row of tiles."""
    held = Held(photo)
    for row in tiling.rows:
        rows = held.window(row.start, row.start + tiling.height)
        yield _painted_row(painter, rows, tiling, row, affine)


def _painted_row(painter: Painter, rows: Block, tiling: Tiling, row: Span, affine: Affine) -> Block:
    top = max(row.start, 0)
    kept = rows.rows(row.first - top, row.stop - top)
    painted = np.empty_like(kept.pixels)
    for columns, tile in painter.tiler.paint_row(rows.pixels, top, tiling, row, affine):
        painted[:, columns] = tile
    return _finished(painter, kept, painted)


def _finished(painter: Painter, photo: Block, painted: RGB) -> Block:
    """What `Painter.finish` makes of it, written over `painted`, a few rows at a time."""
    step = max(1, _PIECE // painted.shape[1])
    for top in range(0, len(painted), step):
        rows = slice(top, top + step)
        part = Picture(photo.pixels[rows], None, None, None, "PNG")
        painted[rows] = painter.finish(part, painted[rows]).pixels
    return Block(painted, photo.alpha)


def _with_strokes_of(painter: Painter, source: _Source, side: int) -> Strips:
    """What `Painter.paint` does for a stroke reference: a picture of that size is painted."""
    whole, photo = source.whole(), source.photo()
    check_room(whole.width, whole.height, side, painter.tiler.most_pixels)
    small = gathered(resized(whole, *size_at(whole.width, whole.height, side)))
    affine = painter.affine(small.pixels, small.alpha)
    painted = painter.paint_pixels(small.pixels, affine)
    enlarge = _enlarger(small.pixels, painted, photo.width, photo.height)

    def blocks() -> Iterator[Block]:
        top = 0
        for block in photo.blocks:
            yield _finished(painter, block, enlarge(block.pixels, top))
            top += len(block.pixels)

    return Strips(photo.width, photo.height, photo.has_alpha, blocks())


def _enlarger(small: RGB, painted: RGB, width: int, height: int) -> Callable[[RGB, int], RGB]:
    """What `strokes.brought_to` does, for some rows of the photo."""
    if height <= painted.shape[0] and width <= painted.shape[1]:
        result = resize_to(painted, width, height)
        return lambda photo, top: result[top : top + len(photo)].copy()
    return Enlarger(small, painted, width, height).rows
