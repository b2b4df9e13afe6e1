"""Keeps what a camera shows in a file: whatever ends it, nothing that was painted is lost."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from impasto.cli.ends import ENDING
from impasto.cli.streams import say
from impasto.core.arrays import RGB
from impasto.core.errors import ImpastoError, OutputError, VideoError
from impasto.core.files import shown
from impasto.engine.film import Batch, Painting, Restart
from impasto.engine.live import LivePainting
from impasto.engine.outputs import Output
from impasto.engine.pieces import Recorder, WorkFolder
from impasto.media.resize import resize_to
from impasto.media.video import VideoInfo

TICK = Fraction(1, 1000)
"""Seconds in which the times of frames are counted."""
_FULL = 10
"""Seconds of a piece."""


@dataclass(frozen=True)
class Place:
    """Where a recording goes."""

    target: Path
    work: Path
    """The folder of its pieces until it is whole."""
    output: Callable[[VideoInfo], Output]
    """Makes the output when the size of the paintings is known."""


class Recording:
    """A file of paintings, all in the size of the largest; use it in a `with` block.

    Its end makes the file of what there is, after an error and Ctrl-C, too. Where that fails or is
    interrupted the pieces stay, and a line says where.

    Args:
        place: where it goes.
        info: of the paintings.

    Raises:
        OutputError: an earlier recording is in the way, or it cannot be written.
        VideoError: at the end: there was no frame.
    """

    def __init__(self, place: Place, info: VideoInfo) -> None:
        _refuse_pieces(place.work)
        self._place, self._info, self._output = place, info, place.output(info)
        self._work = WorkFolder(place.work, {}, resume=False, overwrite=True)
        frames = round(_FULL * info.rate)
        self._recorder = Recorder(self._work.folder, self._output.begin, frames, None)
        self._count, self._before = 0, -1
        self._step = max(1, round(1 / (info.rate * TICK)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._count:
            self._recorder.abandon()
            self._work.remove()
            if error is None:
                raise VideoError(f"{shown(self._info.name)} gave no frame")
            return
        try:
            self._complete()
        except BaseException as mishap:
            self._recorder.abandon()
            self._work.release()
            say(f"what was recorded is kept in {self._work.folder}: each piece there is a video")
            if error is None or not isinstance(mishap, ImpastoError):
                raise
        else:
            self._work.remove()
            if error is not None:
                say(f"{self._count} frames are kept in {self._place.target}")

    def add(self, painting: LivePainting) -> None:
        """Take the next painting; who ends the call waits until it is written."""
        pixels: RGB = resize_to(painting.pixels, self._info.width, self._info.height)
        self._before = max(self._before + 1, round(Fraction(painting.seconds) / TICK))
        with _undisturbed():
            self._take([Painting(self._before, self._step, pixels)], is_last=False)
            self._count += 1

    def _complete(self) -> None:
        with _undisturbed():
            self._take([], is_last=True)
        self._output.complete(self._work.done, self._work.folder, self._place.target)

    def _take(self, paintings: list[Painting], *, is_last: bool) -> None:
        restart = Restart(painted=self._count + len(paintings))
        done = self._recorder.take(Batch(paintings, restart, is_last))
        if done is not None:
            self._work.commit(done)


def _refuse_pieces(work: Path) -> None:
    """Raise `OutputError` if an earlier recording is left, which cannot be had again."""
    if any(work.glob("piece-*")):
        raise OutputError(
            f"{shown(work)} holds a recording that was not ended: each piece there is a video; "
            "move the folder, remove it, or name another -o"
        )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP wait for the end of a block: what it writes is whole."""
    came: list[int] = []
    all_of_them = (signal.SIGINT, *ENDING)
    before = [
        (each, signal.signal(each, lambda number, _: came.append(number))) for each in all_of_them
    ]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler or signal.SIG_DFL)
        if came:
            signal.raise_signal(came[0])
