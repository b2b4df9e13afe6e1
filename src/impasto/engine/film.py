"""Paints the frames of a video in stages that overlap: read, measure, flow, paint, follow, write.

All but painting take frames in their order, one at a time. Paintings do not depend on each other
before they follow, so several may be made at once.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any, Generic, TypeVar

from impasto.core.arrays import RGB
from impasto.engine.flow import on_one_thread
from impasto.engine.following import Motion, Past
from impasto.engine.key_times import KeyCodes
from impasto.engine.painter import Painter
from impasto.engine.pipeline import Outcome, Pipeline, Stage
from impasto.engine.selection import Chosen, Mark
from impasto.engine.shots import Ready, Shots
from impasto.engine.temporal import follower_of, motion_of, paint_ready
from impasto.media.video import VideoInfo

T = TypeVar("T")

_START = Mark(0, 0)

_WINDOWS_BEFORE = 2
_FRAMES_BEFORE = 32
"""A video that is taken up in its middle is fed so much before: then all is as it was."""


@dataclass(frozen=True)
class Film:
    """How a video becomes a film: what paints it, and how calmly."""

    painter: Painter
    codes: KeyCodes | None = None
    """The codes over time; None is the painter's own all the time."""
    window: float = 1.0
    """Seconds to each side over which statistics are smoothed."""
    flow: float = 0.0
    """How much of the painting before shows through where the picture only moved, 0 to 1."""
    crowd: int = 1
    """How many frames are painted at once; its engine should have as many streams."""

    def lead(self, rate: Fraction) -> int:
        """Frames that must be fed again before a place, so that it is as it was."""
        return _WINDOWS_BEFORE * round(self.window * rate) + _FRAMES_BEFORE


@dataclass(frozen=True)
class Restart:
    """Where and how to go on with a video."""

    feed: Mark = _START
    """The first frame to feed again."""
    painted: int = 0
    """How many came out; they are not given again."""
    past: Past | None = None
    """What the next painting goes on from."""


@dataclass(frozen=True)
class Painting:
    """A painted frame."""

    pts: int
    duration: int
    pixels: RGB


@dataclass(frozen=True)
class Batch:
    """What came out, and how to go on behind it: a frame, or nothing if it is known already."""

    paintings: list[Painting]
    restart: Restart
    is_last: bool = False


@dataclass(frozen=True)
class Given(Generic[T]):
    """What the last stage made of a batch."""

    painted: int
    """Frames painted so far."""
    latest: RGB | None
    """The newest of them, to look at."""
    value: T


def paint_video(
    frames: Iterable[Chosen],
    info: VideoInfo,
    film: Film,
    write: Callable[[Batch], T],
    restart: Restart | None = None,
) -> Generator[Given[T], None, None]:
    """Paint frames in order and hand each batch to `write`, in a thread of its own, in order.

    Args:
        frames: from the start, or from `restart.feed` on.
        info: of the frames as they are chosen.
        film: how they are painted.
        write: takes the batches; what it returns is passed on.
        restart: where an earlier run stopped.

    Raises:
        ImpastoError: the first error of a frame, of painting or of `write`; what came before it
            has been given.
    """
    restart = restart or Restart()
    desk, easel = _Desk(info, film, restart), _Easel(film, restart)
    measuring = Pipeline([Stage("read", _read), Stage("measure", desk.measure)])
    painting = Pipeline(
        [
            Stage("flow", easel.find),
            Stage("paint", partial(_paint, film.painter), film.crowd),
            Stage("follow", easel.follow),
            Stage("write", _kept(write)),
        ]
    )
    measured = measuring.run(chain(frames, [None]))
    together = on_one_thread() if film.flow > 0.0 and film.crowd > 1 else nullcontext()
    with together, closing(measured), closing(painting.run(_each_of(measured))) as run:
        for outcome in run:
            if outcome.error:
                raise outcome.error
            yield outcome.value  # type: ignore[misc]


def _each_of(sheets: Iterable[Outcome[list["_Canvas"]]]) -> Iterator["_Canvas"]:
    """At a cut and at the end many frames are ready at once: they are painted one by one."""
    for sheet in sheets:
        if sheet.error:
            raise sheet.error
        yield from sheet.value or []


def _read(chosen: Chosen | None) -> tuple[Chosen, RGB] | None:
    return None if chosen is None else (chosen, chosen.pixels())


def _kept(write: Callable[[Batch], T]) -> Callable[[Batch], Given[T]]:
    def work(batch: Batch) -> Given[T]:
        latest = batch.paintings[-1].pixels if batch.paintings else None
        return Given(batch.restart.painted, latest, write(batch))

    return work


