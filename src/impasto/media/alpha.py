"""Opacity: colours for what is transparent, and pictures for formats without it."""

import numpy as np
from PIL import Image

from impasto.core.arrays import RGB, Alpha
from impasto.core.shapes import Bool, Float32, Shaped

Colours = Float32[np.ndarray, "height width 3"]
Mask = Bool[np.ndarray, "height width"]
HalfColours = Float32[np.ndarray, "half_height half_width 3"]
HalfMask = Bool[np.ndarray, "half_height half_width"]


def extend_edges(pixels: RGB, alpha: Alpha) -> RGB:
    """Return the picture with every fully transparent pixel (alpha 0) filled from opaque ones.

    Transparent pixels hold any colour, often black, which a network would bleed over the edge.
    Push-pull (Gortler et al. 1996, "The Lumigraph"): halve the picture until no hole is left,
    averaging only what is opaque, then fill the holes from the coarser levels. Other pixels are
    unchanged, and so is a picture without an opaque one. `alpha` has the same height and width.
    """
    opaque = alpha > 0
    if opaque.all() or not opaque.any():
        return pixels
    return fill_holes(pixels, opaque)


def fill_holes(colours: RGB | Colours, opaque: Mask) -> RGB:
    """Return what `extend_edges` does, in 8 bits, of colours where some pixel is opaque."""
    known = rounded(colours)
    if opaque.all():
        return known
    coarse = Image.fromarray(fill_holes(*halved(colours, opaque)))
    size = (opaque.shape[1], opaque.shape[0])
    coarse = coarse.resize(size, Image.Resampling.BILINEAR)
    return np.where(opaque[..., None], known, np.asarray(coarse))


def rounded(colours: RGB | Colours) -> RGB:
    """Return colours in 8 bits."""
    whole: RGB = np.rint(colours).astype(np.uint8) if colours.dtype != np.uint8 else colours
    return whole


def halved(colours: RGB | Colours, opaque: Mask) -> tuple[HalfColours, HalfMask]:
    """Return half the height and width (rounded up): means of what is opaque in 2 x 2 pixels."""
    # In floats: 8 bits would lose up to two steps a level.
    total = _sum_of_four(np.where(opaque[..., None], colours, 0))
    count = _sum_of_four(opaque)
    return total / np.maximum(count, 1)[..., None], count > 0


def _sum_of_four(values: Shaped[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    height, width = values.shape[:2]
    total = np.zeros(((height + 1) // 2, (width + 1) // 2, *values.shape[2:]), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            part = values[row::2, column::2]
            total[: part.shape[0], : part.shape[1]] += part
    return total


def flatten(pixels: RGB, alpha: Alpha) -> RGB:
    """Return the picture laid on white, for formats that hold no opacity."""
    image = Image.new("RGB", (pixels.shape[1], pixels.shape[0]), "white")
    image.paste(Image.fromarray(pixels), mask=Image.fromarray(alpha))
    return np.asarray(image)
