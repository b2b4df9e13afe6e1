"""Does a call of `impasto video`: opens, paints with a bar, and makes the result."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

from impasto.cli.live import LiveCall, do_live
from impasto.cli.preview import Preview
from impasto.cli.recording import Place
from impasto.cli.streams import say, standard_input, standard_output
from impasto.cli.video_call import VideoCall, comment_of, identity
from impasto.cli.video_progress import video_bar
from impasto.core.arrays import RGB
from impasto.core.errors import InputError, VideoError
from impasto.core.files import shown
from impasto.core.notice import warn
from impasto.engine.film import Batch, paint_video
from impasto.engine.outputs import AnimationOutput, FolderOutput, Output, VideoOutput
from impasto.engine.pieces import Recorder, WorkFolder
from impasto.engine.selection import choose
from impasto.media.formats import format_named
from impasto.media.image import WriteOptions
from impasto.media.resize import bounded_size
from impasto.media.video import VideoInfo, VideoSource
from impasto.media.video_coding import ANIMATIONS, Coding, codec_for, target_named
from impasto.media.video_frames import RATE, FrameFolder
from impasto.media.video_reader import VideoFile
from impasto.media.video_spool import Spool
from impasto.media.video_writer import check_encoder
from impasto.media.video_y4m import Y4mWriter


@dataclass(frozen=True)
class Told:
    """What became of a call."""

    frames: int
    seconds: float
    output: str
    width: int | None
    height: int | None
    damage: str | None = None
    status: Literal["painted", "skipped"] = "painted"


def do_video(call: VideoCall) -> Told:
    """Paint a video as asked.

    Raises:
        ImpastoError: it cannot be read, painted or written. What is done stays in the folder of
            the unfinished video, if there is any.
    """
    started = time.perf_counter()
    if call.plan.target is None:
        frames, info, damage = _to_pipe(call)
    else:
        frames, info, damage = _to_target(call, call.plan.target)
    seconds = round(time.perf_counter() - started, 3)
    output = str(call.plan.target or "-")
    return Told(frames, seconds, output, info.width, info.height, damage)


def do_camera(call: VideoCall, camera: str) -> Told:
    """Paint what a camera sees, as asked, until it is ended.

    Raises:
        ImpastoError: there is no such camera or display, or the result cannot be written.
    """
    started = time.perf_counter()
    target = call.plan.target
    live = LiveCall(
        camera=camera,
        film=call.film,
        limits=call.limits,
        place=_place(call, target) if target else None,
        seconds=call.selection.seconds,
        preview=call.preview,
        quiet=call.quiet,
    )
    frames, info, damage = do_live(live)
    seconds = round(time.perf_counter() - started, 3)
    return Told(frames, seconds, str(target or "-"), info.width, info.height, damage)


def _place(call: VideoCall, target: Path) -> Place:
    def output(info: VideoInfo) -> Output:
        return _outputs(call, info, info, target)(None)

    return Place(target, call.plan.work, output)


def _to_pipe(call: VideoCall) -> tuple[int, VideoInfo, str | None]:
    with closing(open_source(call)) as source:
        # The stream has a rate and no times.
        rate = call.selection.rate or source.info.rate
        selection = replace(call.selection, rate=rate)
        info = painted_info(selection.result(source.info), call)
        writer = Y4mWriter(sys.stdout.buffer, info)

        def write(batch: Batch) -> None:
            for painting in batch.paintings:
                writer.write(painting.pixels)

        frames = 0
        chosen = choose(source, selection)
        with standard_output():
            with _watched(call, info) as watch:
                for given in paint_video(chosen, info, call.film, write):
                    frames = given.painted
                    watch(frames, given.latest)
            _check_frames(frames, info)
            writer.close()
        return frames, info, source.damage


def _to_target(call: VideoCall, target: Path) -> tuple[int, VideoInfo, str | None]:
    work = WorkFolder(call.plan.work, identity(call), resume=call.resume, overwrite=call.overwrite)
    try:
        return _fill(call, target, work)
    except BaseException:
        _leave(work, call)
        raise


def _leave(work: WorkFolder, call: VideoCall) -> None:
    """What is worth keeping stays; it cannot be gone on with where the input came by pipe."""
    if work.is_kept and not call.plan.is_stream:
        work.release()
        say(f"{work.frames} frames are kept in {work.folder}: --resume goes on with them")
    else:
        work.remove()


def _fill(call: VideoCall, target: Path, work: WorkFolder) -> tuple[int, VideoInfo, str | None]:
    with ExitStack() as stack:
        spool = Spool(work.folder / "sound.mkv") if call.plan.is_stream else None
        source = stack.enter_context(closing(open_source(call, spool)))
        info = painted_info(call.selection.result(source.info), call)
        make = _outputs(call, source.info, info, target)
        make(None)  # whatever cannot be is told before anything is painted
        if not work.is_whole:
            _paint(call, source, info, make(None), work)
        _check_frames(work.frames, info)
        original = spool.close() if spool else call.plan.source
        make(original).complete(work.done, work.folder, target)
        told = work.frames, info, work.damage
        work.remove()
        return told


def _check_frames(frames: int, info: VideoInfo) -> None:
    if not frames:
        raise VideoError(f"there is no frame of {shown(info.name)} in the part that was chosen")


def _paint(
    call: VideoCall, source: VideoSource, info: VideoInfo, output: Output, work: WorkFolder
) -> None:
    restart = work.restart
    recorder = Recorder(work.folder, output.begin, round(call.segment * info.rate), restart)
    chosen = choose(source, call.selection, restart.feed if restart else None)
    try:
        with _watched(call, info) as watch:
            for given in paint_video(chosen, info, call.film, recorder.take, restart):
                watch(given.painted, given.latest)
                if given.value is not None:
                    work.commit(replace(given.value, damage=source.damage))
    except BaseException:
        recorder.abandon()
        raise


def _outputs(
    call: VideoCall, source: VideoInfo, info: VideoInfo, target: Path
) -> Callable[[Path | None], Output]:
    """Makes the output when it is known where the original's sound is."""
    suffix = target.suffix.lower()
    options = WriteOptions(call.quality, record=call.record)
    if call.plan.is_folder:
        wanted = format_named(call.format).suffixes[0]
        return lambda original: FolderOutput(wanted, options)
    if suffix in ANIMATIONS:
        return lambda original: AnimationOutput(info, call.quality)
    kind = target_named(target)
    coding = Coding(codec_for(kind, call.codec), call.quality)
    check_encoder(coding)
    span = call.selection.span(source)
    about = {"comment": comment_of(call.record)}
    return lambda original: VideoOutput(
        kind, info, coding, span, _with_sound(original), about, strip=call.strip
    )


