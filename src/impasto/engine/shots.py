"""The frames of a video, measured and given an affine that is steady within their shot.

Only frames are measured, never paintings, so nothing can drift. What a frame is painted with
depends on the frames within two windows of it.
"""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from impasto.core.arrays import RGB, Code, Stats
from impasto.core.errors import SettingsError
from impasto.engine.affines import compose
from impasto.engine.collage import is_large
from impasto.engine.cuts import CutDetector
from impasto.engine.images import to_picture
from impasto.engine.looks import Look
from impasto.engine.measured import Measured
from impasto.engine.painter import Painter
from impasto.engine.regions import Layer, Patch, shown_in
from impasto.engine.smoothing import Smoother, Trail, Window
from impasto.engine.strokes import at_long_side, painted_side
from impasto.media.resize import thumbnail

_MEASURED_IN_A_WINDOW = 8
"""Frames to each side: measuring all of them takes longer and moves a painting by 0.3 levels."""
_MOST_WAITING = 256 * 2**20
"""Bytes of frames that wait for those after them."""


@dataclass(frozen=True)
class _Frame:
    number: int
    job: Measured
    """What is painted; its affine comes last."""
    small: RGB
    """Its thumbnail, by which cuts are found."""
    code: Code
    patches: tuple[Patch, ...] | None = None
    """What is painted in several styles; the code is that of the lowest."""

    @property
    def nbytes(self) -> int:
        """How much memory its pixels take while it waits."""
        pictures = (self.job.photo, self.job.small)
        return sum(picture.pixels.nbytes for picture in pictures if picture is not None)


@dataclass(frozen=True)
class Ready:
    """A frame that can be painted."""

    job: Measured
    begins: bool
    """Whether it is the first of its shot: nothing before it may show through."""


class Shots:
    """Measures the frames of one video, in order, and hands them on when they can be painted.

    Args:
        painter: its model measures, and its settings hold for all frames.
        rate: frames a second, above 0; of a variable rate the mean.
        window: seconds to each side over which statistics are smoothed; 0 takes each frame's own.
        live: never wait for later frames: each `push` returns its own frame.
        first: the number of the first frame, for a video that is taken up in its middle: what comes
            out two windows later is as if it had been measured from the start.

    Raises:
        SettingsError: a value is out of its range.
    """

    def __init__(
        self,
        painter: Painter,
        *,
        rate: float,
        window: float = 1.0,
        live: bool = False,
        first: int = 0,
    ) -> None:
        _check(rate, window)
        self._painter, self._live = painter, live
        frames = round(window * rate)
        self._stride = max(1, round(frames / _MEASURED_IN_A_WINDOW))
        self._half = frames // self._stride * self._stride
        self._cuts = CutDetector(live=live or self._half == 0)
        self._undecided: deque[_Frame] = deque()
        self._shot: deque[_Frame] = deque()
        self._begins = True
        self._smoother: Smoother = self._new_smoother()
        self._looks: list[Look] | None = None
        """Of the shot; where others show, a new one begins."""
        self._count = first

    def push(self, frame: RGB, code: Code | None = None) -> list[Ready]:
        """Take the next frame.

        Args:
            frame: RGB, of any size from 1 x 1.
            code: what to paint it with; None is the painter's own code.

        Returns:
            The frames that can be painted now, in order; they lag behind by up to the window.
        """
        job = self._prepared(frame)
        small = thumbnail((job.small or job.photo).pixels, self._painter.model.thumbnail)
        code = self._painter.code if code is None else code
        patches = self._painter.patches(job.photo)
        self._undecided.append(_Frame(self._count, job, small, code, patches))
        self._count += 1
        return [ready for is_cut in self._cuts.push(small) for ready in self._enter(is_cut)]

    def finish(self) -> list[Ready]:
        """All frames that still wait; the video is over."""
        ready = [each for is_cut in self._cuts.finish() for each in self._enter(is_cut)]
        return ready + self._end_shot()

    def _prepared(self, frame: RGB) -> Measured:
        picture = to_picture(frame)
        photo = self._painter.prepare(picture)
        reference = self._painter.settings.stroke_reference
        side = painted_side(max(photo.pixels.shape[:2]), reference)
        if side is None:
            return Measured(photo, None, None)
        return Measured(photo, None, at_long_side(picture, side, self._painter.tiler.most_pixels))

    def _enter(self, is_cut: bool) -> list[Ready]:
        """Let the oldest undecided frame into its shot."""
        frame = self._undecided.popleft()
        looks = [patch.look for patch in frame.patches or ()]
        is_cut = is_cut or self._looks not in (None, looks)
        self._looks = looks
        ready = self._end_shot() if is_cut else []
        if self._painter.paints and (is_cut or frame.number % self._stride == 0):
            self._smoother.add(frame.number, self._measured(frame))
        self._shot.append(frame)
        while self._shot and frame.number - self._shot[0].number >= self._wait(frame):
            ready.append(self._ready(self._shot.popleft()))
        return ready

    def _end_shot(self) -> list[Ready]:
        ready = [self._ready(frame) for frame in self._shot]
        self._shot.clear()
        self._smoother = self._new_smoother()
        self._begins = True
        return ready

    def _ready(self, frame: _Frame) -> Ready:
        job = self._composed(frame) if self._painter.paints else frame.job
        begins, self._begins = self._begins, False
        return Ready(job, begins)

    def _measured(self, frame: _Frame) -> Stats:
        """The statistics of a frame; those of several styles stand beside each other."""
        measure, seen = self._painter.measure, (frame.job.small or frame.job.photo).pixels
        height, width = seen.shape[:2]
        if not is_large(height, width, self._painter.model.thumbnail):
            seen = frame.small
        if frame.patches is None:
            return measure(seen, code=frame.code)
        found = [
            measure(seen, shown_in(patch, seen), self._code_of(patch, frame))
            for patch in frame.patches
            if patch.look.opacity > 0.0
        ]
        return np.concatenate([np.empty((2, 0), np.float32), *found], axis=1)

    def _composed(self, frame: _Frame) -> Measured:
        """A frame with smoothed statistics, ready to be painted."""
        stats = self._smoother.at(frame.number)
        if frame.patches is None:
            return replace(frame.job, affine=compose(frame.code, stats))
        layers, channels = [], self._painter.model.channels
        for patch in frame.patches:
            affine = None
            if patch.look.opacity > 0.0:
                affine = compose(self._code_of(patch, frame), stats[:, :channels])
                stats = stats[:, channels:]
            layers.append(Layer(patch, affine))
        return replace(frame.job, layers=tuple(layers))

    def _code_of(self, patch: Patch, frame: _Frame) -> Code:
        """What a style is painted with: that of the painter may change with time."""
        is_lowest = patch.mask is None
        return frame.code if is_lowest else patch.look.code

    def _wait(self, frame: _Frame) -> int:
        """How many frames after a frame must be there before it is painted."""
        return 0 if self._live else min(self._half, _MOST_WAITING // frame.nbytes)

    def _new_smoother(self) -> Smoother:
        return Trail(self._half) if self._live else Window(self._half)


def _check(rate: float, window: float) -> None:
    if not 0.0 < rate < float("inf"):
        raise SettingsError(f"rate is {rate!r}: it must be above 0 frames a second")
    if not 0.0 <= window <= 60.0:
        raise SettingsError(f"window is {window!r}: it must be from 0 to 60 seconds")
