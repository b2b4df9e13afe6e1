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
from impasto.core.shapes import UInt8
from impasto.engine.tiles import Box
from impasto.media.resize import thumbnail

LARGE: Final = 1.5
"""A picture whose long side is at least so many thumbnails is measured in patches."""
PARTS: Final = 8
"""A thumbnail's long side has room for so many patches."""
COVERED: Final = 0.375
"""The sides of a collage are this share of the picture's, hence a seventh of its pixels."""
COUNTS: Final = (6, 16)
"""The fewest and the most patches across and down; they are even, as each makes a graph."""
SEAM: Final = 4
"""Pixels at the edges of a patch that weigh nothing: they see its neighbour in the collage."""

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

    def weight(self) -> Weight:
        """What each pixel of the collage weighs: 1, and at the edges of each patch 0."""
        patch = np.zeros((self.height, self.width), np.float32)
        patch[SEAM : self.height - SEAM, SEAM : self.width - SEAM] = 1.0
        return np.tile(patch, (len(self.tops), len(self.lefts)))


class Collage:
    """The patches of a picture, which comes as a whole or in rows from top to bottom.

    Args:
        grid: where they are.
        has_alpha: whether the picture comes with opacity.
    """

    def __init__(self, grid: Grid, has_alpha: bool = False) -> None:
        rows, columns = len(grid.tops) * grid.height, len(grid.lefts) * grid.width
        self.pixels: RGB = np.zeros((rows, columns, 3), np.uint8)
        """In the order that they have in the picture."""
        self._grid = grid
        self._alpha = np.zeros((rows, columns), np.uint8) if has_alpha else None
        self._row = 0

    def take(self, pixels: RGB, alpha: Alpha | None = None) -> None:
        """Copy what the next rows of the picture have of the patches; nothing of them is kept."""
        start, height = self._row, self._grid.height
        self._row += len(pixels)
        for index, top in enumerate(self._grid.tops):
            first, stop = max(start, top), min(self._row, top + height)
            if first >= stop:
                continue
            seen = slice(first - start, stop - start)
            rows = slice(index * height + first - top, index * height + stop - top)
            self._copy(pixels[seen], self.pixels[rows])
            if self._alpha is not None and alpha is not None:
                self._copy(alpha[seen], self._alpha[rows])

    def _copy(self, rows: UInt8[np.ndarray, "..."], into: UInt8[np.ndarray, "..."]) -> None:
        width = self._grid.width
        for index, left in enumerate(self._grid.lefts):
            into[:, index * width : (index + 1) * width] = rows[:, left : left + width]

    @property
    def weight(self) -> Weight:
        """What each pixel weighs: as opaque as it is, and at the edges of each patch 0."""
        weight = self._grid.weight()
        return weight if self._alpha is None else weight * (self._alpha / np.float32(255))

    def view(self, size: int) -> View | None:
        """The collage, or None if too little of it weighs anything.

        Args:
            size: long side of the picture's thumbnail.
        """
        weight = self.weight
        if not _is_enough(weight, len(self._grid.tops), patch_side(size)):
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
        view = collage.view(size)
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
    side = patch_side(size)
    count = count_over(height, width, side)
    grid = spread(box, height, width, count, side)
    return grid if _is_enough(grid.weight(), count, side) else None


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
    return Grid(tops, _starts(box.columns, width, count, wide), high, wide)


def _starts(part: slice, length: int, count: int, side: int) -> tuple[int, ...]:
    middles = part.start + (np.arange(count) + 0.5) * (part.stop - part.start) / count
    return tuple(int(np.clip(round(middle - side / 2), 0, length - side)) for middle in middles)


def count_over(height: int, width: int, side: int) -> int:
    """How many patches across and down a picture is measured by; they are of `side` pixels."""
    wanted = COVERED * math.sqrt(height * width) / side
    return min(max(2 * math.floor(wanted / 2 + 0.5), COUNTS[0]), COUNTS[1])


def patch_side(size: int) -> int:
    """The side of a patch in pixels, where thumbnails have a long side of `size`."""
    return max(2 * SEAM + 1, size // PARTS)


def _is_enough(weight: Weight, count: int, side: int) -> bool:
    return bool(weight.sum() >= _LEAST * (count * (side - 2 * SEAM)) ** 2)
