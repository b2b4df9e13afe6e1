"""Motion between two frames: optical flow, and where it can be trusted. cv2 comes from here.

The flow is OpenCV's DIS (Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search").
A flow points back: for each pixel of a frame it says how many pixels right and down of it the same
thing lies in the frame before. So `fetch` brings the frame before to where things are now.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Num, UInt8

from impasto.core.arrays import RGB
from impasto.core.errors import MissingExtraError

Flow = Float32[np.ndarray, "height width 2"]
"""Pixels right and down."""

Share = Float32[np.ndarray, "height width"]
"""A part of 1 for each pixel."""

Floating = Float32[np.ndarray, "height width 3"]
"""A picture of 0 to 255 that is not rounded."""

Quality = Literal["fine", "medium"]
Field = Num[np.ndarray, "height width *channels"]


class FlowFinder:
    """Finds the flow between frames of one size; one for each thread.

    Args:
        quality: OpenCV's preset `medium`; or `fine`, in 0.6 of its time: the preset `fast` with
            fewer steps, down to half the size of the frames in place of a quarter.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, quality: Quality) -> None:
        cv2 = opencv()
        medium, fast = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM, cv2.DISOPTICAL_FLOW_PRESET_FAST
        self._method = cv2.DISOpticalFlow_create(medium if quality == "medium" else fast)
        if quality == "fine":
            self._method.setFinestScale(1)
            self._method.setGradientDescentIterations(12)
            self._method.setVariationalRefinementIterations(3)

    def find(self, now: RGB, before: RGB) -> Flow:
        """Where the pixels of `now` were in `before`; both at least 16 pixels on each side."""
        flow: Flow = self._method.calc(grey(now), grey(before), None)
        return flow


def grey(frame: RGB) -> UInt8[np.ndarray, "height width"]:
    """The luminance of a frame."""
    cv2 = opencv()
    luminance: UInt8[np.ndarray, "height width"] = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return luminance


def fetch(before: Field, flow: Flow, *, sharp: bool = False) -> Field:
    """What was before, at the places where it is now; beyond the edge its edge goes on.

    Args:
        before: a picture, a flow or a plane, of uint8 or float32.
        flow: from now to before, of the same height and width.
        sharp: interpolate by cubics, which blur less than straight lines; they may overshoot.
    """
    rows, columns = _places(*flow.shape[:2])
    return between(before, flow[..., 1] + rows, flow[..., 0] + columns, sharp=sharp)


def between(field: Field, down: Share, across: Share, *, sharp: bool = False) -> Field:
    """A field at places between its pixels; `down` and `across` count them, from 0.0 on."""
    cv2 = opencv()
    how = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    found: Field = cv2.remap(field, across, down, how, borderMode=cv2.BORDER_REPLICATE)
    return found


def misses(flow: Flow, back: Flow) -> Share:
    """How many pixels off one lands who follows a flow and comes back; infinite from outside.

    Args:
        flow: from now to before.
        back: from before to now.
    """
    height, width = flow.shape[:2]
    rows, columns = _places(height, width)
    across, down = flow[..., 0] + columns, flow[..., 1] + rows
    cv2 = opencv()
    missed: Share = cv2.magnitude(*cv2.split(flow + fetch(back, flow)))
    outside = (across < 0) | (across > width - 1) | (down < 0) | (down > height - 1)
    missed[outside] = np.inf
    return missed


def apart(first: RGB, second: RGB) -> Share:
    """How far two pictures are apart at each pixel, in the channel where most, in levels."""
    cv2 = opencv()
    red, green, blue = cv2.split(cv2.absdiff(first, second))
    most: Share = cv2.max(cv2.max(red, green), blue).astype(np.float32)
    return most


def rounded(picture: Floating) -> RGB:
    """A picture in whole levels; what is beyond 0 or 255 becomes those."""
    cv2 = opencv()  # a weighted sum of one: OpenCV's other ways to 8 bits take longer
    whole: RGB = cv2.addWeighted(picture, 1.0, picture, 0.0, 0.0, dtype=cv2.CV_8U)
    return whole


def resized(field: Field, height: int, width: int) -> Field:
    """A field at another size: the means of areas when it shrinks, straight lines when it grows."""
    cv2 = opencv()
    if field.shape[:2] == (height, width):
        return field
    how = cv2.INTER_AREA if field.shape[1] > width else cv2.INTER_LINEAR
    other: Field = cv2.resize(field, (width, height), interpolation=how)
    return other


