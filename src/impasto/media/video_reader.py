"""Frames out of files and pipes: everything that FFmpeg reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from impasto.core.arrays import RGB
from impasto.core.errors import VideoError
from impasto.media.decode import ReadLimits
from impasto.media.video import Frame, VideoInfo
from impasto.media.video_av import av, open_input, opening, why
from impasto.media.video_color import (
    colours_of,
    display_turn,
    square_size,
    to_rgb,
    turned_size,
)
from impasto.media.video_length import begin_of, end_of, own_length, seconds_of, tick_of

_LIMITS = ReadLimits()
_LONGEST_GAP = 24 * 3600
"""Seconds; a frame later than this after the one before has a damaged time."""
_MISSING = 0.5
"""Seconds by which a video may end before the length that it tells."""

Spool = Callable[["av.Packet[Any]"], None]
"""Takes a packet of sound or text that passes by."""


class VideoFile:
    """A video in a file, or coming through a pipe. Close it, or use it in a `with` block.

    Args:
        source: a path, which may be a named pipe, or a binary stream, which need not be seekable.
        name: what messages call it; without it, the path.
        limits: of them, the most pixels of a frame.
        spool: is handed the packets that are no picture while frames are read; for pipes, which
            can be read only once.

    Raises:
        VideoError: it cannot be read, holds no picture, or its frames are over the limit.
    """

    def __init__(
        self,
        source: Path | BinaryIO,
        name: str | None = None,
        *,
        limits: ReadLimits = _LIMITS,
        spool: Spool | None = None,
    ) -> None:
        self._name, self._limits, self._spool = name or str(source), limits, spool
        self._damaged, self._broken, self._complete = 0, "", False
        self._is_file = isinstance(source, Path) and source.is_file()
        self._can_seek = self._is_file or _can_seek(source)
        with opening(self._name):
            self.container = self._open(source)
        try:
            self._start()
        except BaseException:
            self.container.close()
            raise

    def _open(self, source: Path | BinaryIO) -> "av.container.InputContainer":
        return open_input(source)

    def _start(self) -> None:
        self._stream = _picture_of(self.container, self._name)
        self._check(self._stream.codec_context.width, self._stream.codec_context.height)
        self._stream.thread_type = "AUTO"
        self._decoded = self._decode()
        first = next(self._decoded, None)
        if first is None:
            raise VideoError(f"cannot read {self._name}: {self._why_none()}")
        self._first, self._turn = first, display_turn(first)
        self._size = square_size(first.width, first.height, self._stream.sample_aspect_ratio)
        self.info = _info(self.container, self._stream, first, self._name)
        self._ended: Fraction | None = None

    def _why_none(self) -> str:
        if self._broken and not self._can_seek and "mp4" in self.container.format.name:
            return "its index is not at its start: give this MP4 or MOV as a file, not by a pipe"
        return self._broken or "no frame of it can be decoded"

    def frames(self, since: int | None = None) -> Iterator[Frame]:
        """All frames, or those from shortly before the tick `since` on; call it once, or anew.

        A time that does not rise is moved to just behind the one before.

        Raises:
            VideoError: a frame grows over the limit of pixels.
        """
        sought = since is not None and self._is_file
        decoded = self._sought(since or 0) if sought else self._from_the_start()
        step = max(1, round(1 / (self.info.rate * self.info.time_base)))
        stamps = _Stamps(step, round(_LONGEST_GAP / self.info.time_base))
        for frame in decoded:
            pts = stamps.next(frame.pts)
            if pts is None:
                self._broken = "a frame's time is damaged"
                break
            duration = frame.duration or step
            self._ended = (pts + duration) * self.info.time_base
            yield Frame(pts, duration, self._pixels(frame))
        self._complete = True

    @property
    def damage(self) -> str | None:
        """What was wrong with the frames that were read, or that they ended early; else None."""
        if self._broken:
            return self._broken
        if self._damaged:
            return f"{self._damaged} pieces of it are damaged"
        told, ended = self.info.seconds, self._ended
        if not self._complete or told is None or ended is None:
            return None
        seconds, least = float(ended - self._begin), told - max(_MISSING, 0.02 * told)
        is_shared = not own_length(self.container, self._stream)
        if seconds >= least or (is_shared and self._others_last(least)):
            return None
        return f"it ends after {seconds:.1f} s of {told:.1f} s"

    def _others_last(self, seconds: float) -> bool:
        """Whether something else lasts so long: then its length is what the file told.

        Through a pipe nothing can be looked up; there only an error tells of an early end.
        """
        if not self._is_file:
            return True
        try:
            self.container.seek(int((self._begin + max(0.0, seconds - 1.0)) * 1_000_000))
            ends = (end_of(packet) for packet in self.container.demux() if packet.size)
            return any(end - self._begin >= seconds for end in ends)
        except (av.FFmpegError, OSError, ValueError):
            return False

    def close(self) -> None:
        """Close the file; a stream that was handed in stays open."""
        self.container.close()

    def __enter__(self) -> "VideoFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _begin(self) -> Fraction:
        return begin_of(self._first, self._stream)

    def _from_the_start(self) -> Iterator["av.VideoFrame"]:
        yield self._first
        yield from self._decoded

    def _sought(self, since: int) -> Iterator["av.VideoFrame"]:
        with opening(self._name):
            self.container.seek(since, stream=self._stream)
        frames = self._decode()
        first = next(frames, None)
        if first is None or first.pts is None or first.pts > since:
            # The index leads astray; the long way is safe.
            with opening(self._name):
                self.container.seek(0)
            frames, first = self._decode(), None
        if first is not None:
            yield first
        yield from frames

    def _decode(self) -> Iterator["av.VideoFrame"]:
        wanted = () if self._spool else (self._stream,)
        packets: Iterator[av.Packet[Any]] = self.container.demux(*wanted)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError, ValueError) as error:
                self._broken = why(error)
                packet = None
            if packet is None:
                return
            if packet.stream_index != self._stream.index:
                if self._spool and packet.size:
                    self._spool(packet)
                continue
            yield from self._decode_packet(packet)

    def _decode_packet(self, packet: "av.Packet[av.VideoStream]") -> Iterator["av.VideoFrame"]:
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            self._damaged += 1
            return
        self._damaged += packet.is_corrupt
        for frame in frames:
            self._damaged += frame.is_corrupt
            self._check(frame.width, frame.height)
            yield frame

    def _check(self, width: int, height: int) -> None:
        check_frame_size(self._name, width, height, self._limits.max_pixels)

    def _pixels(self, frame: "av.VideoFrame") -> Callable[[], RGB]:
        size, turn = self._size, self._turn
        return lambda: to_rgb(frame, size, turn)


def _can_seek(source: Path | BinaryIO) -> bool:
    return not isinstance(source, Path) and hasattr(source, "seekable") and source.seekable()


def check_frame_size(name: str, width: int, height: int, most: int) -> None:
    """Raise `VideoError` if a frame is over the limit of pixels, or has none."""
    if width < 1 or height < 1:
        raise VideoError(f"cannot read {name}: it has no size")
    if width * height > most:
        raise VideoError(
            f"{name} has frames of {width}x{height}, more than {most / 1e6:g} million pixels: "
            "allow more with --max-megapixels"
        )


@dataclass
class _Stamps:
    """Times that rise."""

    step: int
    longest: int
    last: int | None = None

    def next(self, pts: int | None) -> int | None:
        """The time to use for the next frame; None if it cannot be true."""
        if self.last is None:
            self.last = pts if pts is not None else 0
        elif pts is None:
            self.last += self.step
        elif pts - self.last > self.longest:
            return None
        else:
            self.last = max(pts, self.last + 1)
        return self.last


def _picture_of(container: "av.container.InputContainer", name: str) -> "av.VideoStream":
    """The stream that is painted: not the cover of an album."""
    cover = av.stream.Disposition.attached_pic
    streams = [each for each in container.streams.video if not each.disposition & cover]
    if not streams:
        raise VideoError(f"cannot read {name}: there is no video stream in it")
    main = [each for each in streams if each.disposition & av.stream.Disposition.default]
    stream = (main or streams)[0]
    if stream.codec_context is None:
        raise VideoError(f"cannot read {name}: FFmpeg has no decoder for its video")
    return stream


def _info(
    container: "av.container.InputContainer",
    stream: "av.VideoStream",
    first: "av.VideoFrame",
    name: str,
) -> VideoInfo:
    square = square_size(first.width, first.height, stream.sample_aspect_ratio)
    width, height = turned_size(*square, display_turn(first))
    return VideoInfo(
        name=name,
        width=width,
        height=height,
        rate=_rate(stream),
        time_base=tick_of(stream),
        origin=_origin(container),
        seconds=seconds_of(container, stream, float(begin_of(first, stream))),
        colours=colours_of(first),
    )


def _rate(stream: "av.VideoStream") -> Fraction:
    """Mean frames a second, or what is common where nothing is told."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and Fraction(1, 100) <= rate <= 1000:
            return Fraction(rate)
    return Fraction(25)


def _origin(container: "av.container.InputContainer") -> Fraction:
    """Where the earliest stream begins; sound may begin before 0, for its decoder's run-up."""
    starts = [
        Fraction(stream.start_time) * stream.time_base
        for stream in container.streams
        if stream.start_time is not None and stream.time_base
    ]
    return max(Fraction(0), min(starts, default=Fraction(0)))
