"""Strokes of a set size: a picture is painted at one size and brought to another.

What is painted small is enlarged beside its photo. Strokes are enlarged as they are, and where the
painting follows the photo (an edge, a feather, a letter) it is made as sharp as the photo is: a
guided filter (He, Sun and Tang 2010) fits the painting around each pixel as `gain * photo + rest`
at the small size, as in the fast guided filter (He and Sun 2015), and what the photo has beyond its
small copy is added `gain` times. Other than there the rest of the fit is kept: it is the strokes.
"""

from dataclasses import replace
from math import ceil, floor

import numpy as np
from PIL import Image

from impasto.core.arrays import RGB
from impasto.core.errors import SettingsError
from impasto.core.shapes import Float32, UInt8
from impasto.engine.tiles import Box
from impasto.media.color import luminance
from impasto.media.image import Picture
from impasto.media.resize import resize_to

Gains = UInt8[np.ndarray, "height width 3"]
"""How much of the photo's detail each colour takes: 128 none, 192 all, 64 all of its negative."""
Field = Float32[np.ndarray, "height width channels"]

RADIUS = 2
"""Of the window of a fit, in pixels of the small picture: 5 x 5 is about the width of a stroke."""
FLAT = 64.0
"""Variance, in squared levels, below which a window of the photo counts as flat and its noise is
not taken over."""
STEEPEST = 1.0
"""The highest gain: the photo's detail is never amplified, for its noise would become specks."""
SMALLEST = 64
"""Long side below which a picture is painted enlarged: what is left of 16 x 16 pixels at the
trunk's coarsest level is one, without deviations, and the painting came out bright green."""
STRIP = 64
"""Rows that are enlarged at a time, always the same ones, whoever asks for which rows."""

_LANCZOS = 3
"""Pixels that Lanczos looks at to each side, of the larger of two sizes."""
_BAND = 256
_NONE, _ONE = 128, 64
"""Gains are stored as `128 + 64 * gain`, so that a product with a difference fits 16 bits."""


class Enlarger:
    """Brings a small painting to the size of its photo, in rows, as many at a time as one likes.

    Every row comes out the same whichever others are asked for with it, and no other row of the
    photo is looked at: a picture larger than memory is enlarged piece by piece.

    Args:
        photo: the photo at the painting's size.
        painted: the painting.
        width: of the result in pixels.
        height: of the result in pixels.
    """

    def __init__(self, photo: RGB, painted: RGB, width: int, height: int) -> None:
        self._painted = Image.fromarray(painted)
        self._luminance = Image.fromarray(luminance(photo).astype(np.uint8))
        self._gains = Image.fromarray(_gains(photo, painted))
        self._width, self._height = width, height

    def rows(self, photo: RGB, top: int = 0) -> RGB:
        """Enlarge the rows that `photo` shows.

        Args:
            photo: some rows of the photo at full size, all columns.
            top: which row of the whole picture is the first of them.
        """
        enlarged = np.empty_like(photo)
        bottom = top + len(photo)
        for first in range(top - top % STRIP, bottom, STRIP):
            start, end = max(first, top), min(first + STRIP, bottom)
            rows = slice(start - top, end - top)
            enlarged[rows] = self._strip(photo[rows], first, start - first)
        return enlarged

    def _strip(self, photo: RGB, first: int, skip: int) -> RGB:
        """Enlarge rows of one strip: `first` is where it begins, `skip` how many are left out."""
        part = slice(skip, skip + len(photo))
        smooth = self._enlarged(self._luminance, first, Image.Resampling.LANCZOS)[part]
        detail = luminance(photo) - smooth
        gains = self._enlarged(self._gains, first, Image.Resampling.BILINEAR)[part]
        added = (gains.astype(np.int16) - _NONE) * detail[..., None]
        added += _ONE // 2
        added //= _ONE
        added += self._enlarged(self._painted, first, Image.Resampling.LANCZOS)[part]
        strip: RGB = np.clip(added, 0, 255).astype(np.uint8)
        return strip

    def _enlarged(self, image: Image.Image, first: int, how: Image.Resampling) -> np.ndarray:
        """One strip of a small picture at full size; its neighbours are seen across the cut."""
        last = min(first + STRIP, self._height)
        scale = image.height / self._height
        box = (0.0, first * scale, float(image.width), min(last * scale, image.height))
        return np.asarray(image.resize((self._width, last - first), how, box))


def brought_to(photo: RGB, small: RGB, painted: RGB) -> RGB:
    """Bring a painting to the size of its photo, larger or smaller.

    Args:
        photo: the photo at the size of the result.
        small: the photo as it was painted.
        painted: the painting of that.
    """
    height, width = photo.shape[:2]
    if height <= painted.shape[0] and width <= painted.shape[1]:
        return resize_to(painted, width, height)
    return Enlarger(small, painted, width, height).rows(photo)