def resized_flow(flow: Flow, height: int, width: int) -> Flow:
    """A flow for a picture of another size; its lengths grow with it."""
    if flow.shape[:2] == (height, width):
        return flow
    times = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    larger: Flow = resized(flow, height, width) * times
    return larger


def mix(first: Floating, second: Floating, share: Share) -> Floating:
    """`share` of the second picture and the rest of the first."""
    mixed: Floating = opencv().blendLinear(first, second, 1.0 - share, share)
    return mixed


def keep_contrast(mixed: Floating, painted: Floating) -> Floating:
    """A mixture whose detail is as strong as that of one painting, at four scales.

    A mean of strokes is paler than a stroke: where two differ, their variances do not add up to
    one. So each band of detail is scaled by what the painting's deviation around each pixel is to
    the mixture's (the variance-preserving blending of Heitz and Neyret 2018, which knows the
    variance beforehand; here it is measured), and never damped. The deviation is that of a wide
    neighbourhood: a narrow one brings back where the strokes of the painting are.

    Args:
        mixed: a mixture of paintings.
        painted: one of them.
    """
    height, width = mixed.shape[:2]
    small = (max(height // _COARSER, 1), max(width // _COARSER, 1))
    kept, rest = mixed.copy(), (mixed.copy(), painted.copy())
    for band in _FINE:
        rest = _strengthen(kept, rest, band, small)
    rest = (resized(rest[0], *small), resized(rest[1], *small))
    added = np.zeros_like(rest[0])
    for band in _COARSE:
        rest = _strengthen(added, rest, band, small)
    kept += resized(added, height, width)
    return kept


def _strengthen(
    kept: Floating,
    both: tuple[Floating, Floating],
    band: tuple[int, int],
    small: tuple[int, int],
) -> tuple[Floating, Floating]:
    """Adds to `kept` what a band of a mixture lacks beside a painting; both without that band.

    `both` are overwritten, since memory of a frame's size costs time to get.
    """
    cv2 = opencv()
    side, around = band
    smooth = (cv2.blur(both[0], (side, side)), cv2.blur(both[1], (side, side)))
    detail = cv2.subtract(both[0], smooth[0], both[0])
    wanted = cv2.subtract(both[1], smooth[1], both[1])
    had = _variance(wanted, around, small, wanted)
    found = _variance(detail, around, small, wanted)
    gain = np.sqrt((had + _NOTHING) / (found + _NOTHING))
    missing = np.clip(gain, 1.0, _MOST_GAIN) - 1.0
    cv2.accumulateProduct(detail, cv2.resize(missing, detail.shape[1::-1], wanted), kept)
    return smooth


def _variance(detail: Floating, around: int, small: tuple[int, int], squares: Floating) -> Floating:
    """Of a band around each pixel of a smaller picture, from a quarter of its pixels.

    `squares` is overwritten.
    """
    cv2 = opencv()
    cv2.multiply(detail, detail, squares)
    fewer = cv2.resize(squares, small[::-1], interpolation=cv2.INTER_LINEAR)
    variance: Floating = cv2.blur(fewer, (around, around))
    return variance


_COARSER = 4
"""Variances, and what is wider than the fine bands, are of a picture so many times smaller."""
_FINE = ((3, 7), (9, 19))
"""Pixels on a side of the means that part one band of detail from the next, and pixels of the
smaller picture of what variances are taken of: 28 and 76 of the frame's own."""
_COARSE = ((7, 21), (21, 21))
"""The same, all in pixels of the smaller picture: means of 28 and 84, variances of 84."""
_NOTHING = 1.0
"""A variance in levels squared that counts as no detail."""
_MOST_GAIN = 2.0
"""More would show the grain of what is hardly there."""


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Meanwhile OpenCV works in the calling thread alone, as one stage of several."""
    cv2 = opencv()
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def sharpness(picture: RGB) -> float:
    """The root mean square of the Laplacian of luminance: what blur takes away first."""
    cv2 = opencv()
    return float(np.sqrt(np.square(cv2.Laplacian(grey(picture), cv2.CV_32F)).mean()))


@cache
def _places(height: int, width: int) -> tuple[Share, Share]:
    """The row of each row and the column of each column, to be added to a flow."""
    rows = np.arange(height, dtype=np.float32)[:, None]
    return rows, np.arange(width, dtype=np.float32)[None]


def opencv() -> Any:
    """The module cv2.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("flow", "video") from error
    return cv2
