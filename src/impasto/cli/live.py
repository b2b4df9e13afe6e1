"""Does a call of `impasto video --camera`: a window, a file, or both."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass, replace
from fractions import Fraction

from impasto.cli.preview import Preview
from impasto.cli.recording import TICK, Place, Recording
from impasto.cli.video_progress import VideoBar, video_bar
from impasto.engine.film import Film
from impasto.engine.live import LivePainting, paint_live
from impasto.media.decode import ReadLimits
from impasto.media.resize import bounded_size
from impasto.media.video import VideoInfo, VideoSource
from impasto.media.video_camera import Camera


@dataclass(frozen=True)
class LiveCall:
    """Everything that a call was asked for."""

    camera: str
    film: Film
    limits: ReadLimits
    place: Place | None
    """Where it is recorded; None is nowhere."""
    seconds: Fraction | None = None
    preview: bool = False
    quiet: bool = False


def do_live(call: LiveCall) -> tuple[int, VideoInfo, str | None]:
    """Paint what a camera sees until the time is over, the window is closed, or Ctrl-C.

    Whatever ends it, what was recorded is kept.

    Returns:
        How many frames were painted, facts about them, and why the camera gave no more, if it did
        not.

    Raises:
        ImpastoError: there is no such camera or no display, or the result cannot be written.
    """
    with closing(Camera(call.camera, call.limits)) as source, ExitStack() as stack:
        info = _info(source, call)
        window = stack.enter_context(Preview()) if call.preview else None
        bar = stack.enter_context(video_bar(None, quiet=call.quiet))
        frames = 0
        place = Recording(call.place, info) if call.place else nullcontext()
        with place as recording, suppress(KeyboardInterrupt):  # the way to end it
            for painting in _until(paint_live(source, call.film), call.seconds, window):
                frames += 1
                _show(painting, frames, bar, window)
                if recording:
                    recording.add(painting)
        return frames, info, source.damage


def _show(painting: LivePainting, frames: int, bar: VideoBar, window: Preview | None) -> None:
    bar.show(frames, _note(painting))
    if window:
        window.show(painting.pixels, f"impasto{_note(painting)}")


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
    longest = call.film.painter.settings.size or max(info.width, info.height)
    width, height = bounded_size(info.width, info.height, longest)
    return replace(info, width=width, height=height, time_base=TICK, seconds=None)
