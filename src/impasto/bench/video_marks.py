"""How calm a painted clip is: what moves in it beside what moves in the clip itself.

The warping error of Lai et al. 2018 ("Learning Blind Video Temporal Consistency"), with three
choices told here because they decide its numbers. Flow and occlusion are those of the *input*
frames (OpenCV's DIS, `medium`, at full size), so all paintings of a clip are judged on the same
pixels. A pixel counts if going there and back misses by no more than the bound of Sundaram, Brox
and Keutzer 2010. And the error is a root mean square in levels of 0 to 255 over pixels and channels
together, each channel counted once, per pair of frames, averaged over pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from impasto.core.arrays import RGB
from impasto.engine.flow import Flow, FlowFinder, fetch, misses

SHORT, LONG = 1, 10
"""Frames apart."""
SMALLEST_SIDE = 64
"""Pixels: smaller frames are not measured, since the networks that judge cannot look at them."""

_FAR = 0.01
_NEAR = 0.5
"""Of the bound `miss ** 2 < 0.01 * (flow ** 2 + back ** 2) + 0.5`, in pixels."""

Mask = Bool[np.ndarray, "height width"]


@dataclass(frozen=True)
class Link:
    """What two frames of a clip have in common."""

    flow: Flow
    """From the later to the earlier frame."""
    seen: Mask
    """The pixels of the later frame that the earlier one shows too."""


def link(later: RGB, earlier: RGB, finder: FlowFinder) -> Link:
    """Find what two frames have in common; both at least 16 pixels on each side."""
    flow, back = finder.find(later, earlier), finder.find(earlier, later)
    lengths = np.square(flow).sum(axis=2) + np.square(fetch(back, flow)).sum(axis=2)
    return Link(flow, np.square(misses(flow, back)) < _FAR * lengths + _NEAR)


def warping_error(later: RGB, earlier: RGB, both: Link) -> float | None:
    """How much a picture differs from an earlier one brought to it, in levels, where both are seen.

    Args:
        later: a frame, or a painting of it.
        earlier: the same of the other frame.
        both: what the two frames themselves have in common.

    Returns:
        The root mean square over pixels and channels, 0 to 255; None if no pixel is in both.
    """
    if not both.seen.any():
        return None
    moved = fetch(earlier.astype(np.float32), both.flow)
    return float(np.sqrt(np.square(later[both.seen] - moved[both.seen]).mean()))


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean of what is known; None if nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


class ClipMarks:
    """Marks paintings of one clip; the clip's own motion is found once, for all of them.

    Args:
        frames: the clip, at least 2 frames.
        later: how many frames apart the pairs are; a clip that is too short has no mark there.
    """

    def __init__(self, frames: Sequence[RGB], later: Sequence[int] = (SHORT, LONG)) -> None:
        self._frames, self._later = frames, later
        finder = FlowFinder("medium")
        self._links = {
            gap: [link(frames[i], frames[i - gap], finder) for i in range(gap, len(frames))]
            for gap in later
        }

    def errors(self, pictures: Sequence[RGB]) -> dict[int, float | None]:
        """The warping error of paintings, or of the frames themselves, by frames apart."""
        return {
            gap: mean_of(
                [
                    warping_error(pictures[i + gap], pictures[i], both)
                    for i, both in enumerate(self._links[gap])
                ]
            )
            for gap in self._later
        }

    @property
    def seen(self) -> dict[int, float | None]:
        """The share of pixels that count, by frames apart."""
        return {
            gap: mean_of([float(each.seen.mean()) for each in links])
            for gap, links in self._links.items()
        }
