"""How much of a photo's drawing a painting keeps: likeness, edges and straight lines.

All of it looks at luminance alone, and none of it is a term of a training loss.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex128, Float64
from skimage.draw import line
from skimage.feature import canny
from skimage.filters import gaussian, sobel_h, sobel_v
from skimage.metrics import structural_similarity
from skimage.morphology import isotropic_dilation
from skimage.transform import probabilistic_hough_line

from impasto.core.arrays import RGB

_Piece = tuple[tuple[int, int], tuple[int, int]]

Plane = Float64[np.ndarray, "height width"]
"""Luminance, 0 to 255."""

_BLUR = 1.0
"""Pixels: strokes finer than this are texture, and not edges."""

_EDGE_QUANTILES = (0.8, 0.92)
"""Canny's thresholds as quantiles of gradient strength, so that a change of contrast is free."""
_SHORTEST = 30
"""Pixels: shorter pieces are no straight lines."""
_GAP = 2
_VOTES = 20
_SEARCHES = 4
"""With one, a photo moved by a pixel keeps 68 to 92 % of its lines (F1) by accident."""
_ANGLES = np.linspace(-np.pi / 2, np.pi / 2, 180, endpoint=False)

_NEAR = 2.0
"""Pixels that a line may move."""
_BINS = 12
"""Directions that are told apart: 15 degrees each; lines of neighbouring ones may match."""


def luminance(pixels: RGB) -> Plane:
    """Luminance of sRGB by Rec. 601, 0 to 255: what SSIM is commonly measured on."""
    return pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114])


def similarity(photo: Plane, painting: Plane) -> float:
    """SSIM of two planes (Wang et al. 2004, with its Gaussian window of 11 pixels): 1 is equal.

    Args:
        photo: at least 11 pixels on each side.
        painting: of the same size.
    """
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(photo, painting, data_range=255.0, **window))


def edge_agreement(photo: Plane, painting: Plane) -> float:
    """Whether edges lie where they lay and run as they ran: 1 alike, 0 unrelated, -1 crossing.

    The correlation of gradients (Sobel, after a blur of one pixel) whose angle is doubled, so that
    an edge that swaps light and dark is the same edge. Edges that move, double or drown in texture
    cost; a change of contrast is free. A flat plane agrees with nothing: 0.
    """
    first, second = _doubled_gradient(photo), _doubled_gradient(painting)
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.vdot(first, second).real) / size if size else 0.0


def _doubled_gradient(plane: Plane) -> Complex128[np.ndarray, "height width"]:
    blurred = gaussian(plane, _BLUR, mode="nearest")
    gradient = sobel_v(blurred) + 1j * sobel_h(blurred)
    strength = np.abs(gradient)
    return np.where(strength > 0, gradient**2 / np.maximum(strength, 1e-12), 0)


@dataclass(frozen=True)
class Lines:
    """Straight lines of a plane, drawn: for each direction the pixels that they cover."""

    drawn: Bool[np.ndarray, "directions height width"]

    @property
    def length(self) -> int:
        """Pixels on lines; crossings of two directions count twice."""
        return int(self.drawn.sum())


def straight_lines(plane: Plane) -> Lines:
    """Straight pieces of edges of at least 30 pixels.

    The progressive probabilistic Hough transform (Galamhos et al. 1999, scikit-image's) on Canny's
    edges, of which every plane has about as many: the thresholds are quantiles.
    """
    low, high = _EDGE_QUANTILES
    edges = canny(plane, _BLUR, low, high, use_quantiles=True)
    drawn = np.zeros((_BINS, *plane.shape), bool)
    for (x0, y0), (x1, y1) in _pieces(edges):
        angle = np.arctan2(y1 - y0, x1 - x0) % np.pi
        drawn[(int(_BINS * angle / np.pi) % _BINS, *line(y0, x0, y1, x1))] = True
    return Lines(drawn)


def _pieces(edges: Bool[np.ndarray, "height width"]) -> list[_Piece]:
    """The ends (x, y) of all pieces that some of several searches in random order find."""
    searches = [
        probabilistic_hough_line(edges, _VOTES, _SHORTEST, _GAP, theta=_ANGLES, rng=seed)
        for seed in range(_SEARCHES)
    ]
    return [piece for found in searches for piece in found]


def line_agreement(photo: Lines, painting: Lines) -> float:
    """Whether straight lines stay straight, and no others appear: 1 all, 0 none.

    The F1 score by length. A pixel of a line is found again if a line of the other plane passes
    within 2 pixels in a direction that is at most 15 to 30 degrees off. Without lines in either
    plane it is 1, without lines in one 0.
    """
    if not photo.length or not painting.length:
        return float(photo.length == painting.length)
    kept, right = _found_again(photo, painting), _found_again(painting, photo)
    return 2 * kept * right / (kept + right) if kept + right else 0.0


def _found_again(lines: Lines, others: Lines) -> float:
    """The share of the length of `lines` that has one of `others` close by."""
    found = 0
    for direction in np.flatnonzero(lines.drawn.any(axis=(1, 2))):
        near = [(direction + turn) % _BINS for turn in (-1, 0, 1)]
        close = isotropic_dilation(others.drawn[near].any(axis=0), _NEAR)
        found += int((lines.drawn[direction] & close).sum())
    return found / lines.length
