"""Painting what a camera sees: always its newest frame, at the largest size that keeps its rate."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from threading import Condition, Thread

from impasto.core.arrays import RGB
from impasto.core.errors import ImpastoError
from impasto.engine.film import Film
from impasto.engine.temporal import Temporal
from impasto.media.resize import bounded_size, fit_long_side
from impasto.media.video import Frame, VideoSource

_STEPS = (1, 5 / 6, 2 / 3, 1 / 2, 5 / 12, 1 / 3, 1 / 4, 1 / 6)
_SMALLEST = 96
_MULTIPLE = 8
_FULL, _ROOMY = 0.95, 0.7
"""Shares of the time between two frames: more than the first is too much, a larger size must take
less than the second."""
_PATIENCE = 30
"""So many frames must have had room before the picture grows."""
_RECENT = 0.2
"""How much the newest time counts in the mean."""


@dataclass(frozen=True)
class LivePainting:
    """A painted frame of a camera."""

    pixels: RGB
    seconds: float
    """When its frame was taken, since the first one was."""
    latency: float
    """Seconds from taking it to now."""


class SizePilot:
    """Chooses how large frames are painted, by how long it takes.

    Args:
        longest: the long side of a frame, in pixels; never exceeded.
        period: seconds from a frame to the next.
    """

    def __init__(self, longest: int, period: float) -> None:
        wanted = (max(_SMALLEST, int(longest * s) // _MULTIPLE * _MULTIPLE) for s in _STEPS[1:])
        self.sizes = sorted({longest, *(size for size in wanted if size < longest)}, reverse=True)
        self._period, self._at = period, 0
        self._mean: float | None = None
        self._fresh, self._calm = True, 0

    @property
    def size(self) -> int:
        """The long side to paint at."""
        return self.sizes[self._at]

    def note(self, seconds: float) -> None:
        """A frame took so long; the first one of a size, which prepares for it, does not count."""
        if self._fresh:
            self._fresh = False
            return
        mean = seconds if self._mean is None else self._mean + _RECENT * (seconds - self._mean)
        self._mean = mean
        if mean > _FULL * self._period:
            self._step(1)
        elif self._at > 0 and self._larger(mean) < _ROOMY * self._period:
            self._calm += 1
            if self._calm >= _PATIENCE:
                self._step(-1)
        else:
            self._calm = 0

    def _larger(self, mean: float) -> float:
        """What the next larger size would take: as its pixels."""
        return mean * (self.sizes[self._at - 1] / self.size) ** 2

    def _step(self, by: int) -> None:
        if 0 <= self._at + by < len(self.sizes):
            self._at += by
            self._mean, self._fresh, self._calm = None, True, 0


class Newest:
    """Reads a source in a thread of its own and keeps its newest frame alone.

    Args:
        source: read to its end, or until `close`.
    """

    def __init__(self, source: VideoSource) -> None:
        self._source, self._ready = source, Condition()
        self._newest: tuple[Frame, float] | None = None
        self._ended, self._stopping = False, False
        self._error: ImpastoError | None = None
        self._thread = Thread(target=self._read, name="impasto-camera", daemon=True)
        self._thread.start()

    def take(self) -> tuple[Frame, float] | None:
        """The newest frame that was not taken yet, and when it came; None at the end.

        Raises:
            ImpastoError: what ended the source.
        """
        with self._ready:
            self._ready.wait_for(lambda: self._newest is not None or self._ended)
            if self._newest is None and self._error:
                raise self._error
            taken, self._newest = self._newest, None
            return taken

    def close(self) -> None:
        """Stop reading; returns when the thread has ended."""
        self._stopping = True
        self._thread.join()

    def _read(self) -> None:
        try:
            for frame in self._source.frames():
                if self._stopping:
                    break
                with self._ready:
                    self._newest = frame, time.monotonic()
                    self._ready.notify()
        except ImpastoError as error:
            self._error = error
        finally:
            with self._ready:
                self._ended = True
                self._ready.notify()


def paint_live(source: VideoSource, film: Film) -> Iterator[LivePainting]:
    """Paint the newest frame of a source again and again; frames that are missed are left out.

    Raises:
        ImpastoError: the source or the painting failed.
    """
    info, painter = source.info, film.painter
    rate = float(info.rate)
    longest = max(bounded_size(info.width, info.height, painter.settings.size or 2**31))
    pilot = SizePilot(longest, 1 / rate)
    temporal = Temporal(painter, rate=rate, window=film.window, flow=film.flow, live=True)
    newest, first = Newest(source), None
    try:
        while (taken := newest.take()) is not None:
            frame, came = taken
            first = came if first is None else first
            started = time.monotonic()
            code = film.codes.at(Fraction(came - first)) if film.codes else None
            (pixels,) = temporal.push(fit_long_side(frame.pixels(), pilot.size), code)
            now = time.monotonic()
            pilot.note(now - started)
            yield LivePainting(pixels, came - first, now - came)
    finally:
        newest.close()
