"""From the many ways in which video stores colours to RGB of 8 bits, and back.

Conversion is FFmpeg's swscale with exact rounding: its fast default is off by up to three levels
and darker by one and a half in the mean, which a long chain of tools would make visible.
"""

from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64

from impasto.core.arrays import RGB
from impasto.media.video import UNKNOWN, Colours
from impasto.media.video_av import av

Matrix = Int64[np.ndarray, "2 2"]
"""How a frame is turned and mirrored to stand upright: rows of a display matrix, -1, 0 and 1."""

UPRIGHT: Matrix = np.eye(2, dtype=np.int64)

_LIMITED, _FULL = 1, 2
_BT709, _SMPTE170M = 1, 6
# H.273's number of a matrix, and that of swscale's coefficients for it.
_SWSCALE = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_flags = av.video.reformatter.Interpolation
_IN = _flags.BICUBIC | _flags.ACCURATE_RND | _flags.FULL_CHR_H_INT
_OUT = _flags.BICUBIC | _flags.ACCURATE_RND | _flags.FULL_CHR_H_INP


def colours_of(frame: "av.VideoFrame") -> Colours:
    """What a frame says about its colours; RGB inside says nothing about a matrix."""
    matrix = frame.colorspace if not frame.format.is_rgb else UNKNOWN
    known = matrix if matrix in _SWSCALE else UNKNOWN
    return Colours(known, frame.color_primaries, frame.color_trc)


def settled(colours: Colours, width: int, height: int) -> Colours:
    """The colours to write a video in: what is unknown becomes what players guess by the size."""
    if colours.matrix != UNKNOWN:
        return colours
    is_large = width >= 1280 or height > 576
    if is_large or colours.primaries == _BT709:
        return Colours(_BT709, *_or_bt709(colours))
    return Colours(_SMPTE170M, colours.primaries, colours.transfer)


def _or_bt709(colours: Colours) -> tuple[int, int]:
    return tuple(  # type: ignore[return-value]
        _BT709 if each == UNKNOWN else each for each in (colours.primaries, colours.transfer)
    )


def to_rgb(frame: "av.VideoFrame", size: tuple[int, int], turn: Matrix) -> RGB:
    """The pixels of a decoded frame, upright.

    Args:
        frame: of any pixel format, 8 bits or more; opacity is left out.
        size: width and height that it is brought to before it is turned.
        turn: what makes it upright.
    """
    matrix = settled(colours_of(frame), frame.width, frame.height).matrix
    converted = frame.reformat(
        *size,
        format="gbrp",  # the levels of rgb24, in two fifths of the time
        src_colorspace=_SWSCALE[matrix],
        src_color_range=_FULL if _is_full(frame) else _LIMITED,
        dst_color_range=_FULL,
        interpolation=_IN,
    )
    return turned(converted.to_ndarray().astype(np.uint8, copy=False), turn)


def _is_full(frame: "av.VideoFrame") -> bool:
    """Whether levels go from 0 to 255; video that says nothing goes from 16 to 235."""
    name = frame.format.name
    is_rgb = frame.format.is_rgb or name.startswith(("pal", "mono"))
    return is_rgb or name.startswith("yuvj") or frame.color_range == _FULL


def to_yuv(pixels: RGB, colours: Colours, format: str = "yuv420p") -> "av.VideoFrame":
    """A frame of limited range in a settled matrix, as encoders want it; tags are set."""
    matrix = colours.matrix
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    converted = frame.reformat(
        format=format,
        dst_colorspace=_SWSCALE[matrix],
        src_color_range=_FULL,
        dst_color_range=_LIMITED,
        interpolation=_OUT,
    )
    converted.colorspace, converted.color_range = matrix, _LIMITED
    return converted


def display_turn(frame: "av.VideoFrame") -> Matrix:
    """What makes a frame upright, of quarter turns and mirrorings; other angles are left out."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is not None:
        return _quarter(np.frombuffer(bytes(data), np.int32))
    return UPRIGHT


def _quarter(numbers: Int32[np.ndarray, "9"]) -> Matrix:
    if numbers.size != 9:
        return UPRIGHT
    signs = np.rint(numbers.reshape(3, 3)[:2, :2] / 65536.0).astype(np.int64)
    is_turn = sorted(np.abs(signs).ravel()) == [0, 0, 1, 1] and abs(int(np.linalg.det(signs))) == 1
    return signs if is_turn else UPRIGHT


def turned(pixels: RGB, turn: Matrix) -> RGB:
    """Apply a display matrix: a pixel at (x, y) goes to (a x + c y, b x + d y)."""
    (a, b), (c, d) = turn
    if a == 0:
        pixels = pixels.transpose(1, 0, 2)
    across, down = (c, b) if a == 0 else (a, d)
    return np.ascontiguousarray(pixels[:: int(down), :: int(across)])


def turned_size(width: int, height: int, turn: Matrix) -> tuple[int, int]:
    """Width and height of a turned frame."""
    return (width, height) if turn[0, 0] else (height, width)


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height in square pixels; a side is stretched and none is shrunk.

    Args:
        width: of the stored frame.
        height: of the stored frame.
        aspect: width of a stored pixel by its height; None or what cannot be is 1.
    """
    if not aspect or not Fraction(1, 8) <= aspect <= 8:
        return width, height
    if aspect > 1:
        return round(width * aspect), height
    return width, round(height / aspect)
