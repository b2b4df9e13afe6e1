"""Paints the frames of a video one after the other: reading, painting and writing overlap."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any, Generic, TypeVar

from impasto.core.arrays import RGB
from impasto.engine.following import Past
from impasto.engine.key_times import KeyCodes
from impasto.engine.painter import Painter
from impasto.engine.pipeline import Pipeline, Stage
from impasto.engine.selection import Chosen, Mark
from impasto.engine.temporal import Temporal
from impasto.media.video import VideoInfo

T = TypeVar("T")

_START = Mark(0, 0)

_WINDOWS_BEFORE = 2
_FRAMES_BEFORE = 32
"""A video that is taken up in its middle is fed so much before: then all is as it was."""


@dataclass(frozen=True)
class Studio:
    """What paints, and how calmly."""

    painter: Painter
    codes: KeyCodes | None = None
    """The codes over time; None is the painter's own all the time."""
    window: float = 1.0
    """Seconds to each side over which statistics are smoothed."""
    flow: float = 0.0
    """How much of the painting before shows through where the picture only moved, 0 to 1."""

    def lead(self, rate: Fraction) -> int:
        """Frames that must be fed again before a place, so that it is as it was."""
        return _WINDOWS_BEFORE * round(self.window * rate) + _FRAMES_BEFORE


@dataclass(frozen=True)
class Restart:
    """Where and how to go on with a video."""

    feed: Mark = _START
    """The first frame to feed again."""
    fed: int = 0
    """How many frames had been fed in all."""
    painted: int = 0
    """How many came out; they are not given again."""
    past: Past | None = None
    """What the next painting follows."""


@dataclass(frozen=True)
class Painting:
    """A painted frame."""

    pts: int
    duration: int
    pixels: RGB


@dataclass(frozen=True)
class Batch:
    """What came out when one frame went in, and how to go on behind it."""

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
    studio: Studio,
    write: Callable[[Batch], T],
    restart: Restart | None = None,
) -> Generator[Given[T], None, None]:
    """Paint frames in order and hand each batch to `write`, in a thread of its own, in order.

    Args:
        frames: from the start, or from `restart.feed` on.
        info: of the frames as they are chosen.
        studio: paints them.
        write: takes the batches; what it returns is passed on.
        restart: where an earlier run stopped.

    Raises:
        ImpastoError: the first error of a frame, of painting or of `write`; what came before it
            has been given.
    """
    brush = _Brush(info, studio, restart or Restart())
    stages = [Stage("read", _read), Stage("paint", brush.paint), Stage("write", _kept(write))]
    run = Pipeline(stages).run(chain(frames, [None]))
    try:
        for outcome in run:
            if outcome.error:
                raise outcome.error
            yield outcome.value  # type: ignore[misc]
    finally:
        run.close()


def _read(chosen: Chosen | None) -> tuple[Chosen, RGB] | None:
    return None if chosen is None else (chosen, chosen.pixels())


def _kept(write: Callable[[Batch], T]) -> Callable[[Batch], Given[T]]:
    def work(batch: Batch) -> Given[T]:
        latest = batch.paintings[-1].pixels if batch.paintings else None
        return Given(batch.restart.painted, latest, write(batch))

    return work


class _Brush:
    """The painting stage: a video's frames must come in their order, in one thread."""

    def __init__(self, info: VideoInfo, studio: Studio, restart: Restart) -> None:
        self._base, self._studio, self._from = info.time_base, studio, restart
        self._lead = studio.lead(info.rate)
        self._temporal = Temporal(
            studio.painter,
            rate=float(info.rate),
            window=studio.window,
            flow=studio.flow,
            first=restart.feed.number,
        )
        self._waiting: deque[Chosen] = deque()
        self._marks: deque[Mark] = deque()
        self._painted = self._fed = restart.feed.number
        self._failed = False

    def paint(self, item: tuple[Chosen, RGB] | None) -> Batch:
        """Feed a frame, or the end; after an error nothing more is painted."""
        if self._failed:
            raise RuntimeError("a frame before could not be painted")
        try:
            done = self._temporal.finish() if item is None else self._push(*item)
        except BaseException:
            self._failed = True
            raise
        paintings = [self._painting(pixels) for pixels in done]
        fresh = max(0, self._painted - max(self._from.painted, self._painted - len(paintings)))
        return Batch(paintings[len(paintings) - fresh :], self._restart(), item is None)

    def _push(self, chosen: Chosen, pixels: RGB) -> list[RGB]:
        self._waiting.append(chosen)
        self._marks.append(chosen.mark)
        done = self._temporal.push(pixels, self._code(chosen))
        self._fed += 1
        if self._fed == self._from.fed and self._from.painted:
            self._temporal.past = self._from.past
        return done

    def _code(self, chosen: Chosen) -> Any:
        codes = self._studio.codes
        return codes.at(chosen.pts * self._base) if codes else None

    def _painting(self, pixels: RGB) -> Painting:
        chosen = self._waiting.popleft()
        self._painted += 1
        return Painting(chosen.pts, chosen.duration, pixels)

    def _restart(self) -> Restart:
        """How to go on behind what has come out by now."""
        while len(self._marks) > 1 and self._marks[1].number <= self._painted - self._lead:
            self._marks.popleft()
        feed = self._marks[0] if self._marks else self._from.feed
        return Restart(feed, self._fed, self._painted, self._temporal.past)
