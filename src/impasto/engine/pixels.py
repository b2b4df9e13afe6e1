"""Array work around the graphs: pad a picture, place its thumbnail, fade a painting."""

import numpy as np
from jaxtyping import Float32, UInt8

from impasto.core.arrays import RGB, Weight
from impasto.engine.backend import Part

Batch = UInt8[np.ndarray, "1 padded_height padded_width 3"]
"""A padded picture as graphs take it."""

BatchWeight = Float32[np.ndarray, "1 1 padded_height padded_width"]


def pad(pixels: RGB, margin: int, multiple: int) -> tuple[Batch, Part]:
    """Extend a picture's edges by a margin, and further at bottom and right to a multiple.

    Args:
        pixels: the picture, any size from 1 x 1.
        margin: pixels to add on every side; the convolutions inside the graph pad with zeros,
            and the margin keeps those away from the picture.
        multiple: height and width of the result are multiples of this.

    Returns:
        The padded picture, and the part of it that is the picture.
    """
    height, width = pixels.shape[:2]
    rows, columns = (-(-(side + 2 * margin) // multiple) * multiple for side in (height, width))
    return _placed(pixels, margin, rows, columns)


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
    canvas, part = _placed(pixels, margin, side, side)
    weights = np.zeros((1, 1, side, side), np.float32)
    # To at most 1: a picture that is nearly transparent all over must not vanish in rounding.
    weights[0, 0, part[1], part[2]] = weight / weight.max()
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


def _placed(pixels: RGB, margin: int, rows: int, columns: int) -> tuple[Batch, Part]:
    height, width = pixels.shape[:2]
    bottom, right = margin + height, margin + width
    batch = np.empty((1, rows, columns, 3), np.uint8)
    canvas = batch[0]
    canvas[margin:bottom, margin:right] = pixels
    # The columns first, then whole rows, so that the corners are filled too.
    canvas[margin:bottom, :margin] = pixels[:, :1]
    canvas[margin:bottom, right:] = pixels[:, -1:]
    canvas[:margin] = canvas[margin]
    canvas[bottom:] = canvas[bottom - 1]
    return batch, (slice(0, 1), slice(margin, bottom), slice(margin, right))
