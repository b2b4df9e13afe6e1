"""Calm painting of video: statistics smoothed within a shot, strokes that follow the picture.

What comes out for a frame depends on the frames within two windows of it, and with `flow` on the
painting before. Here it is done frame by frame; `impasto.engine.film` does the same in stages.
"""

from dataclasses import replace

from impasto.core.arrays import RGB, Code
from impasto.core.errors import SettingsError
from impasto.engine.following import Follower, Motion
from impasto.engine.painter import Painter
from impasto.engine.shots import Ready, Shots


class Temporal:
    """Paints the frames of one video, in order.

    Args:
        painter: paints the frames; its settings hold for all of them.
        rate: frames a second, above 0; of a variable rate the mean.
        window: seconds to each side over which statistics are smoothed; 0 paints frame by frame.
        flow: how much the painting before shows through where the picture has only moved, 0 to 1.
        live: never wait for later frames: each `push` returns its own frame.
        first: the number of the first frame; see `Shots`.

    Raises:
        SettingsError: a value is out of its range, or `flow` is above 0 and the painter has masks:
            what moves over an edge would take its style along.
        MissingExtraError: `flow` is above 0, and OpenCV is not installed.
    """

    def __init__(
        self,
        painter: Painter,
        *,
        rate: float,
        window: float = 1.0,
        flow: float = 0.0,
        live: bool = False,
        first: int = 0,
    ) -> None:
        self._shots = Shots(painter, rate=rate, window=window, live=live, first=first)
        self._painter, self._follower = painter, follower_of(painter, flow)

    def push(self, frame: RGB, code: Code | None = None) -> list[RGB]:
        """Take the next frame.

        Args:
            frame: RGB, of any size from 1 x 1.
            code: what to paint it with; None is the painter's own code.

        Returns:
            The paintings that are finished now, in order; they lag behind by up to the window.
        """
        return [self._painted(ready) for ready in self._shots.push(frame, code)]

    def finish(self) -> list[RGB]:
        """The paintings of all frames that still wait; the video is over."""
        return [self._painted(ready) for ready in self._shots.finish()]

    def _painted(self, ready: Ready) -> RGB:
        if self._follower is None:
            return paint_ready(self._painter, ready)
        motion = motion_of(self._follower, ready)
        return self._follower.mix(motion, paint_ready(self._painter, ready, motion))


def paint_ready(painter: Painter, ready: Ready, motion: Motion | None = None) -> RGB:
    """The painting of a frame by itself; frames may be painted at the same time."""
    if not painter.paints:
        return ready.job.photo.pixels
    drift = motion.drift if motion else None
    return painter.paint_measured(replace(ready.job, drift=drift)).pixels


def motion_of(follower: Follower, ready: Ready) -> Motion | None:
    """How the next frame moved since the one before it in its shot."""
    return follower.motion(ready.job.photo.pixels, begins=ready.begins)


def follower_of(painter: Painter, flow: float) -> Follower | None:
    """What mixes paintings as much as `flow` says; raises as `Temporal` does."""
    if not 0.0 <= flow <= 1.0:
        raise SettingsError(f"flow is {flow!r}: it must be from 0 to 1")
    if flow > 0.0 and painter.regions is not None:
        raise SettingsError("masks and flow exclude each other: leave one of them out")
    return Follower(flow) if flow > 0.0 and painter.paints else None
