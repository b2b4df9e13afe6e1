"""A photo in the colours of a style and nothing else of it: what any painting has to beat."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from impasto.core.arrays import RGB

_LEAST_VARIANCE = 1.0
"""Of 255 squared: a grey photo is not stretched to full colours, which would show its noise."""


@dataclass(frozen=True)
class Colours:
    """The distribution of colours, as a normal one."""

    mean: Float64[np.ndarray, "3"]
    """0 to 255."""
    covariance: Float64[np.ndarray, "3 3"]


def colours_of(pictures: Iterable[RGB]) -> Colours:
    """The colours of pictures together, each counting the same whatever its size."""
    means, squares = [], []
    for pixels in pictures:
        flat = pixels.reshape(-1, 3).astype(np.float64)
        means.append(flat.mean(axis=0))
        squares.append(flat.T @ flat / len(flat))
    mean = np.mean(means, axis=0)
    return Colours(mean, np.mean(squares, axis=0) - np.outer(mean, mean))


def match_colours(pixels: RGB, wanted: Colours) -> RGB:
    """A photo with the mean and covariance of other colours, up to clipping and rounding.

    Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", section 4.1, with their
    symmetric square roots, here from the photo to the style.
    """
    have = colours_of([pixels])
    matrix = _power(wanted.covariance, 0.5) @ _power(have.covariance, -0.5)
    moved = (pixels - have.mean) @ matrix.T + wanted.mean
    matched: RGB = np.clip(np.rint(moved), 0, 255).astype(np.uint8)
    return matched


def _power(covariance: Float64[np.ndarray, "3 3"], exponent: float) -> Float64[np.ndarray, "3 3"]:
    values, vectors = np.linalg.eigh(covariance)
    scaled = np.maximum(values, _LEAST_VARIANCE) ** exponent
    powered: Float64[np.ndarray, "3 3"] = (vectors * scaled) @ vectors.T
    return powered
