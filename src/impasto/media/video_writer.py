"""Pieces of a video: files of their own that begin with a key frame, to be joined later.

A piece is a NUT file: that holds any codec and any time base, with exact times.
"""

import os
from pathlib import Path
from typing import Any, Self

import numpy as np

from impasto.core.arrays import RGB
from impasto.core.errors import OutputError
from impasto.media.video import Colours, VideoInfo
from impasto.media.video_av import av, writing
from impasto.media.video_coding import Coding
from impasto.media.video_color import settled, to_yuv

MUXER = "nut"


class PieceWriter:
    """Compresses frames into one piece; use it in a `with` block, which ends the file.

    Args:
        path: the file.
        info: size, rate, time base, pixel shape and colours of the frames that come.
        coding: how they are compressed.

    Raises:
        OutputError: FFmpeg was built without the encoder, or the file cannot be written.
    """

    def __init__(self, path: Path, info: VideoInfo, coding: Coding) -> None:
        self.path, self._info, self._coding = path, info, coding
        self._colours = settled(info.colours, info.width, info.height)
        self._times: list[int] = []
        self._subsampled = coding.codec is not None
        check_encoder(coding)
        with writing(path):
            self._container = av.open(str(path), "w", format=MUXER)
            self._stream = self._new_stream()

    def _new_stream(self) -> "av.VideoStream":
        encoder, info = self._coding.encoder, self._info
        options = encoder.settings(self._coding.quality) if self._subsampled else {}
        stream: Any = self._container.add_stream(encoder.name, rate=info.rate, options=options)
        stream.width, stream.height = even(info) if self._subsampled else (info.width, info.height)
        stream.pix_fmt, stream.time_base = encoder.format, info.time_base
        context: av.VideoCodecContext = stream.codec_context
        context.time_base = info.time_base
        context.flags |= av.codec.context.Flags.global_header
        if self._subsampled:
            _tag(context, self._colours)
        return stream  # type: ignore[no-any-return]

    def write(self, pixels: RGB, pts: int) -> None:
        """Add a frame of the size of `info`, at a tick after that of the frame before."""
        with writing(self.path):
            frame = self._converted(pixels)
            frame.pts, frame.time_base = pts, self._info.time_base
            self._take(self._stream.encode(frame))

    def _take(self, packets: "list[av.Packet[Any]]") -> None:
        self._times += [packet.pts or 0 for packet in packets]
        self._container.mux(packets)

    @property
    def depth(self) -> int:
        """How many places a packet may lie behind its turn to be shown; known when it is closed."""
        turns = {time: turn for turn, time in enumerate(sorted(self._times))}
        return max((at - turns[time] for at, time in enumerate(self._times)), default=0)

    def _converted(self, pixels: RGB) -> "av.VideoFrame":
        if self._subsampled:
            return to_yuv(padded(pixels), self._colours)
        plain = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        return plain.reformat(format=self._coding.encoder.format)

    def close(self) -> None:
        """End the file and bring it to the disk."""
        with writing(self.path):
            self._take(self._stream.encode())
            self._container.close()
            to_disk(self.path)

    def abandon(self) -> None:
        """Close the file as it is; it is of no use."""
        try:
            self._container.close()
        except (av.FFmpegError, OSError):
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def check_encoder(coding: Coding) -> None:
    """Raise `OutputError` if FFmpeg was built without the encoder."""
    name = coding.encoder.name
    try:
        av.codec.Codec(name, "w")
    except ValueError as error:  # what FFmpeg's own error for it is, too
        raise OutputError(f"this FFmpeg has no encoder {name}: choose another --codec") from error


def _tag(context: "av.VideoCodecContext", colours: Colours) -> None:
    context.colorspace, context.color_range = colours.matrix, 1
    context.color_primaries, context.color_trc = colours.primaries, colours.transfer


def even(info: VideoInfo) -> tuple[int, int]:
    """Width and height, rounded up to what 4:2:0 needs."""
    return info.width + info.width % 2, info.height + info.height % 2


def padded(pixels: RGB) -> RGB:
    """The picture with its last row and column twice where a side is odd."""
    height, width = pixels.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return pixels
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def to_disk(path: Path) -> None:
    """Let a file that was written reach the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
