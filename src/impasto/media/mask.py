"""Masks: where in a picture something happens, from pictures that people draw."""

import numpy as np
from PIL import Image, ImageFilter

from impasto.core.arrays import Alpha
from impasto.core.shapes import UInt8
from impasto.media.picture import Picture

Fitted = UInt8[np.ndarray, "new_height new_width"]
"""A mask at the size of another picture: 0 not here, 255 wholly here."""

_ONE_COLOUR = 8
"""Levels that what is drawn may differ, and still be of one colour: lossy formats blur a little."""


def mask_of(picture: Picture) -> Alpha:
    """Return how much of a thing happens at each pixel: 0 where it is black, 255 where it is white.

    What is transparent counts as black. A picture that is drawn in one colour on nothing, as by a
    brush on an empty layer, says nothing by its grey: there the opacity is the mask.
    """
    grey = np.asarray(Image.fromarray(picture.pixels).convert("L"))
    alpha = picture.alpha
    if alpha is None or alpha.min() == 255:
        return grey
    drawn = grey[alpha > 0]
    if drawn.size == 0 or int(np.ptp(drawn)) <= _ONE_COLOUR:
        return alpha
    product: Alpha = np.asarray(grey.astype(np.uint16) * alpha // 255, np.uint8)
    return product


def fit_mask(mask: Alpha, width: int, height: int, feather: float = 0.0) -> Fitted:
    """Return a mask at another size, stretched if need be, with soft edges if asked.

    Args:
        mask: of any size from 1 x 1.
        width: of the result in pixels.
        height: of the result in pixels.
        feather: so many pixels of the result are soft to each side of an edge; 0 leaves it.
    """
    image = Image.fromarray(mask)
    if image.size != (width, height):
        # Not Lanczos, which rings: a hard mask would get holes and a shadow beside its edge.
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    if feather > 0.0:
        image = image.filter(ImageFilter.GaussianBlur(feather / 2))
    return np.asarray(image)
