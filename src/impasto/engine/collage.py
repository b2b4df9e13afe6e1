"""What is measured of a picture: a thumbnail, or of all but small ones patches at its own scale.

A thumbnail looks different from near: fine texture is gone, and what is soft at full size is sharp,
so deviations are not those that painting meets. Patches from an even grid have those, and many
small ones tell them better than few large ones. They are measured side by side, in one collage,
because deep sites see what the code made of earlier ones: the patches are normalised by what is
common to them, as the whole picture would be.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from impasto.core.arrays import RGB, Alpha, Weight
from impasto.core.shapes import Float32, Int64
from impasto.engine.tiles import Box
from impasto.media.resize import thumbnail

LARGE: Final = 1.5
"""A picture whose long side is at least so many thumbnails is measured in patches."""
LAYOUTS: Final = ((8, 8), (12, 8), (16, 8))
"""Patches across and down, and how many of their sides go into a thumbnail's long side.

Few, as each makes a graph. Many small patches tell more than few large ones of as many pixels.
"""
COVERED: Final = 0.34
"""A collage's side is at least this share of the picture's, where a layout is so large."""
SEAMS: Final = 8
"""At each edge of a patch one part in so many weighs nothing: it sees the patch beside it."""

_LEAST: Final = 1 / 16
"""A collage that weighs less than this part of a whole opaque one says too little."""
_HALF: Final = 128
"""Opacity from which on patches are looked for: a haze of 1/255 must not draw them to itself."""


@dataclass(frozen=True, eq=False)
class View:
    """What is measured of a picture."""

    pixels: RGB
    weight: Weight
    """How much each pixel counts; not all 0."""
    side: int
    """Of the square that it is measured on: pictures that share one share a compiled graph."""


@dataclass(frozen=True)
class Grid:
    """Where the patches of a picture are: one for each top with each left."""

    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    height: int
    """Of each patch."""
    width: int
    seam: int
    """Pixels at each edge of a patch that weigh nothing."""
    side: int
    """Of a patch in a picture that has room for it."""

    @property
    def rows(self) -> Int64[np.ndarray, " rows"]:
        """The row of the picture that each row of the collage is of."""
        return np.concatenate([np.arange(top, top + self.height) for top in self.tops])

    @property
    def columns(self) -> Int64[np.ndarray, " columns"]:
        """The column of the picture that each column of the collage is of."""
        return np.concatenate([np.arange(left, left + self.width) for left in self.lefts])

    @property
    def seen(self) -> int:
        """How many pixels weigh 1."""
        high, wide = (max(0, side - 2 * self.seam) for side in (self.height, self.width))
        return len(self.tops) * high * len(self.lefts) * wide

    def is_enough(self, weight: float) -> bool:
        """Whether patches say enough that weigh so much in all."""
        return weight >= _LEAST * (len(self.tops) * (self.side - 2 * self.seam)) ** 2

    def weight(self) -> Weight:
        """What each pixel of the collage weighs: 1, and at the edges of each patch 0."""
        down = self._line(len(self.tops), self.height)
        weight: Weight = down[:, None] * self._line(len(self.lefts), self.width)
        return weight

    def _line(self, count: int, side: int) -> Float32[np.ndarray, " lines"]:
        patch = np.zeros(side, np.float32)
        patch[self.seam : side - self.seam] = 1.0
        line: Float32[np.ndarray, " lines"] = np.tile(patch, count)
        return line


class Collage:
    """The patches of a picture, which comes as a whole or in rows from top to bottom.

    Args:
        grid: where they are.
        has_alpha: whether the picture comes with opacity.
    """

    def __init__(self, grid: Grid, has_alpha: bool = False) -> None:
        self._grid, self._rows = grid, grid.rows
        shape = (len(self._rows), len(grid.lefts) * grid.width)
        self.pixels: RGB = np.zeros((*shape, 3), np.uint8)
        """In the order that they have in the picture."""
        self._alpha = np.zeros(shape, np.uint8) if has_alpha else None
        self._row = 0

    def take(self, pixels: RGB, alpha: Alpha | None = None) -> None:
        """Copy what the next rows of the picture have of the patches; nothing of them is kept."""
        start, self._row = self._row, self._row + len(pixels)
        here = np.flatnonzero((self._rows >= start) & (self._rows < self._row))
        rows = self._rows[here] - start
        width = self._grid.width
        # A column of patches at a time: NumPy copies lines of them, and not pixel by pixel.
        for index, left in enumerate(self._grid.lefts):
            to, of = (slice(start, start + width) for start in (index * width, left))
            self.pixels[here, to] = pixels[rows, of]
            if self._alpha is not None and alpha is not None:
                self._alpha[here, to] = alpha[rows, of]

    @property
    def weight(self) -> Weight:
        """What each pixel weighs: as opaque as it is, and at the edges of each patch 0."""
        weight = self._grid.weight()
        return weight if self._alpha is None else weight * (self._alpha / np.float32(255))

    def view(self) -> View | None:
        """The collage, or None if too little of it weighs anything."""
        weight = self.weight
        total = self._grid.seen if self._alpha is None else float(weight.sum())
        if not self._grid.is_enough(total):
            return None
        return View(self.pixels, weight, max(self.pixels.shape[:2]))


def view_of(pixels: RGB, alpha: Alpha | None, size: int) -> View:
    """What is measured of a picture.

    Args:
        pixels: the picture; transparent pixels filled.
        alpha: how much each pixel counts; None: all the same.
        size: long side of its thumbnail.
    """
    height, width = pixels.shape[:2]
    grid = None
    if is_large(height, width, size):
        box = everywhere(height, width) if alpha is None else box_of([alpha])
        grid = grid_over(box, height, width, size)
    if grid is not None:
        collage = Collage(grid, alpha is not None)
        collage.take(pixels, alpha)
        view = collage.view()
        if view is not None:
            return view
    small = None if alpha is None else thumbnail(alpha, size)
    return view_of_small(thumbnail(pixels, size), small, size)


def view_of_small(small: RGB, alpha: Alpha | None, size: int) -> View:
    """What is measured of a picture by its thumbnail, and that of its opacity.

    Args:
        small: the thumbnail.
        alpha: that of the opacity; None is opaque.
        size: the longest side that a thumbnail may have.
    """
    if alpha is not None and alpha.any():
        return View(small, alpha / np.float32(255), size)
    # Opaque, or so transparent that nothing weighs more than anything else.
    return View(small, np.ones(small.shape[:2], np.float32), size)


def is_large(height: int, width: int, size: int) -> bool:
    """Whether a picture is measured in patches, if there is enough to see of it.

    Args:
        height: of the picture in pixels.
        width: of the picture in pixels.
        size: long side of its thumbnail.
    """
    return max(height, width) >= LARGE * size


def everywhere(height: int, width: int) -> Box:
    """A whole picture."""
    return Box(slice(0, height), slice(0, width))


def box_of(planes: Iterable[Alpha]) -> Box | None:
    """The smallest box around all that is at least half opaque; None if nothing is.

    Args:
        planes: the opacity of a picture, some rows at a time from the top.
    """
    down, across = zip(*((plane.max(axis=1), plane.max(axis=0)) for plane in planes), strict=True)
    rows = np.flatnonzero(np.concatenate(down) >= _HALF)
    columns = np.flatnonzero(np.max(across, axis=0) >= _HALF)
    if rows.size == 0:
        return None
    return Box(*(slice(int(each[0]), int(each[-1]) + 1) for each in (rows, columns)))


def grid_over(box: Box | None, height: int, width: int, size: int) -> Grid | None:
    """Where the painter's patches of a large picture are; None where they would say too little.

    Args:
        box: the part of the picture that counts; None if nothing does.
        height: of the picture in pixels.
        width: of the picture in pixels.
        size: long side of its thumbnail.
    """
    if box is None:
        return None
    grid = spread(box, height, width, *layout_of(height, width, size))
    return grid if grid.is_enough(grid.seen) else None


def spread(box: Box, height: int, width: int, count: int, side: int) -> Grid:
    """Patches spread evenly over a part of a picture.

    Each is in the middle of its share of the part, if the picture has room for it there. They
    overlap where the part is short, and are smaller where the picture is.

    Args:
        box: the part.
        height: of the picture in pixels.
        width: of the picture in pixels.
        count: patches across and down.
        side: of a patch in pixels.
    """
    high, wide = min(side, height), min(side, width)
    tops = _starts(box.rows, height, count, high)
    lefts = _starts(box.columns, width, count, wide)
    return Grid(tops, lefts, high, wide, side // SEAMS, side)


def _starts(part: slice, length: int, count: int, side: int) -> tuple[int, ...]:
    extent = part.stop - part.start
    middles = (part.start + (index + 0.5) * extent / count for index in range(count))
    return tuple(min(max(round(middle - side / 2), 0), length - side) for middle in middles)


def layout_of(height: int, width: int, size: int) -> tuple[int, int]:
    """How many patches across and down a picture is measured by, and their side in pixels."""
    layouts = [(count, max(1, size // parts)) for count, parts in LAYOUTS]
    wanted = COVERED * math.sqrt(height * width)
    return next((each for each in layouts if each[0] * each[1] >= wanted), layouts[-1])
