"""Paintings that follow the picture: each takes over from the one before what has only moved.

The strokes of two frames differ where the network sees them a little differently. Where the flow
between the frames themselves is consistent, the painting before is brought to where things are now
and mixed in. Each time a share below 1 is taken over, so whatever is wrong decays. The mixture
is given the contrast of a painting, as a mean of strokes is paler than each.

What is mixed is mixed again with what came of that before. One mean alone takes each new painting
in with its greatest weight, all at once; the second mean fades it in, and moves less where as many
paintings are averaged.
"""

from dataclasses import dataclass

import numpy as np

from impasto.core.arrays import RGB
from impasto.core.shapes import Float32
from impasto.engine.cell_flow import cell_flow
from impasto.engine.drift import Drift
from impasto.engine.flow import (
    Floating,
    Flow,
    FlowFinder,
    Share,
    apart,
    fetch,
    keep_contrast,
    misses,
    mix,
    resized,
    resized_flow,
    rounded,
)
from impasto.media.resize import bounded_size

Means = Float32[np.ndarray, "times height width 3"]
"""The running mean of paintings, its own running mean, and so on; 0 to 255, not rounded."""

_TIMES = 2
"""Means of means. A third one moves 3 % less again, for as much time and memory as the second."""
_LONGEST = 960
"""Flow is found at this long side, in pixels. At half the size of a frame strokes meet less
exactly: the same calm costs a tenth of their sharpness.
"""
_SMALLEST = 16
"""Pixels on a side: in smaller frames no flow is found, and nothing is followed."""
_MOST = 0.82
"""The largest share that each mean takes over: of a mistake a tenth is left after 19 frames."""
_LEAST = 0.45
"""The largest share of another stroke, which counts as the same one when it has come near."""
_MISSED = (1.0, 3.0)
"""Pixels that one is off after going there and back: trust falls from 1 to 0."""
_CHANGED = (25.0, 60.0)
"""Levels between a frame and the one before, brought to it: trust falls from 1 to 0."""
_REPAINTED = (50.0, 100.0)
"""The same between the paintings: what is so far apart are two strokes, and taking over falls from
`_MOST` to `_LEAST`. Without this bound spray and foam lose the style.
"""


@dataclass(frozen=True)
class Motion:
    """How a frame moved since the one before; all at the size at which flow is found."""

    flow: Flow
    trust: Share
    """How much of the flow is to be believed, 0 to 1."""
    drift: Drift
    """How far the frame has gone since its shot began."""


@dataclass(frozen=True)
class Past:
    """What the next frame goes on from."""

    painted: Means
    """The painting before, mixed with those before it."""
    drift: Drift | None = None
    """How far its frame has gone; None where no flow is found."""


class Follower:
    """Mixes into each painting of a shot what was painted before.

    Motion depends on frames alone, and mixing on paintings: they may be done in two threads, each
    in the order of frames.

    Args:
        strength: from 0, nothing, to 1, as much as decays soon enough.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, strength: float) -> None:
        self._strength = strength
        self._finder = FlowFinder("fine")
        self._seen: RGB | None = None
        self.past: Means | None = None
        """The painting before, mixed with those before it."""
        self.drift: Drift | None = None
        """How far the frame before has gone; as in `Past`."""

    def follow(self, frame: RGB, painted: RGB) -> RGB:
        """The painting of the next frame, mixed with the one before.

        Args:
            frame: the frame itself.
            painted: its painting by itself, of the same size.
        """
        return self.mix(self.motion(frame), painted)

    def motion(self, frame: RGB, *, begins: bool = False) -> Motion | None:
        """How the next frame moved; None if it is too small for flow to be found.

        Where a shot begins, or a frame has another size, nothing is to be believed.

        Args:
            frame: the frame.
            begins: whether a new shot begins with it.
        """
        columns, rows = bounded_size(frame.shape[1], frame.shape[0], _LONGEST)
        now, before = resized(frame, rows, columns), self._seen
        self._seen = now
        if min(rows, columns) < _SMALLEST:
            self.drift = None
            return None
        drift = self.drift
        if begins or before is None or drift is None or before.shape != now.shape:
            self.drift = Drift.still(rows, columns)
            nothing = np.zeros((rows, columns, 2), np.float32)
            return Motion(nothing, nothing[..., 0], self.drift)
        flow, back = self._finder.find(now, before), self._finder.find(before, now)
        changed = apart(fetch(before, flow), now)
        trust = _falling(misses(flow, back), *_MISSED) * _falling(changed, *_CHANGED)
        self.drift = drift.moved(cell_flow(now, before, flow, trust))
        return Motion(flow, trust, self.drift)

    def mix(self, motion: Motion | None, painted: RGB) -> RGB:
        """The painting of the next frame, mixed with the one before.

        Args:
            motion: of its frame; without any it stands alone.
            painted: its painting by itself.
        """
        past, alone = self.past, painted.astype(np.float32)
        if motion is None or past is None or past.shape[1:] != alone.shape:
            self.past = np.stack([alone] * _TIMES)
            return painted
        height, width = alone.shape[:2]
        flow = resized_flow(motion.flow, height, width)
        trust = resized(motion.trust, height, width)
        # What is shown is not followed: gains of frame after frame would move the colours.
        self.past, mixed = np.empty_like(past), alone
        for times, before in enumerate(past):
            moved = fetch(before, flow, sharp=True)
            np.clip(moved, 0.0, 255.0, out=moved)
            share = self._strength * trust * _taken_over(moved, painted)
            self.past[times] = mixed = mix(mixed, moved, share)
        return rounded(keep_contrast(mixed, alone))


def _taken_over(moved: Floating, painted: RGB) -> Share:
    """The largest share of what was before that is taken over: of the same stroke, or another."""
    same_stroke = _falling(apart(rounded(moved), painted), *_REPAINTED)
    most: Share = _LEAST + (_MOST - _LEAST) * same_stroke
    return most


def _falling(values: Share, start: float, end: float) -> Share:
    """1 up to `start`, 0 from `end` on, straight between."""
    return np.clip((end - values) / (end - start), 0.0, 1.0).astype(np.float32)