def _with_sound(original: Path | None) -> Path | None:
    return None if original is None or original.is_dir() else original


def open_source(call: VideoCall, spool: Spool | None = None) -> VideoSource:
    """The video that a call reads.

    Raises:
        VideoError: it cannot be read.
    """
    path = call.plan.source
    if path is not None and path.is_dir():
        return FrameFolder(path, call.selection.rate or RATE, call.limits)
    take = spool.take if spool else None
    source = _standard_input() if path is None else path
    return VideoFile(source, call.plan.name, limits=call.limits, spool=take)


def _standard_input() -> BinaryIO:
    try:
        return standard_input()
    except InputError as error:
        raise VideoError(str(error)) from error  # no wrong usage: an input that cannot be read


def painted_info(info: VideoInfo, call: VideoCall) -> VideoInfo:
    """Facts about the paintings: as the frames, and of the size that was asked for."""
    if info.colours.is_hdr:
        warn(f"{info.name} is HDR, which is painted as it is and not brought to less light")
    longest = call.film.painter.settings.size or max(info.width, info.height)
    width, height = bounded_size(info.width, info.height, longest)
    return replace(info, width=width, height=height)


@contextmanager
def _watched(call: VideoCall, info: VideoInfo) -> Iterator[Callable[[int, RGB | None], None]]:
    """Shows how far it is, and the painting itself if that was asked for."""
    total = None if info.seconds is None else round(info.seconds * info.rate)
    with ExitStack() as stack:
        window = stack.enter_context(Preview()) if call.preview else None
        bar = stack.enter_context(video_bar(total, quiet=call.quiet, as_lines=call.progress_json))

        def watch(frames: int, latest: RGB | None) -> None:
            bar.show(frames)
            if window and latest is not None:
                window.show(latest)

        yield watch


def skipped(target: Path) -> Told:
    """What is told of a result that is there already and may stay."""
    return Told(0, 0.0, str(target), None, None, status="skipped")


def as_json(told: Told, facts: dict[str, Any]) -> str:
    """What --json prints."""
    return json.dumps({**facts, **asdict(told)}, indent=2)
