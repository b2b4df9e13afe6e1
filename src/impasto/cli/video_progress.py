"""What a call of `impasto video` tells while it runs: a bar with frames a second and time left.

For programs, lines of JSON.
"""

import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impasto.cli.streams import answer

if TYPE_CHECKING:
    from rich.progress import Progress

_EVERY = 0.5
"""Seconds between two lines."""
_RECENT = 5.0
"""Seconds over which the rate is told."""


@dataclass
class Pace:
    """Frames a second, of the last seconds."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def at(self, now: float, frames: int) -> float:
        """The rate when so many frames are done; 0 at first."""
        self.seen.append((now, frames))
        while len(self.seen) > 2 and self.seen[1][0] < now - _RECENT:
            self.seen.popleft()
        (start, before), (end, after) = self.seen[0], self.seen[-1]
        return (after - before) / (end - start) if end > start else 0.0


class VideoBar:
    """A bar on a terminal; nothing elsewhere."""

    def __init__(self, bar: "Progress | None") -> None:
        self._bar, self._pace = bar, Pace()

    def show(self, frames: int, note: str = "") -> None:
        """So many frames are done."""
        if self._bar is not None:
            rate = self._pace.at(time.monotonic(), frames)
            text = f"{rate:.1f} frames/s{note}"
            self._bar.update(self._bar.task_ids[0], completed=frames, description=text)


class VideoLines(VideoBar):
    """Lines of JSON on standard output: at once, then each half second, and at the end.

    Args:
        total: how many frames there are, as far as the file says; None if it does not.
    """

    def __init__(self, total: int | None) -> None:
        super().__init__(None)
        self._total, self._next = total, 0.0
        self._frames = 0

    def show(self, frames: int, note: str = "") -> None:
        """So many frames are done."""
        now = time.monotonic()
        self._frames = frames
        if now >= self._next:
            self._next = now + _EVERY
            self._tell()

    def end(self) -> None:
        """All frames are done; their number was a guess by the length of the video."""
        self._total = self._frames
        self._tell()

    def _tell(self) -> None:
        answer(json.dumps({"frames": self._frames, "total": self._total}))
        sys.stdout.flush()


@contextmanager
def video_bar(total: int | None, *, quiet: bool, as_lines: bool = False) -> Iterator[VideoBar]:
    """A bar while a block runs, of so many frames, or of an unknown number."""
    if as_lines:
        lines = VideoLines(total)
        lines.show(0)
        yield lines
        lines.end()
        return
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield VideoBar(None)
        return
    bar = _new_bar()
    bar.add_task("", total=total)
    with bar:
        yield VideoBar(bar)


def _new_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    # stdout may carry the video; lines of `say` pass above the bar.
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=True,
    )
