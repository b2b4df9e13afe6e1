"""Opens a picture file to be gone through in strips, with the colours that `read_image` gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from impasto.core.errors import ImageError
from impasto.core.notice import warn
from impasto.media.decode import load_header
from impasto.media.formats import PNG, TIFF, Format, format_named
from impasto.media.metadata import read_exif, turn_of
from impasto.media.modes import split_alpha
from impasto.media.picture import Dpi, in_srgb, resolution, sideways
from impasto.media.source import name_of, opened
from impasto.media.strips import Block, Strips
from impasto.media.strips_vips import Decoder, VipsError

_ANY_SIZE: Final = 2**50
_PIECE: Final = 2**20
"""Pixels that are decoded at a time."""
_SUBFILE_TYPE: Final = 254
_IS_COPY: Final = 1
_EXTRA_SAMPLES: Final = 338
_COMPRESSION: Final = 259
_JPEG_IN_TIFF: Final = 7
_PHOTOMETRIC: Final = 262
_YCBCR: Final = 6
_SUBSAMPLING: Final = 530
_ASSOCIATED: Final = (1,)


@dataclass(frozen=True, eq=False)
class Header:
    """What a picture file says about itself before anything is decoded."""

    path: Path
    format: Format
    width: int
    """Upright, as EXIF has it."""
    height: int
    turn: Image.Transpose | None
    """What sets it upright."""
    exif: bytes | None
    icc_profile: bytes | None
    dpi: Dpi | None
    is_premultiplied: bool
    """Whether colours are stored multiplied by the opacity."""
    is_ycbcr: bool
    """Whether colours come as YCbCr from the decoder."""
    is_whole: bool
    """Whether its kind of pixels is only read as a whole, as `read_image` does."""
    stamp: tuple[int, int, int]
    """What changes when the file does."""


def read_header(path: Path) -> Header:
    """Read what a picture file says about itself; raises `ImageError`."""
    name = name_of(path)
    with opened(path, _ANY_SIZE) as stream:
        image = load_header(stream, name)
        if image.format == PNG.name:
            # EXIF that stands behind the pixels is not worth decoding them all for it.
            image.info.setdefault("exif", b"")
        turn = turn_of(image)
        # Of a TIFF Pillow tells the size that it will have upright.
        is_turned = turn is not None and sideways(turn) and image.format != TIFF.name
        width, height = image.size[::-1] if is_turned else image.size
        extra = getattr(image, "tag_v2", {}).get(_EXTRA_SAMPLES)
        header = Header(
            path,
            format_named(str(image.format)),
            width,
            height,
            turn,
            read_exif(image, name),
            image.info.get("icc_profile") or None,
            resolution(image, turn),
            extra == _ASSOCIATED,
            image.mode == "YCbCr",
            _is_whole(image),
            _stamp(path),
        )
        if _has_more(image):  # last, because it turns the page
            warn(f"{name} has more than one frame or page; only the first is used")
        return header


def _is_whole(image: ImageFile.ImageFile) -> bool:
    """Whether libvips gives other numbers than Pillow, or none: kinds of TIFF that are rare."""
    if not isinstance(image, TiffImageFile):
        return False
    if image.mode in ("F", "I", "LAB"):
        return True
    tags = image.tag_v2
    if tags.get(_PHOTOMETRIC) != _YCBCR or tags.get(_COMPRESSION) == _JPEG_IN_TIFF:
        return False
    return image.mode != "YCbCr" or tags.get(_SUBSAMPLING) != (1, 1)


def _has_more(image: ImageFile.ImageFile) -> bool:
    """Whether a file holds further pictures; smaller copies of the first one are none."""
    if not isinstance(image, TiffImageFile):
        return bool(getattr(image, "n_frames", 1) > 1)
    try:
        image.seek(1)
        return not int(image.tag_v2.get(_SUBFILE_TYPE, 0)) & _IS_COPY
    except Exception:  # there is none, or it is damaged and nobody will paint it
        return False


def open_strips(header: Header) -> Strips:
    """Open a picture to be gone through from top to bottom, as upright sRGB rows.

    Raises:
        ImageError: it cannot be read; while the strips are gone through, also that it is damaged
            or has changed since its header was read.
        MissingExtraError: pyvips is not installed.
    """
    name = name_of(header.path)
    if header.is_whole:
        raise ImageError(
            f"{name} has pixels of a kind that is not read in strips; save it with 8 or 16 bits, "
            "as RGB, grey or CMYK"
        )
    try:
        decoder = Decoder(header.path, header.format, header.turn)
    except VipsError as error:
        raise _unreadable(name, header, error) from error
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error
    if (decoder.width, decoder.height) != (header.width, header.height):
        raise _changed(name)
    has_alpha = _mode(decoder, name).endswith("A")
    return Strips(header.width, header.height, has_alpha, _blocks(decoder, header, name))


def check_unchanged(header: Header) -> None:
    """Raise `ImageError` if the file is no longer what it was when its header was read."""
    if _stamp(header.path) != header.stamp:
        raise _changed(name_of(header.path))


def _blocks(decoder: Decoder, header: Header, name: str) -> Iterator[Block]:
    step, profile = max(1, _PIECE // header.width), header.icc_profile
    for top in range(0, header.height, step):
        image = _image(decoder, top, min(step, header.height - top), header, name)
        colours, alpha = split_alpha(image, name)
        # One that cannot be used is told of once.
        colours, profile = in_srgb(colours, profile, name)
        yield Block(np.asarray(colours), None if alpha is None else np.asarray(alpha))


def _image(decoder: Decoder, top: int, rows: int, header: Header, name: str) -> Image.Image:
    """Rows as an image in the mode that Pillow would have read them in, at 8 bits a channel."""
    try:
        pixels = decoder.rows(top, rows)
    except VipsError as error:
        check_unchanged(header)
        raise _unreadable(name, header, error) from error
    mode = _mode(decoder, name)
    if pixels.dtype == np.uint16:
        pixels = _eight_bits(pixels)
    pixels = pixels[..., : len(mode)]
    mode = "YCbCr" if header.is_ycbcr else mode
    image = Image.fromarray(pixels[..., 0] if mode == "L" else pixels, mode)
    if header.is_premultiplied and mode in ("RGBA", "LA"):
        image = Image.frombytes(mode.replace("A", "a"), image.size, image.tobytes()).convert(mode)
    return image


def _mode(decoder: Decoder, name: str) -> str:
    if decoder.space == "cmyk" and decoder.bands >= 4:
        return "CMYK"
    modes = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    if decoder.space not in ("srgb", "b-w", "rgb", "rgb16", "grey16") or decoder.bands not in modes:
        what = f"{decoder.bands} channels of {decoder.space}"
        raise ImageError(f"{name} has {what}; save it as RGB, grey or CMYK")
    return modes[decoder.bands]


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    """Grey is scaled as in `modes`, of colours the high byte is kept as Pillow does."""
    if pixels.shape[2] > 1:
        return (pixels >> 8).astype(np.uint8)
    return ((pixels.astype(np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot read {name_of(path)}: it is no longer there") from error
    return status.st_ino, status.st_size, status.st_mtime_ns


def _changed(name: str) -> ImageError:
    return ImageError(f"{name} has changed while it was read: paint it again")


def _unreadable(name: str, header: Header, error: VipsError) -> ImageError:
    what = f"the {header.format.name} is damaged, incomplete or of an unknown kind"
    return ImageError(f"cannot read {name}: {what} ({error})")
