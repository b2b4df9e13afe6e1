"""Paintings that follow the picture: each takes over from the one before what has only moved.

The strokes of two frames differ where the network sees them a little differently. Where the flow
between the frames themselves is consistent, the painting before is brought to where things are now
and mixed in. Each time a share below 1 is taken over, so whatever is wrong decays. The mixture
is given the contrast of a painting, as a mean of strokes is paler than each.
"""

from dataclasses import dataclass

import numpy as np

from impasto.core.arrays import RGB
from impasto.engine.flow import (
    Floating,
    Flow,
    FlowFinder,
    Share,
    fetch,
    keep_contrast,
    misses,
    mix,
    resized,
    resized_flow,
)
from impasto.media.resize import bounded_size

_LONGEST = 960
"""Flow is found at this long side, in pixels. At half the size of a frame strokes meet less
exactly: the same calm costs a tenth of their sharpness.
"""
_SMALLEST = 16
"""Pixels on a side: in smaller frames no flow is found, and nothing is followed."""
_MOST = 0.9
"""The largest share that is taken over: of a mistake a tenth is left after 22 frames."""
_LEAST = 0.5
"""The largest share of another stroke, which fades within a few frames."""
_MISSED = (1.0, 3.0)
"""Pixels that one is off after going there and back: trust falls from 1 to 0."""
_CHANGED = (25.0, 60.0)
"""Levels between a frame and the one before, brought to it: trust falls from 1 to 0."""
_REPAINTED = (50.0, 100.0)
"""The same between the paintings: what is so far apart are two strokes, and taking over falls from
`_MOST` to `_LEAST`. Without this bound spray and foam lose the style.
"""


@dataclass(frozen=True)
class Past:
    """What the next painting of a shot follows."""

    small: RGB
    """The frame before, at the size at which flow is found."""
    painted: Floating
    """Its painting, mixed with those before."""

    def fits(self, painted: RGB) -> bool:
        """Whether a painting can follow: it has the same size, in which flow can be found."""
        is_large = min(self.small.shape[:2]) >= _SMALLEST
        return is_large and self.painted.shape == painted.shape


class Follower:
    """Mixes into each painting of a shot what was painted before.

    Args:
        strength: from 0, nothing, to 1, as much as decays soon enough.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, strength: float) -> None:
        self._strength = strength
        self._finder = FlowFinder("fast")
        self.past: Past | None = None

    def reset(self) -> None:
        """Forget what was before: a new shot begins."""
        self.past = None

    def follow(self, frame: RGB, painted: RGB) -> RGB:
        """The painting of the next frame, mixed with the one before.

        Args:
            frame: the frame itself.
            painted: its painting by itself, of the same size.
        """
        past, height, width = self.past, *frame.shape[:2]
        columns, rows = bounded_size(width, height, _LONGEST)
        small, mixed = resized(frame, rows, columns), painted.astype(np.float32)
        shown = mixed
        if past is not None and past.fits(painted):
            flow, trust = self._motion(small, past.small)
            before = fetch(past.painted, resized_flow(flow, height, width), sharp=True)
            same_stroke = _falling(np.abs(before - mixed).max(axis=2), *_REPAINTED)
            most = _LEAST + (_MOST - _LEAST) * same_stroke
            share = self._strength * resized(trust, height, width) * most
            mixed = np.clip(mix(mixed, before, share), 0.0, 255.0)
            shown = np.clip(keep_contrast(mixed, shown), 0.0, 255.0)
        # What is shown is not followed: gains of frame after frame would move the colours.
        self.past = Past(small, mixed)
        return np.rint(shown).astype(np.uint8)

    def _motion(self, now: RGB, before: RGB) -> tuple[Flow, Share]:
        flow, back = self._finder.find(now, before), self._finder.find(before, now)
        changed = np.abs(fetch(before, flow).astype(np.float32) - now).max(axis=2)
        return flow, _falling(misses(flow, back), *_MISSED) * _falling(changed, *_CHANGED)


def _falling(values: Share, start: float, end: float) -> Share:
    """1 up to `start`, 0 from `end` on, straight between."""
    return np.clip((end - values) / (end - start), 0.0, 1.0).astype(np.float32)