def part_brought_to(photo: RGB, box: Box, small: RGB, painted: RGB) -> RGB:
    """A part of what `brought_to` gives, for less work; it looks at `box_of_small` of it alone.

    Args:
        photo: the whole photo at the size of the result.
        box: the part.
        small: the whole photo as it was painted.
        painted: the painting of that.
    """
    height, width = photo.shape[:2]
    if height <= painted.shape[0] and width <= painted.shape[1]:
        return resize_to(painted, width, height)[box.of]
    rows = Enlarger(small, painted, width, height).rows(photo[box.rows], box.rows.start)
    return rows[:, box.columns]


def box_of_small(box: Box, photo: RGB, small: RGB) -> Box:
    """What must be painted of a small picture, so that a part of the photo can be made of it.

    Args:
        box: the part of the photo.
        photo: the whole photo at the size of the result.
        small: the whole photo as it is painted.
    """
    rows = _scaled(box.rows, photo.shape[0], small.shape[0])
    return Box(rows, _scaled(box.columns, photo.shape[1], small.shape[1]))


def _scaled(lines: slice, side: int, small: int) -> slice:
    """Lines at another size, with as many more as gains and Lanczos look at."""
    scale = small / side
    more = 2 * RADIUS + 2 + ceil(_LANCZOS * max(scale, 1.0))
    start, stop = floor(lines.start * scale) - more, ceil(lines.stop * scale) + more
    return slice(max(start, 0), min(stop, small))


def painted_side(longest: int, reference: int | None) -> int | None:
    """The long side that a photo is painted at and then brought back from; None is its own.

    Args:
        longest: the long side of the result in pixels.
        reference: the long side that strokes are sized for, if that was asked for.
    """
    return SMALLEST if reference is None and longest < SMALLEST else reference


def size_at(width: int, height: int, side: int) -> tuple[int, int]:
    """Width and height of a picture whose long side is brought to `side` pixels."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def check_room(width: int, height: int, side: int, most: int) -> None:
    """Raise SettingsError if a picture has more than `most` pixels at a stroke reference.

    What is painted enlarged because it is tiny is never too large.

    Args:
        width: of the picture in pixels.
        height: of the picture in pixels.
        side: the stroke reference.
        most: as many pixels may stand in memory.
    """
    across, down = size_at(width, height, side)
    if side > SMALLEST and across * down > most:
        raise SettingsError(
            f"stroke reference is {side}: the picture would be painted at {across} x {down} "
            f"pixels, and there is room for {most / 1e6:.3g} million: take a smaller one"
        )


def at_long_side(picture: Picture, size: int, most: int | None = None) -> Picture:
    """A picture with its long side at exactly `size` pixels, shrunk or enlarged (Lanczos).

    Raises SettingsError if it would be enlarged to more than `most` pixels.
    """
    height, width = picture.pixels.shape[:2]
    if most is not None and size > max(width, height):
        check_room(width, height, size, most)
    target = size_at(width, height, size)
    alpha = None if picture.alpha is None else resize_to(picture.alpha, *target)
    return replace(picture, pixels=resize_to(picture.pixels, *target), alpha=alpha)


def _gains(photo: RGB, painted: RGB) -> Gains:
    """How steeply each colour of a painting answers to the photo's luminance, around each pixel.

    In bands of rows, which bounds the memory; with as many rows more as two windows reach.
    """
    gains = np.empty(photo.shape, np.uint8)
    for top in range(0, len(photo), _BAND):
        bottom = min(top + _BAND, len(photo))
        first = max(0, top - 2 * RADIUS)
        seen = slice(first, bottom + 2 * RADIUS)
        slope = np.clip(_slope(photo[seen], painted[seen]), -STEEPEST, STEEPEST)
        gains[top:bottom] = np.rint(_NONE + _ONE * slope[top - first : bottom - first])
    return gains


def _slope(photo: RGB, painted: RGB) -> Field:
    guide = luminance(photo).astype(np.float32)[..., None]
    colours = painted.astype(np.float32)
    guide_mean, colours_mean = _mean(guide), _mean(colours)
    together = _mean(guide * colours) - guide_mean * colours_mean
    variance = _mean(guide * guide) - guide_mean**2
    # The mean over all windows that see a pixel, as in the papers.
    return _mean(together / (np.maximum(variance, 0.0) + FLAT))


def _mean(values: Field) -> Field:
    """The mean of the window around each pixel; the edge is continued."""
    return _mean_down(_mean_down(values).swapaxes(0, 1)).swapaxes(0, 1)


def _mean_down(values: Field) -> Field:
    padded = np.concatenate([values[:1]] * RADIUS + [values] + [values[-1:]] * RADIUS)
    total = padded[: len(values)].copy()
    for tap in range(1, 2 * RADIUS + 1):
        total += padded[tap : tap + len(values)]
    return total / np.float32(2 * RADIUS + 1)
