"""Fills transparent pixels of a picture in strips, as `alpha.extend_edges` does of a whole one.

That halves a picture until no hole is left, and fills the holes of each size from the one below.
The smallest sizes are made once, of the whole picture, and kept; the larger ones are made again
of the strip that is wanted and of the few rows around it that matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from impasto.core.arrays import RGB
from impasto.media.alpha import Colours, Mask, fill_holes, halved, rounded
from impasto.media.strips import Block, Held, Strips

_KEPT_PIXELS: Final = 2**20
"""The most pixels of what is kept whole."""
_ROWS: Final = 256
"""How many rows are filled at a time, at least."""
_CONTEXT: Final = 8
"""Rows above and below a strip that matter, counted in the smallest size: twice what is needed."""


@dataclass(frozen=True, eq=False)
class Coarse:
    """A small copy of a picture without holes."""

    levels: int
    """How often the picture was halved."""
    pixels: RGB | None
    """None if the whole picture is transparent, and there is nothing to fill it from."""


@dataclass(frozen=True, eq=False)
class _Level:
    """Some rows of a picture that was halved a few times."""

    colours: RGB | Colours
    opaque: Mask
    first: int
    """Which row of the halved picture is the first of them."""
    height: int
    """Of the whole halved picture."""

    def halved(self) -> "_Level":
        """What half of it is; `first` must be even."""
        return _Level(*halved(self.colours, self.opaque), self.first // 2, (self.height + 1) // 2)


def coarse_of(strips: Strips) -> Coarse:
    """Go through all strips of a picture with opacity, and make the small copy."""
    levels = _levels(strips)
    step = max(_ROWS, 2**levels)
    held, colours, masks = Held(strips), list[RGB | Colours](), list[Mask]()
    for top in range(0, strips.height, step):
        part = _pyramid(held.window(top, top + step), top, strips.height, levels)[-1]
        colours.append(part.colours.copy())  # what is not halved is the window's own memory
        masks.append(part.opaque)
    opaque = np.concatenate(masks)
    if not opaque.any():
        return Coarse(levels, None)
    return Coarse(levels, fill_holes(np.concatenate(colours), opaque))


def filled(strips: Strips, coarse: Coarse) -> Strips:
    """The strips with transparent pixels filled; `coarse` is that of the same picture."""

    def blocks() -> Iterator[Block]:
        held, unit = Held(strips), 2**coarse.levels
        step, context = max(_ROWS, unit), _CONTEXT * unit
        for top in range(0, strips.height, step):
            first, bottom = max(0, top - context), min(top + step, strips.height)
            seen = held.window(first, bottom + context)
            alpha = seen.rows(top - first, bottom - first).alpha
            yield Block(_filled(seen, first, (top, bottom), strips.height, coarse), alpha)

    return Strips(strips.width, strips.height, strips.has_alpha, blocks())


def _levels(strips: Strips) -> int:
    levels, pixels = 0, strips.width * strips.height
    while pixels > _KEPT_PIXELS:
        levels, pixels = levels + 1, pixels // 4
    return levels


def _pyramid(block: Block, first: int, height: int, levels: int) -> list[_Level]:
    """Rows and their halves, the finest first."""
    opaque = np.ones(block.pixels.shape[:2], bool) if block.alpha is None else block.alpha > 0
    pyramid = [_Level(block.pixels, opaque, first, height)]
    for _ in range(levels):
        pyramid.append(pyramid[-1].halved())
    return pyramid


def _filled(seen: Block, first: int, wanted: tuple[int, int], height: int, coarse: Coarse) -> RGB:
    """The rows `wanted` of the picture, from the rows that are seen, which begin at `first`."""
    pixels = seen.pixels[wanted[0] - first : wanted[1] - first]
    if coarse.pixels is None or seen.alpha is None:
        return pixels
    if seen.alpha[wanted[0] - first : wanted[1] - first].all():
        return pixels
    pyramid = _pyramid(seen, first, height, coarse.levels)
    below, start = coarse.pixels, 0
    if coarse.levels == 0:
        return below[wanted[0] : wanted[1]]
    spans = [wanted]
    for level in pyramid[1:-1]:
        top, bottom = spans[-1]
        spans.append((max(0, top // 2 - 2), min(-(-bottom // 2) + 2, level.height)))
    for level, span in zip(reversed(pyramid[:-1]), reversed(spans), strict=True):
        below, start = _filled_level(level, span, below, start), span[0]
    return below


def _filled_level(level: _Level, span: tuple[int, int], below: RGB, start: int) -> RGB:
    """Rows of a level, its holes filled from the next one, of which there are rows from `start`."""
    rows = slice(span[0] - level.first, span[1] - level.first)
    colours, opaque = level.colours[rows], level.opaque[rows]
    scale = ((level.height + 1) // 2) / level.height
    ends = (max(0.0, end * scale - start) for end in span)
    above, under = (min(end, float(len(below))) for end in ends)
    box = (0.0, above, float(below.shape[1]), under)
    size = (opaque.shape[1], opaque.shape[0])
    larger = Image.fromarray(below).resize(size, Image.Resampling.BILINEAR, box)
    return np.where(opaque[..., None], rounded(colours), np.asarray(larger))
