"""Motion in a coarse grid of cells, also where a picture has nothing that could be followed.

In a clear sky flow is noise, as large as real motion and the same there and back; and in a still
scene it is noise everywhere. So a cell's flow counts by its texture, what does not explain the
picture better than standing still is none, and the rest is filled up from around.
"""

import numpy as np

from impasto.core.arrays import RGB
from impasto.core.shapes import Float32
from impasto.engine.flow import Flow, Share, fetch, grey, opencv, resized, resized_flow

Cells = Float32[np.ndarray, "rows columns"]
Grey = Float32[np.ndarray, "height width"]

_CELL = 8
"""Pixels of a frame that a cell spans."""
_FINE = 4
"""Pixels of the smaller picture, by which cells are judged, that a cell spans."""
_AROUND = 3 * _FINE
"""Pixels of it on a side: texture and misses are means of so much."""
_QUIET = 20
"""This percentile of the cells is taken for the noise of a picture."""
_TEXTURED = 3.0
"""So many times the noise a texture must be to count."""
_LEAST_TEXTURE, _LEAST_MISS = 0.2, 0.02
"""Squared levels that are taken for noise where there is none."""
_MOVING = (2.0, 4.0)
"""So many times the noise a frame must differ from the one before, as it stands, to have moved."""
_FILLS = (1, 5, 15, 45)
"""Cells on a side of what fills up, each a tenth as strong as the one before."""
_FAINTER = 0.1


def grid_of(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the cells of a frame."""
    return -(-height // _CELL), -(-width // _CELL)


def cell_flow(now: RGB, before: RGB, flow: Flow, trust: Share) -> Flow:
    """How the cells of a frame moved since the one before, in cells right and down, pointing back.

    Args:
        now: the frame.
        before: the one before, of the same size.
        flow: between them.
        trust: how much of it is to be believed, 0 to 1.
    """
    grid = grid_of(*flow.shape[:2])
    here, there = (_smooth(frame, grid) for frame in (now, before))
    sure = _texture(here, grid) * resized(trust, *grid)
    moving = _moving(here, there, resized_flow(flow, *here.shape), grid)
    return _filled(resized_flow(flow, *grid) * moving[..., None], sure)


def _smooth(frame: RGB, grid: tuple[int, int]) -> Grey:
    cv2 = opencv()
    small = resized(grey(frame).astype(np.float32), *(_FINE * side for side in grid))
    smooth: Grey = cv2.GaussianBlur(small, (0, 0), 0.75)
    return smooth


def _means(values: Grey, grid: tuple[int, int]) -> Cells:
    cv2 = opencv()
    return resized(cv2.blur(values, (_AROUND, _AROUND)), *grid)


def _texture(here: Grey, grid: tuple[int, int]) -> Cells:
    """How surely a cell can be followed in both directions, 0 to 1.

    By the smaller eigenvalue of its structure tensor (Shi and Tomasi 1994, "Good Features to
    Track").
    """
    cv2 = opencv()
    across, down = (cv2.Sobel(here, cv2.CV_32F, *axis, scale=0.125) for axis in ((1, 0), (0, 1)))
    a, b, c = (_means(each, grid) for each in (across * across, across * down, down * down))
    least = (a + c) / 2 - np.sqrt(np.square((a - c) / 2) + np.square(b))
    noise = _TEXTURED * max(float(np.percentile(least, _QUIET)), 0.0)
    above = np.maximum(least - noise, 0.0)
    sure: Cells = above / (above + noise + _LEAST_TEXTURE)
    return sure


def _moving(here: Grey, there: Grey, flow: Flow, grid: tuple[int, int]) -> Cells:
    """Whether a cell differs from what stood there before by more than noise, 0 to 1."""
    stood = _means(np.square(here - there), grid)
    left = _means(np.square(here - fetch(there, flow)), grid)
    noise = float(np.percentile(left, _QUIET)) + _LEAST_MISS
    least, most = _MOVING
    moving: Cells = np.clip((stood / noise - least) / (most - least), 0.0, 1.0)
    return moving


def _filled(step: Flow, sure: Cells) -> Flow:
    """Motion where it is sure, and else what is sure around it; none where nothing is."""
    cv2 = opencv()
    total, weight = np.zeros_like(step), np.zeros_like(sure)
    for power, side in enumerate(_FILLS):
        share = _FAINTER**power
        total += share * cv2.blur(step * sure[..., None], (side, side))
        weight += share * cv2.blur(sure, (side, side))
    filled: Flow = total / (weight + 1e-6)[..., None]
    return filled
