"""Ways to measure a big picture without looking at all of it, and the way that does."""

from collections.abc import Callable, Mapping

import numpy as np

from impasto.core.arrays import RGB, Stats, Weight
from impasto.engine.painter import Painter, grain_of
from impasto.engine.pixels import pad
from impasto.media.resize import resize_to, thumbnail

Way = Callable[[Painter, RGB, int], Stats]
"""Statistics of a picture under a painter's code; the number is the long side of a thumbnail."""

SEAM = 8
"""Pixels at the edges of a patch that weigh nothing: they see its neighbour in the collage."""


def full(painter: Painter, pixels: RGB) -> Stats:
    """Statistics of every pixel of a picture, at its own size."""
    return weighed(painter, pixels, np.ones(pixels.shape[:2], np.float32))


def weighed(painter: Painter, pixels: RGB, weight: Weight) -> Stats:
    """Statistics of a picture of any size, each pixel counting as much as it weighs."""
    model = painter.model
    image, part = pad(pixels, model.margin, model.multiple)
    weights = np.zeros((1, 1, *image.shape[1:3]), np.float32)
    weights[0, 0, part[1], part[2]] = weight
    inputs = {"image": image, "code": painter.code, "weight": weights, **grain_of(model, image)}
    shapes = {name: array.shape for name, array in inputs.items()}
    return painter.backend.load(model.measure_graph, shapes, exact=True).run(inputs)


def of_thumbnail(painter: Painter, pixels: RGB, size: int) -> Stats:
    """Statistics of the picture shrunk to a long side, each pixel the mean of its area."""
    small = thumbnail(pixels, size)
    return weighed(painter, small, np.ones(small.shape[:2], np.float32))


def of_patches(count: int, share: int) -> Way:
    """Statistics of patches at the picture's own scale, side by side in one picture.

    Side by side, because deep sites see what the code made of earlier ones: the patches are
    normalised by what is common to them, as the whole picture would be.

    Args:
        count: patches across and down, from all over the picture.
        share: side of a patch, as a part of the thumbnail's long side: 2 is a half.
    """

    def measure(painter: Painter, pixels: RGB, size: int) -> Stats:
        return weighed(painter, *collage(pixels, count, max(2 * SEAM + 1, size // share)))

    return measure


def of_both(count: int, share: int) -> Way:
    """The thumbnail's and the patches' statistics, pooled half and half."""
    patches = of_patches(count, share)

    def measure(painter: Painter, pixels: RGB, size: int) -> Stats:
        return pooled(of_thumbnail(painter, pixels, size), patches(painter, pixels, size))

    return measure


def collage(pixels: RGB, count: int, side: int) -> tuple[RGB, Weight]:
    """Patches from an even grid over a picture, in the same order, and what each pixel weighs.

    Args:
        pixels: the picture; one with a side below `side` is enlarged to it.
        count: patches across and down.
        side: of a patch in pixels.
    """
    height, width = pixels.shape[:2]
    pixels = resize_to(pixels, max(width, side), max(height, side))
    tops, lefts = (_starts(length, count, side) for length in pixels.shape[:2])
    rows = [[pixels[top : top + side, left : left + side] for left in lefts] for top in tops]
    weight = np.zeros((side, side), np.float32)
    weight[SEAM:-SEAM, SEAM:-SEAM] = 1.0
    return np.block([[[patch] for patch in row] for row in rows]), np.tile(weight, (count, count))


def _starts(length: int, count: int, side: int) -> list[int]:
    """Where patches begin, each in the middle of its share of the length if it has room there."""
    middles = (np.arange(count) + 0.5) * length / count
    return [int(np.clip(round(middle - side / 2), 0, length - side)) for middle in middles]


def pooled(one: Stats, other: Stats) -> Stats:
    """The statistics of two equal halves, each known by its mean and deviation."""
    mean = (one[0] + other[0]) / 2
    square = (one[1] ** 2 + other[1] ** 2) / 2 + ((one[0] - other[0]) / 2) ** 2
    return np.stack([mean, np.sqrt(square)]).astype(np.float32)


def of_double(painter: Painter, pixels: RGB, size: int) -> Stats:
    """Statistics of a thumbnail of twice the side, for four times the cost."""
    return of_thumbnail(painter, pixels, 2 * size)


WAYS: Mapping[str, Way] = {
    "thumbnail": of_thumbnail,
    "thumbnail, twice the side": of_double,
    "4 patches of 1/2": of_patches(2, 2),
    "16 patches of 1/4": of_patches(4, 4),
    "16 patches of 1/2": of_patches(4, 2),
    "thumbnail and 4 patches of 1/2": of_both(2, 2),
    "thumbnail and 16 patches of 1/2": of_both(4, 2),
}
"""What is compared, by name; patches are named by their side as a part of the thumbnail's."""
