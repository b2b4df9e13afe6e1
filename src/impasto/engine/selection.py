"""Which frames of a video are painted, and at what times."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from impasto.core.arrays import RGB
from impasto.core.errors import SettingsError
from impasto.media.video import Frame, Span, VideoInfo, VideoSource

_MOST_LATE = 10_000
"""Beats that a video may begin late by itself."""


@dataclass(frozen=True)
class Mark:
    """A place in a selection, to begin there again."""

    number: int
    """Of a chosen frame, from 0 on."""
    tick: int
    """Its time in the source."""


@dataclass(frozen=True)
class Chosen:
    """A frame to paint."""

    mark: Mark
    pts: int
    """When the painting is shown, in the ticks of `Selection.result`."""
    duration: int
    pixels: Callable[[], RGB]


@dataclass(frozen=True)
class Selection:
    """A part of a video, at its own times or at a constant rate.

    Raises:
        SettingsError: a value is out of its range.
    """

    start: Fraction = Fraction(0)
    """Seconds after the beginning."""
    seconds: Fraction | None = None
    """How long; None is to the end."""
    rate: Fraction | None = None
    """Frames a second; None keeps each frame and its exact time."""

    def __post_init__(self) -> None:
        if self.start < 0:
            raise SettingsError(f"the start is {float(self.start):g} s: it must be at least 0")
        if self.seconds is not None and self.seconds <= 0:
            raise SettingsError("the duration must be above 0")
        if self.rate is not None and not Fraction(1, 100) <= self.rate <= 1000:
            raise SettingsError(f"{float(self.rate):g} frames a second: use 0.01 to 1000")

    def result(self, info: VideoInfo) -> VideoInfo:
        """Facts about the chosen frames."""
        seconds = self._length(info)
        if self.rate is None:
            return replace(info, origin=Fraction(0), seconds=seconds)
        return replace(
            info, origin=Fraction(0), seconds=seconds, rate=self.rate, time_base=1 / self.rate
        )

    def begin(self, info: VideoInfo) -> int:
        """The tick of the source that becomes 0."""
        return round((info.origin + self.start) / info.time_base)

    def end(self, info: VideoInfo) -> int | None:
        """The first tick of the source that is left out; None: there is none."""
        if self.seconds is None:
            return None
        return round((info.origin + self.start + self.seconds) / info.time_base)

    def span(self, info: VideoInfo) -> Span:
        """The same part in seconds of the source, to the tick, for what goes with the pictures."""
        end = self.end(info)
        last = None if end is None else end * info.time_base
        return Span(self.begin(info) * info.time_base, last)

    def _length(self, info: VideoInfo) -> float | None:
        rest = None if info.seconds is None else max(0.0, info.seconds - float(self.start))
        if self.seconds is None:
            return rest
        return float(self.seconds) if rest is None else min(rest, float(self.seconds))


def choose(source: VideoSource, selection: Selection, mark: Mark | None = None) -> Iterator[Chosen]:
    """The chosen frames of a source, in order, from the start or from a mark on."""
    info = source.info
    begin, end = selection.begin(info), selection.end(info)
    since = mark.tick if mark else begin if selection.start else None
    frames = _before(source.frames(since), end)
    first = mark.number if mark else 0
    if selection.rate is None:
        least = mark.tick if mark else begin if selection.start else None
        yield from _each(frames, begin, end, least, first)
    else:
        step = selection.rate * info.time_base
        yield from _paced(frames, begin, end, step, first)


def _before(frames: Iterator[Frame], end: int | None) -> Iterator[Frame]:
    for frame in frames:
        if end is not None and frame.pts >= end:
            return
        yield frame


def _each(
    frames: Iterator[Frame], begin: int, end: int | None, least: int | None, number: int
) -> Iterator[Chosen]:
    for frame in frames:
        if least is None or frame.pts >= least:
            stop = frame.pts + frame.duration
            duration = (stop if end is None else min(stop, end)) - frame.pts
            mark = Mark(number, frame.pts)
            yield Chosen(mark, frame.pts - begin, max(1, duration), frame.pixels)
            number += 1


def _paced(
    frames: Iterator[Frame], begin: int, end: int | None, step: Fraction, number: int
) -> Iterator[Chosen]:
    """At each beat the frame that begins next to it or before; `step` is in beats a tick.

    Times that a file has rounded, to thousandths for example, so make no frame come twice.
    """
    held: Frame | None = None
    for frame in frames:
        beat = _beat(frame.pts - begin, step)
        while held and number < beat:
            yield _on_beat(number, held)
            number += 1
        held, number = frame, number if held else max(number, min(beat, number + _MOST_LATE))
    if held:
        stop = held.pts + held.duration
        last = _beat((stop if end is None else min(stop, end)) - begin, step)
        for beat in range(number, last):
            yield _on_beat(beat, held)


def _beat(ticks: int, step: Fraction) -> int:
    return floor(ticks * step + Fraction(1, 2))


def _on_beat(number: int, frame: Frame) -> Chosen:
    return Chosen(Mark(number, frame.pts), number, 1, frame.pixels)
