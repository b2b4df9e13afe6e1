"""The kinds of picture that Python callers hand in, and get back."""

from typing import Any, TypeVar, cast

import numpy as np
import PIL.Image

from impasto.core.errors import ImageError
from impasto.core.shapes import UInt8
from impasto.media.image import Picture, from_pil, to_pil

Pixels = UInt8[np.ndarray, "_ _ 3"]
"""An RGB picture whose size is not that of the others in a call: painting may shrink it."""

Image = TypeVar("Image", PIL.Image.Image, Pixels, Picture)
"""A PIL image of any mode, a uint8 RGB array [height, width, 3], or a picture that was read."""


def to_picture(image: object) -> Picture:
    """Any accepted kind as a Picture; an array is not copied.

    Raises:
        ImageError: the image is of another kind, or an array of another type or shape.
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, PIL.Image.Image):
        return from_pil(image)
    if isinstance(image, np.ndarray):
        return Picture(pixels=image, alpha=None, exif=None, icc_profile=None, format="PNG")
    kind = type(image).__name__
    raise ImageError(f"cannot paint a {kind}: give a PIL image or a uint8 RGB array")


def like(image: Image, picture: Picture) -> Image:
    """A picture as the kind that `image` is; an array is the caller's own, to write into."""
    converted: Any = picture
    if isinstance(image, np.ndarray):
        pixels = picture.pixels
        is_own = pixels.flags.writeable and pixels is not image
        converted = pixels if is_own else pixels.copy()
    elif isinstance(image, PIL.Image.Image):
        converted = to_pil(picture)
    return cast("Image", converted)
