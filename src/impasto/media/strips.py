"""Pictures larger than memory: rows from top to bottom, a few at a time.

What is done to a picture as a whole elsewhere is done here to its strips, with the same result, to
the last bit but for what floating point rounds at the ends of a strip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from impasto.core.arrays import RGB, Alpha
from impasto.core.shapes import UInt8
from impasto.media.resize import bounded_size

Plane = UInt8[np.ndarray, "rows width *channels"]

_LANCZOS_SUPPORT: Final = 3
_SPARE_ROWS: Final = 2
_PIECE: Final = 2**22
"""Pixels of a source that are resized at a time."""


class Block(NamedTuple):
    """Some rows of a picture, all columns."""

    pixels: RGB
    alpha: Alpha | None = None

    def rows(self, first: int, stop: int) -> "Block":
        """Some of them."""
        alpha = None if self.alpha is None else self.alpha[first:stop]
        return Block(self.pixels[first:stop], alpha)


@dataclass(frozen=True)
class Strips:
    """A picture that comes in blocks, from top to bottom; it can be gone through once."""

    width: int
    height: int
    has_alpha: bool
    blocks: Iterator[Block]
    """Of any heights, which sum to the picture's."""


class Held:
    """A window on strips that moves down; what is above it is forgotten.

    The arrays that it hands out are written over when the window moves.
    """

    def __init__(self, strips: Strips) -> None:
        self._strips = strips
        self._first = self._stop = 0
        self._rest: Block | None = None
        self._held = self._room(0)

    def window(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`, as far as there are any.

        Windows overlap or touch: `start` is never above that of the window before, nor below its
        `stop`.
        """
        start, stop = (min(max(line, 0), self._strips.height) for line in (start, stop))
        self._forget_above(start, stop)
        while self._stop < stop:
            self._take(stop - self._stop)
        return self._held.rows(start - self._first, stop - self._first)

    def _room(self, rows: int) -> Block:
        width = self._strips.width
        alpha = np.empty((rows, width), np.uint8) if self._strips.has_alpha else None
        return Block(np.empty((rows, width, 3), np.uint8), alpha)

    def _forget_above(self, start: int, stop: int) -> None:
        """Move what stays to the top of the memory that is there, or of more if need be."""
        kept = self._held.rows(start - self._first, self._stop - self._first)
        needed = max(stop, self._stop) - start
        if needed > len(self._held.pixels):
            self._held = self._room(needed)
        self._put(kept, 0)
        self._first = start

    def _take(self, most: int) -> None:
        block = self._rest if self._rest is not None else next(self._strips.blocks)
        rows = min(most, len(block.pixels))
        self._put(block.rows(0, rows), self._stop - self._first)
        self._rest = block.rows(rows, len(block.pixels)) if rows < len(block.pixels) else None
        self._stop += rows

    def _put(self, block: Block, at: int) -> None:
        rows = slice(at, at + len(block.pixels))
        self._held.pixels[rows] = block.pixels
        if self._held.alpha is not None and block.alpha is not None:
            self._held.alpha[rows] = block.alpha


def fitted(strips: Strips, size: int) -> Strips:
    """The strips with their long side at most `size` pixels, as `resize.fit_long_side` does."""
    return resized(strips, *bounded_size(strips.width, strips.height, size))


def resized(strips: Strips, width: int, height: int) -> Strips:
    """The strips at another size (Lanczos), as `resize.resize_to` does."""
    if (width, height) == (strips.width, strips.height):
        return strips
    scale = strips.height / height
    step = max(1, int(_PIECE / (strips.width * scale)))
    reach = int(_LANCZOS_SUPPORT * max(scale, 1.0)) + _SPARE_ROWS

    def blocks() -> Iterator[Block]:
        held = Held(strips)
        for top in range(0, height, step):
            bottom = min(top + step, height)
            first = max(0, int(top * scale) - reach)
            seen = held.window(first, int(bottom * scale) + reach)
            above, below = top * scale - first, min(bottom * scale - first, len(seen.pixels))
            ends = (above, below)
            yield Block(*(_lanczos(each, width, bottom - top, ends) for each in _planes(seen)))

    return Strips(width, height, strips.has_alpha, blocks())


def _lanczos(plane: Plane, width: int, rows: int, ends: tuple[float, float]) -> Plane:
    """Columns first, then rows, as `resize` does."""
    how = Image.Resampling.LANCZOS
    narrow = Image.fromarray(plane).resize((width, len(plane)), how)
    return np.asarray(narrow.resize((width, rows), how, (0.0, ends[0], float(width), ends[1])))


def strip_thumbnail(strips: Strips, size: int) -> Block:
    """Go through all strips; the same as `resize.thumbnail` of the whole picture and its alpha."""
    width, height = bounded_size(strips.width, strips.height, size)
    narrow = [[_narrowed(plane, width) for plane in _planes(block)] for block in strips.blocks]
    whole = (np.concatenate(parts) for parts in zip(*narrow, strict=True))
    return Block(*(_shortened(plane, height) for plane in whole))


def _planes(block: Block) -> list[Plane]:
    return [plane for plane in block if plane is not None]


def _narrowed(plane: Plane, width: int) -> Plane:
    image = Image.fromarray(plane)
    return np.asarray(image.resize((width, image.height), Image.Resampling.BOX))


def _shortened(plane: Plane, height: int) -> Plane:
    image = Image.fromarray(plane)
    return np.asarray(image.resize((image.width, height), Image.Resampling.BOX))


def gathered(strips: Strips) -> Block:
    """Go through all strips; the picture as a whole, which must fit into memory."""
    return Held(strips).window(0, strips.height)
