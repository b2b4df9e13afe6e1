"""Array work around the graphs: pad a picture, place its thumbnail, fade a painting."""

import numpy as np

from impasto.core.arrays import RGB, Weight
from impasto.core.shapes import Float32, UInt8
from impasto.engine.backend import Part

Batch = UInt8[np.ndarray, "1 padded_height padded_width 3"]
"""A padded picture as graphs take it."""

BatchWeight = Float32[np.ndarray, "1 1 padded_height padded_width"]


def pad(pixels: RGB, margin: int, multiple: int) -> tuple[Batch, Part]:
    """Extend a picture's edges by a margin, and further at bottom and right to a multiple.

    Args:
        pixels: the picture, any size from 1 x 1.
        margin: pixels to add on every side, as the model says: none for a trunk that replicates
            edges, enough to keep the zeros away from the picture for one that pads with those.
        multiple: height and width of the result are multiples of this.

    Returns:
        The padded picture, and the part of it that is the picture.
    """
    height, width = pixels.shape[:2]
    rows, columns = (padded_side(side, margin, multiple) for side in (height, width))
    inside = (slice(0, 1), slice(margin, margin + height), slice(margin, margin + width))
    return window(pixels, -margin, -margin, rows, columns), inside


def padded_side(side: int, margin: int, multiple: int) -> int:
    """A side of a picture with a margin at both ends, and further to a multiple."""
    return -(-(side + 2 * margin) // multiple) * multiple


def place(pixels: RGB, weight: Weight, margin: int, side: int) -> tuple[Batch, BatchWeight]:
    """Put a thumbnail and its weights on a square that is always of one size.

    Args:
        pixels: the thumbnail, at most `side - 2 * margin` on its longest side.
        weight: how much each of its pixels counts; not all 0.
        margin: pixels left of and above the thumbnail.
        side: side of the square.

    Returns:
        The thumbnail with its edges extended over the square, and the weights, which are 0
        outside the thumbnail and at most 1.
    """
    canvas = window(pixels, -margin, -margin, side, side)
    height, width = pixels.shape[:2]
    weights = np.zeros((1, 1, side, side), np.float32)
    # To at most 1: a picture that is nearly transparent all over must not vanish in rounding.
    inside = (slice(margin, margin + height), slice(margin, margin + width))
    weights[0, 0][inside] = weight / weight.max()
    return canvas, weights


def fade(photo: RGB, painted: RGB, opacity: float) -> RGB:
    """The painting laid over the photo, in 8-bit levels; opacity 0 to 1 in steps of 1/256."""
    share = round(256 * opacity)
    if share == 256:
        return painted
    mixed = photo.astype(np.uint16)
    mixed *= 256 - share
    mixed += painted.astype(np.uint16) * np.uint16(share)
    mixed += 128
    mixed >>= 8
    return mixed.astype(np.uint8)


def window(pixels: RGB, top: int, left: int, rows: int, columns: int) -> Batch:
    """Cut a window out of a picture whose edges go on for ever.

    Args:
        pixels: the picture.
        top: the picture's row where the window starts; below 0 it starts above the picture.
        left: the same for columns.
        rows: height of the window, which must hold a part of the picture.
        columns: its width.
    """
    above, before = max(-top, 0), max(-left, 0)
    inner = pixels[max(top, 0) : top + rows, max(left, 0) : left + columns]
    batch = np.empty((1, rows, columns, 3), np.uint8)
    canvas = batch[0]
    bottom, right = above + inner.shape[0], before + inner.shape[1]
    canvas[above:bottom, before:right] = inner
    # The columns first, then whole rows, so that the corners are filled too.
    canvas[above:bottom, :before] = inner[:, :1]
    canvas[above:bottom, right:] = inner[:, -1:]
    canvas[:above] = canvas[above]
    canvas[bottom:] = canvas[bottom - 1]
    return batch
