"""Sizes: bounding the long side, and thumbnails.

All functions take RGB pictures (height, width, 3) and single planes such as alpha (height, width),
uint8. Fill transparent pixels first (`alpha.extend_edges`), or their colours mix in.
"""

import numpy as np
from PIL import Image

from impasto.core.shapes import UInt8

Pixels = UInt8[np.ndarray, "height width *channels"]
"""A picture or one plane of it: 0 to 255."""

Resized = UInt8[np.ndarray, "new_height new_width *channels"]
"""The same at another size."""


def bounded_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Return (width, height) shrunk in proportion so that no side is above `longest` pixels.

    A size that fits already comes back as it is; a side never becomes 0.
    """
    scale = longest / max(width, height)
    if scale >= 1:
        return width, height
    return max(1, round(width * scale)), max(1, round(height * scale))


def fit_long_side(pixels: Pixels, size: int) -> Resized:
    """Return the picture with its long side at most `size` pixels (Lanczos); never enlarges."""
    width, height = bounded_size(pixels.shape[1], pixels.shape[0], size)
    return resize_to(pixels, width, height)


def resize_to(pixels: Pixels, width: int, height: int) -> Resized:
    """Return the picture at exactly `width` x `height` pixels (Lanczos)."""
    return _resized(pixels, (width, height), Image.Resampling.LANCZOS)


def thumbnail(pixels: Pixels, size: int) -> Resized:
    """Return the picture with its long side at most `size` pixels, each the mean of its area.

    Never enlarges.
    """
    target = bounded_size(pixels.shape[1], pixels.shape[0], size)
    return _resized(pixels, target, Image.Resampling.BOX)


def _resized(pixels: Pixels, size: tuple[int, int], how: Image.Resampling) -> Resized:
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    # Columns first, then rows, which Pillow would not always do: strips can only do it so, and
    # are to be the same to the last bit.
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((size[0], image.height), how).resize(size, how))
