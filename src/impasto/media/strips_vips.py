"""The only module that imports pyvips: decoding row by row, and encoding from a pipe.

libvips is an extra. It only reads and writes here: what happens to colours, opacity and rotation
is decided by the same code as for pictures that fit into memory.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from impasto.core.errors import ImageError, MissingExtraError
from impasto.media.formats import AVIF, JPEG, PNG, TIFF, WEBP, Format

# Each decoder is called by itself, so that nothing but these formats can be reached.
_LOADERS: Final[Mapping[Format, tuple[str, dict[str, Any]]]] = {
    JPEG: ("jpegload", {}),
    PNG: ("pngload", {"unlimited": True}),
    WEBP: ("webpload", {}),
    TIFF: ("tiffload", {"unlimited": True}),
    AVIF: ("heifload", {"unlimited": True}),
}
_UPRIGHT: Final = (AVIF,)
"""Formats whose pixels come upright from the decoder, whatever the caller asks for."""
_SYSTEM: Final = "system error: "
_USUAL_DPI: Final = (72.0, 72.0)
_DTYPES: Final[Mapping[str, type]] = {"uchar": np.uint8, "ushort": np.uint16}

# How libvips sets upright what Pillow would by a transpose.
_TURNS: Final[Mapping[Image.Transpose, tuple[str, ...]]] = {
    Image.Transpose.FLIP_LEFT_RIGHT: ("fliphor",),
    Image.Transpose.ROTATE_180: ("rot180",),
    Image.Transpose.FLIP_TOP_BOTTOM: ("flipver",),
    Image.Transpose.TRANSPOSE: ("rot90", "fliphor"),
    Image.Transpose.ROTATE_270: ("rot90",),
    Image.Transpose.TRANSVERSE: ("rot90", "flipver"),
    Image.Transpose.ROTATE_90: ("rot270",),
}


def can_stream(format: Format) -> bool:
    """Whether files of a format are read row by row."""
    return format in _LOADERS


class VipsError(Exception):
    """What libvips says, in one line."""


class Decoder:
    """An open picture of which rows are fetched, from top to bottom.

    One that has to be turned by EXIF is decoded as a whole first, into a temporary file if it is
    large.

    Args:
        path: the file.
        format: what it is; one that `can_stream`.
        turn: what sets it upright.

    Raises:
        MissingExtraError: pyvips is not installed.
        VipsError: the file cannot be read.
        ImageError: its numbers are neither 8 nor 16 bits.
    """

    def __init__(self, path: Path, format: Format, turn: Image.Transpose | None) -> None:
        pyvips = _import_pyvips()
        name, options = _LOADERS[format]
        turn = None if format in _UPRIGHT else turn
        access = "sequential" if turn in (None, Image.Transpose.FLIP_LEFT_RIGHT) else "random"
        try:
            load = getattr(pyvips.Image, name)
            image = load(os.fsencode(path), access=access, fail_on="error", **options)
            for step in () if turn is None else _TURNS[turn]:
                image = getattr(image, step)()
            self._region = pyvips.Region.new(image)
        except (pyvips.Error, UnicodeDecodeError) as error:
            raise VipsError(_reason(error)) from error
        self.width, self.height, self.bands = image.width, image.height, image.bands
        self.space = str(image.interpretation)
        """What the bands are: "srgb", "b-w", "cmyk", "rgb16", "grey16" or something rarer."""
        if image.format not in _DTYPES:
            raise ImageError(
                f"its pixels are of the type {image.format}; save it with 8 or 16 bits"
            )
        self._dtype = _DTYPES[image.format]

    def rows(self, first: int, count: int) -> np.ndarray:
        """Rows as uint8 or uint16 [count, width, bands]; raises `VipsError`."""
        try:
            data = self._region.fetch(0, first, self.width, count)
        except (_import_pyvips().Error, UnicodeDecodeError) as error:
            raise VipsError(_reason(error)) from error
        return np.frombuffer(data, self._dtype).reshape(count, self.width, self.bands)


def encode_png_stream(
    descriptor: int,
    path: Path,
    format: Format,
    quality: int | None,
    *,
    exif: bytes | None,
    icc_profile: bytes,
    dpi: tuple[float, float] | None,
) -> None:
    """Read a PNG from a file descriptor to its end and write it as another format.

    Args:
        descriptor: where an uncompressed PNG comes from; is left open.
        path: the file to write, whatever its suffix.
        format: what to write; one that `can_stream`. A TIFF is a BigTIFF and gets no EXIF.
        quality: 1 to 100; of no use to lossless formats.
        exif: EXIF to embed.
        icc_profile: the profile of the colours.
        dpi: horizontal and vertical resolution in pixels an inch.

    Raises:
        VipsError: it cannot be written, or the PNG ends too early.
    """
    pyvips = _import_pyvips()
    try:
        source = pyvips.Source.new_from_descriptor(descriptor)
        image = pyvips.Image.pngload_source(
            source, access="sequential", fail_on="error", unlimited=True
        )
        # Where nothing is known, libvips would say that a PNG has 72 pixels an inch.
        across, down = dpi or ((0, 0) if format is PNG else _USUAL_DPI)
        image = image.copy(xres=across / 25.4, yres=down / 25.4)
        blob = pyvips.GValue.blob_type
        image.set_type(blob, "icc-profile-data", icc_profile)
        if exif is not None and format is not TIFF:
            image.set_type(blob, "exif-data", exif)
        name, options = _saver(format, quality)
        getattr(image, name)(os.fsencode(path), **options)
    except (pyvips.Error, UnicodeDecodeError) as error:
        raise VipsError(_reason(error)) from error


def _saver(format: Format, quality: int | None) -> tuple[str, dict[str, Any]]:
    # The same choices as for pictures in memory; TIFF's level 1 keeps up with the painting.
    savers: dict[Format, tuple[str, dict[str, Any]]] = {
        JPEG: ("jpegsave", {"Q": quality, "subsample_mode": "off"}),
        PNG: ("pngsave", {"compression": 4, "filter": "all"}),
        WEBP: ("webpsave", {"Q": quality}),
        TIFF: (
            "tiffsave",
            {"compression": "deflate", "predictor": "horizontal", "bigtiff": True, "level": 1}
            | {"resunit": "inch"},
        ),
        AVIF: ("heifsave", {"Q": quality, "compression": "av1", "subsample_mode": "off"}),
    }
    return savers[format]


@cache
def _import_pyvips() -> Any:
    try:
        import pyvips
    except (ImportError, OSError) as error:  # OSError: without its library
        raise MissingExtraError("painting pictures larger than memory", "large") from error
    # Results of operations would be kept, with the files they came from.
    pyvips.cache_set_max(0)
    return pyvips


def _reason(error: Exception) -> str:
    """What the system said if it was asked, else the last line that says something."""
    text = str(error)
    if isinstance(error, UnicodeDecodeError):  # pyvips failed on a file's name in the message
        text = error.object.decode(errors="replace")
        _import_pyvips().vips_lib.vips_error_clear()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line.removeprefix(_SYSTEM) for line in lines if line.startswith(_SYSTEM)]
    return (told or lines[-1:] or [type(error).__name__])[0]
