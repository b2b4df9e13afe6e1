"""Pictures in and out of files: the face of this package."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from impasto.core.errors import OutputError
from impasto.core.files import atomic_write, reason
from impasto.core.notice import warn
from impasto.media.alpha import flatten
from impasto.media.color import SRGB_PROFILE, from_srgb
from impasto.media.decode import ReadLimits, load, load_header
from impasto.media.encode import Tags, check_quality, encode
from impasto.media.formats import Format, format_named, format_of
from impasto.media.metadata import record_of
from impasto.media.picture import Picture, from_pil, named_picture, to_pil
from impasto.media.source import Source, name_of, opened

__all__ = [
    "Picture",
    "ReadLimits",
    "Source",
    "WriteOptions",
    "count_pixels",
    "from_pil",
    "read_image",
    "read_record",
    "to_pil",
    "write_image",
]

_DEFAULT_LIMITS = ReadLimits()


@dataclass(frozen=True)
class WriteOptions:
    """How a picture is written. Raises `SettingsError` for a quality out of range."""

    quality: int | None = None
    """1 to 100; None: the format's own. PNG and TIFF are lossless and take no notice of it."""
    strip: bool = False
    """Leave out the photo's EXIF and resolution; the record is still written."""
    keep_profile: bool = False
    """Convert back to the profile that the file came with and embed it, instead of sRGB."""
    record: Mapping[str, str] | None = None
    """How it was painted (style, strength, model), readable again by `read_record`."""

    def __post_init__(self) -> None:
        check_quality(self.quality)


_DEFAULT_OPTIONS = WriteOptions()


def read_image(source: Source, limits: ReadLimits = _DEFAULT_LIMITS) -> Picture:
    """Read a picture from a file, a binary stream or bytes.

    JPEG, PNG, WebP, TIFF, AVIF, and HEIC with the extra `heif`; told apart by content, not by
    name. Grey, palette, CMYK and 16-bit pictures become 8-bit sRGB; of frames or pages the first
    is read. Damaged metadata is left out with an `ImpastoWarning`. Raises `ImageError` for
    everything that cannot be read, and before decoding for what is over `limits`.
    """
    name = name_of(source)
    with opened(source, limits.max_bytes) as stream:
        return named_picture(load(stream, name, limits), name)


def count_pixels(source: Source, limits: ReadLimits = _DEFAULT_LIMITS) -> int:
    """Return how many pixels a picture has by what its header says.

    Nothing is decoded. Raises `ImageError` if the source is not a picture.
    """
    with opened(source, limits.max_bytes) as stream:
        image = load_header(stream, name_of(source))
        return image.width * image.height


def read_record(source: Source, limits: ReadLimits = _DEFAULT_LIMITS) -> dict[str, str] | None:
    """Return what `WriteOptions.record` was when a picture was written; None if it has none.

    Nothing is decoded. Raises `ImageError` if the source is not a picture.
    """
    with opened(source, limits.max_bytes) as stream:
        return record_of(load_header(stream, name_of(source)))


def write_image(
    picture: Picture,
    target: Path | str | BinaryIO,
    options: WriteOptions = _DEFAULT_OPTIONS,
    format: str | None = None,
) -> None:
    """Write a picture to a file, whole or not at all, or to a binary stream.

    `format` ("PNG", "jpg") is by default what the file's name says, for a stream the picture's
    own. JPEG has no opacity: the picture is laid on white. Metadata that the format cannot take
    is left out with an `ImpastoWarning`. Raises `OutputError` naming the target.
    """
    if isinstance(target, str | Path):
        chosen = format_named(format) if format else format_of(target)
        data = _encoded(picture, name_of(target), chosen, options)
        with atomic_write(target) as file:
            file.write(data)
    else:
        data = _encoded(picture, name_of(target), format_named(format or picture.format), options)
        _send(data, target)


def _send(data: bytes, stream: BinaryIO) -> None:
    rest = memoryview(data)
    try:
        while rest:  # an unbuffered pipe takes less at a time
            rest = rest[stream.write(rest) :]
        stream.flush()
    except (OSError, ValueError) as error:  # ValueError: a closed stream
        raise OutputError(f"cannot write to {name_of(stream)}: {reason(error)}") from error


def _encoded(picture: Picture, name: str, format: Format, options: WriteOptions) -> bytes:
    image, profile = in_profile(picture, name, format, options.keep_profile)
    least = Tags(options.record, profile, is_srgb=profile is SRGB_PROFILE)
    tags = least if options.strip else replace(least, exif=picture.exif, dpi=picture.dpi)
    try:
        return encode(image, name, format, options.quality, tags)
    except OutputError:
        data = encode(image, name, format, options.quality, least)  # were the tags to blame?
        warn(f"{name}: {format.name} cannot hold the photo's EXIF, which is left out")
        return data


def in_profile(
    picture: Picture, name: str, format: Format, keep_profile: bool
) -> tuple[Image.Image, bytes]:
    """Return the image to write, RGB or RGBA, and the profile of its colours."""
    alpha, profile = picture.alpha, SRGB_PROFILE
    pixels = picture.pixels if alpha is None or format.alpha else flatten(picture.pixels, alpha)
    image = Image.fromarray(pixels)
    if keep_profile and picture.icc_profile:
        try:
            image, profile = from_srgb(image, picture.icc_profile), picture.icc_profile
        except ValueError as error:
            warn(f"{name} is written in sRGB, because the photo has {error}")
    if alpha is not None and format.alpha:
        image.putalpha(Image.fromarray(alpha))
    return image, profile
