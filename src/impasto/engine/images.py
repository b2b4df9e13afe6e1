"""The kinds of picture that Python callers hand in, and get back."""

from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.core.arrays import Alpha
from impasto.core.errors import ImageError
from impasto.core.shapes import UInt8
from impasto.media.image import Picture, from_pil, to_pil
from impasto.media.mask import mask_of

Pixels = UInt8[np.ndarray, "_ _ 3"]
"""An RGB picture whose size is not that of the others in a call: painting may shrink it."""

Image = TypeVar("Image", PIL.Image.Image, Pixels, Picture)
"""A PIL image of any mode, a uint8 RGB array [height, width, 3], or a picture that was read."""


MaskLike = PIL.Image.Image | npt.NDArray[np.uint8] | npt.NDArray[np.bool_] | Picture
"""Where something happens: a PIL image of any mode, a uint8 or bool array [height, width], or a
picture that was read. White (255, True) is there, black (0, False) is not."""


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


def to_mask(mask: object) -> Alpha:
    """Any accepted kind of mask as how much of a thing happens at each pixel, 0 to 255.

    What a picture means as a mask is told by `impasto.media.mask.mask_of`.

    Raises:
        ImageError: the mask is of another kind, or an array of another type or shape.
    """
    if isinstance(mask, np.ndarray) and mask.ndim == 2 and mask.size:
        if mask.dtype == np.bool_:
            return mask.astype(np.uint8) * np.uint8(255)
        if mask.dtype == np.uint8:
            return np.ascontiguousarray(mask)
    if isinstance(mask, Picture | PIL.Image.Image):
        return mask_of(to_picture(mask))
    seen = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else type(mask)
    kind = seen if isinstance(seen, str) else f"a {seen.__name__}"
    raise ImageError(
        "a mask is a PIL image, or a uint8 (0 to 255) or bool array [height, width], got " + kind
    )


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
