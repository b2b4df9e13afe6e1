"""Ways to measure a big picture without looking at all of it, and the way that does."""

from collections.abc import Callable, Mapping

import numpy as np

from impasto.core.arrays import RGB, Stats, Weight
from impasto.engine.backend import run_graph
from impasto.engine.collage import Collage, everywhere, spread
from impasto.engine.filters import filters_of
from impasto.engine.grain import grain_of
from impasto.engine.painter import Painter
from impasto.engine.pixels import pad
from impasto.media.resize import thumbnail

Way = Callable[[Painter, RGB, int], Stats]
"""Statistics of a picture under a painter's code; the number is the long side of a thumbnail."""


def full(painter: Painter, pixels: RGB) -> Stats:
    """Statistics of every pixel of a picture, at its own size."""
    return weighed(painter, pixels, np.ones(pixels.shape[:2], np.float32))


def weighed(painter: Painter, pixels: RGB, weight: Weight) -> Stats:
    """Statistics of a picture of any size, each pixel counting as much as it weighs."""
    model = painter.model
    image, part = pad(pixels, model.margin, model.multiple)
    weights = np.zeros((1, 1, *image.shape[1:3]), np.float32)
    weights[0, 0, part[1], part[2]] = weight
    filters = filters_of(painter.backend, model, painter.code)
    inputs = {"image": image, "code": painter.code, "weight": weights, **filters}
    inputs |= grain_of(model, image)
    return run_graph(painter.backend, model.measure_graph, inputs, exact=True)


def of_thumbnail(painter: Painter, pixels: RGB, size: int) -> Stats:
    """Statistics of the picture shrunk to a long side, each pixel the mean of its area."""
    small = thumbnail(pixels, size)
    return weighed(painter, small, np.ones(small.shape[:2], np.float32))


def of_patches(count: int, share: int) -> Way:
    """Statistics of patches at the picture's own scale, in one collage; see `engine.collage`.

    Args:
        count: patches across and down, from all over the picture.
        share: side of a patch, as a part of the thumbnail's long side: 2 is a half.
    """

    def measure(painter: Painter, pixels: RGB, size: int) -> Stats:
        height, width = pixels.shape[:2]
        side = max(1, size // share)
        collage = Collage(spread(everywhere(height, width), height, width, count, side))
        collage.take(pixels)
        return weighed(painter, collage.pixels, collage.weight)

    return measure


def of_both(count: int, share: int) -> Way:
    """The thumbnail's and the patches' statistics, pooled half and half."""
    patches = of_patches(count, share)

    def measure(painter: Painter, pixels: RGB, size: int) -> Stats:
        return pooled(of_thumbnail(painter, pixels, size), patches(painter, pixels, size))

    return measure


def pooled(one: Stats, other: Stats) -> Stats:
    """The statistics of two equal halves, each known by its mean and deviation."""
    mean = (one[0] + other[0]) / 2
    square = (one[1] ** 2 + other[1] ** 2) / 2 + ((one[0] - other[0]) / 2) ** 2
    return np.stack([mean, np.sqrt(square)]).astype(np.float32)


def of_double(painter: Painter, pixels: RGB, size: int) -> Stats:
    """Statistics of a thumbnail of twice the side, for four times the cost."""
    return of_thumbnail(painter, pixels, 2 * size)


def as_painters_do(painter: Painter, pixels: RGB, size: int) -> Stats:
    """What `Painter.paint` measures of a picture: its own choice, by the picture's size."""
    return painter.measure(pixels)


WAYS: Mapping[str, Way] = {
    "thumbnail": of_thumbnail,
    "thumbnail, twice the side": of_double,
    "16 patches of 1/2": of_patches(4, 2),
    "64 patches of 1/8": of_patches(8, 8),
    "256 patches of 1/8": of_patches(16, 8),
    "thumbnail and 256 patches of 1/8": of_both(16, 8),
    "as impasto paints": as_painters_do,
}
"""What is compared, by name; patches are named by their side as a part of the thumbnail's."""
