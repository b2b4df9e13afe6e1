"""YUV4MPEG2, the plain stream that video tools hand each other through pipes."""

from fractions import Fraction
from typing import BinaryIO

import numpy as np

from impasto.core.arrays import RGB
from impasto.media.video import VideoInfo
from impasto.media.video_color import settled, to_yuv
from impasto.media.video_writer import padded


class Y4mWriter:
    """Writes frames of one rate to a binary stream, which stays open.

    The format has a rate and no times: the frames must come at `info.rate`. Colours are 4:2:0 of
    limited range; the matrix, for which the format has no word, is the one of `info`.

    Args:
        stream: takes the bytes.
        info: size and rate of the frames; an odd side is made even by doubling its last line.
    """

    def __init__(self, stream: BinaryIO, info: VideoInfo) -> None:
        self._stream, self._info, self._head = stream, info, y4m_head(info)
        self._colours = settled(info.colours, info.width, info.height)

    def write(self, pixels: RGB) -> None:
        """Write a frame; raises the stream's own errors."""
        planes = to_yuv(padded(pixels), self._colours).to_ndarray()
        self._stream.write(self._head + b"FRAME\n" + np.ascontiguousarray(planes).tobytes())
        self._head = b""

    def close(self) -> None:
        """Write what is left; a video without frames is its head alone."""
        self._stream.write(self._head)
        self._stream.flush()


def y4m_head(info: VideoInfo) -> bytes:
    """The first line of a stream."""
    width, height = info.width + info.width % 2, info.height + info.height % 2
    rate = Fraction(info.rate).limit_denominator(1_000_000)
    pace = f"F{rate.numerator}:{rate.denominator}"
    return f"YUV4MPEG2 W{width} H{height} {pace} Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n".encode()
