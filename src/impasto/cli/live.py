"""Does a call of `impasto video --camera`: a window, a file, or both."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from impasto.cli.preview import Preview
from impasto.cli.video_progress import video_bar
from impasto.core.arrays import RGB
from impasto.core.errors import VideoError
from impasto.engine.film import Batch, Painting, Restart, Studio
from impasto.engine.live import LivePainting, paint_live
from impasto.engine.outputs import Output
from impasto.engine.pieces import Recorder, WorkFolder
from impasto.media.decode import ReadLimits
from impasto.media.resize import bounded_size, resize_to
from impasto.media.video import VideoInfo, VideoSource
from impasto.media.video_camera import Camera

_TICK = Fraction(1, 1000)

MakeOutput = Callable[[VideoInfo], Output]
"""Makes the output when the size of the paintings is known."""


@dataclass(frozen=True)
class LiveCall:
    """Everything that a call was asked for."""

    camera: str
    studio: Studio
    limits: ReadLimits
    target: Path | None
    work: Path
    """The folder of the unfinished result."""
    output: MakeOutput
    seconds: Fraction | None = None
    preview: bool = False
    quiet: bool = False


def do_live(call: LiveCall) -> tuple[int, VideoInfo]:
    """Paint what a camera sees until the time is over, the window is closed, or Ctrl-C.

    Returns:
        How many frames were painted, and facts about them.

    Raises:
        ImpastoError: there is no such camera or no display, or the result cannot be written.
    """
    with closing(Camera(call.camera, call.limits)) as source, ExitStack() as stack:
        info = _info(source, call)
        window = stack.enter_context(Preview()) if call.preview else None
        bar = stack.enter_context(video_bar(None, quiet=call.quiet))
        film = _Film(call, info) if call.target else None
        frames = 0
        try:
            with suppress(KeyboardInterrupt):  # the way to end it
                for painting in _until(paint_live(source, call.studio), call.seconds, window):
                    frames += 1
                    bar.show(frames, _note(painting))
                    if window:
                        window.show(painting.pixels, f"impasto{_note(painting)}")
                    if film:
                        film.add(painting)
            if film:
                film.end()
        except BaseException:
            if film:
                film.abandon()
            raise
        return frames, info


def _until(
    paintings: Iterator[LivePainting], seconds: Fraction | None, window: Preview | None
) -> Iterator[LivePainting]:
    for painting in paintings:
        if seconds is not None and painting.seconds >= seconds:
            return
        yield painting
        if window and not window.is_open:
            return


def _note(painting: LivePainting) -> str:
    height, width = painting.pixels.shape[:2]
    return f"  {width}x{height}, {1000 * painting.latency:.0f} ms behind"


def _info(source: VideoSource, call: LiveCall) -> VideoInfo:
    info = source.info
    longest = call.studio.painter.settings.size or max(info.width, info.height)
    width, height = bounded_size(info.width, info.height, longest)
    return replace(info, width=width, height=height, time_base=_TICK, seconds=None)


class _Film:
    """Keeps paintings in a file; all in the size of the largest."""

    def __init__(self, call: LiveCall, info: VideoInfo) -> None:
        self._call, self._info, self._output = call, info, call.output(info)
        self._work = WorkFolder(call.work, {}, resume=False, overwrite=True)
        frames = round(10 * info.rate)
        self._recorder = Recorder(self._work.folder, self._output.begin, frames, None)
        self._count, self._before = 0, -1
        self._step = max(1, round(1 / (info.rate * _TICK)))

    def add(self, painting: LivePainting) -> None:
        pixels: RGB = resize_to(painting.pixels, self._info.width, self._info.height)
        self._before = max(self._before + 1, round(Fraction(painting.seconds) / _TICK))
        self._count += 1
        self._take([Painting(self._before, self._step, pixels)], is_last=False)

    def end(self) -> None:
        self._take([], is_last=True)
        if not self._work.done:
            self._work.remove()
            raise VideoError(f"camera {self._call.camera} gave no frame")
        if self._call.target:
            self._output.complete(self._work.done, self._work.folder, self._call.target)
        self._work.remove()

    def abandon(self) -> None:
        self._recorder.abandon()
        self._work.remove()

    def _take(self, paintings: list[Painting], *, is_last: bool) -> None:
        restart = Restart(painted=self._count)
        done = self._recorder.take(Batch(paintings, restart, is_last))
        if done is not None:
            self._work.commit(done)