@dataclass(frozen=True)
class _Canvas:
    """A frame that can be painted, or the end."""

    frame: tuple[Chosen, Ready] | None
    restart: Restart
    """Behind it; what the next painting follows is not known yet."""
    number: int
    """Of the frame, from 0 on."""
    motion: Motion | None = None
    """Since the frame before, where paintings follow."""


class _Desk:
    """The measuring stage: a video's frames must come in their order, in one thread."""

    def __init__(self, info: VideoInfo, film: Film, restart: Restart) -> None:
        self._base, self._film, self._from = info.time_base, film, restart
        first = restart.feed.number
        self._shots = Shots(  # before the lead: it refuses windows that cannot be counted
            film.painter, rate=float(info.rate), window=film.window, first=first
        )
        self._lead = film.lead(info.rate)
        self._waiting: deque[Chosen] = deque()
        self._marks: deque[Mark] = deque()
        self._painted = first
        self._number = 0
        self._failed = False

    def measure(self, item: tuple[Chosen, RGB] | None) -> list[_Canvas]:
        """Feed a frame, or the end; after an error nothing more is measured."""
        if self._failed:
            raise RuntimeError("a frame before could not be measured")
        try:
            ready = self._shots.finish() if item is None else self._push(*item)
        except BaseException:
            self._failed = True
            raise
        canvases = [self._canvas((self._waiting.popleft(), each)) for each in ready]
        return canvases if item is not None else [*canvases, self._canvas(None)]

    def _canvas(self, frame: tuple[Chosen, Ready] | None) -> _Canvas:
        number, self._number = self._number, self._number + 1
        self._painted += frame is not None
        return _Canvas(frame, self._restart(), number)

    def _push(self, chosen: Chosen, pixels: RGB) -> list[Ready]:
        self._waiting.append(chosen)
        self._marks.append(chosen.mark)
        return self._shots.push(pixels, self._code(chosen))

    def _code(self, chosen: Chosen) -> Any:
        codes = self._film.codes
        return codes.at(chosen.pts * self._base) if codes else None

    def _restart(self) -> Restart:
        """How to go on behind what can be painted by now."""
        while len(self._marks) > 1 and self._marks[1].number <= self._painted - self._lead:
            self._marks.popleft()
        feed = self._marks[0] if self._marks else self._from.feed
        return Restart(feed, self._painted)


def _paint(painter: Painter, canvas: _Canvas) -> tuple[_Canvas, RGB | None]:
    if canvas.frame is None:
        return canvas, None
    return canvas, paint_ready(painter, canvas.frame[1], canvas.motion)


class _Easel:
    """The stages of flow and following: frames, and then paintings, in order, in one thread."""

    def __init__(self, film: Film, restart: Restart) -> None:
        self._follower, self._from = follower_of(film.painter, film.flow), restart
        self._next = 0

    def find(self, canvas: _Canvas) -> _Canvas:
        """Find how a frame moved."""
        if self._follower is None or canvas.frame is None:
            return canvas
        motion = motion_of(self._follower, canvas.frame[1])
        if left := self._left_at(canvas):
            self._follower.drift = left.drift
        return replace(canvas, motion=motion)

    def follow(self, item: tuple[_Canvas, RGB | None]) -> Batch:
        """Mix a painting with those before; where one is missing nothing more comes out."""
        canvas, painted = item
        if canvas.number != self._next:
            raise RuntimeError("a frame before could not be painted")
        self._next += 1
        paintings = []
        if canvas.frame is not None and painted is not None:
            chosen, follower = canvas.frame[0], self._follower
            pixels = follower.mix(canvas.motion, painted) if follower else painted
            if canvas.restart.painted > self._from.painted:
                paintings = [Painting(chosen.pts, chosen.duration, pixels)]
        restart = replace(canvas.restart, past=self._past(canvas))
        return Batch(paintings, restart, canvas.frame is None)

    def _past(self, canvas: _Canvas) -> Past | None:
        """What the next painting goes on from: where an earlier run stopped, what it had there."""
        if self._follower is None:
            return None
        if left := self._left_at(canvas):
            self._follower.past = left.painted
            return left
        drift = canvas.motion.drift if canvas.motion else None
        return None if self._follower.past is None else Past(self._follower.past, drift)

    def _left_at(self, canvas: _Canvas) -> Past | None:
        """What an earlier run left behind a frame, if that was the last it gave."""
        return self._from.past if canvas.restart.painted == self._from.painted > 0 else None
