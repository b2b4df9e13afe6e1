"""From pixels to the bytes of a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image

from impasto.core.errors import MissingExtraError, OutputError, SettingsError
from impasto.core.files import reason
from impasto.media.formats import AVIF, HEIF, JPEG, PNG, TIFF, WEBP, Format
from impasto.media.metadata import compose_exif
from impasto.media.tiff import with_exif


@dataclass(frozen=True)
class Tags:
    """What goes into a file beside the pixels."""

    record: Mapping[str, str] | None
    icc_profile: bytes
    is_srgb: bool
    """Whether `icc_profile` is that of sRGB."""
    exif: bytes | None = None
    """What the photo's own file said, of `metadata.read_exif`."""
    dpi: tuple[float, float] | None = None


def encode(image: Image.Image, name: str, format: Format, quality: int | None, tags: Tags) -> bytes:
    """Return a file's bytes for an image of mode RGB or RGBA.

    `quality` is 1 to 100, or None for the format's own; lossless formats take no notice of it.
    Raises `OutputError` naming `name` if the format cannot hold the picture or the tags, and
    `MissingExtraError` for HEIC without its extra.
    """
    check_size(image.size, name, format)
    try:
        return _saved(image, format, quality or format.quality, tags)
    except MissingExtraError:
        raise
    except Exception as error:  # Pillow's encoders raise nearly anything
        raise OutputError(f"cannot write {name} as {format.name}: {reason(error)}") from error


def check_size(size: tuple[int, int], name: str, format: Format) -> None:
    """Raise `OutputError` naming `name` if a format cannot hold so many pixels a side."""
    if max(size) > format.longest_side:
        raise OutputError(
            f"cannot write {name}: {format.name} holds at most {format.longest_side} pixels a "
            f"side and the picture is {size[0]}x{size[1]}; choose PNG or TIFF"
        )


def check_quality(quality: int | None) -> None:
    """Raise `SettingsError` unless `quality` is None or 1 to 100."""
    if quality is not None and not 1 <= quality <= 100:
        raise SettingsError(f"quality must be from 1 to 100, got {quality}")


def _saved(image: Image.Image, format: Format, quality: int | None, tags: Tags) -> bytes:
    exif = compose_exif(tags.exif, tags.record, image.size, tags.is_srgb)
    given = {
        "icc_profile": tags.icc_profile,
        "exif": None if format is TIFF else exif,
        "dpi": tags.dpi if format in (JPEG, PNG, TIFF) else None,
    }
    options = _options(format, quality) | {key: value for key, value in given.items() if value}
    file = BytesIO()
    if format is HEIF:
        _save_heif(image, file, options)
    else:
        image.save(file, format.name, **options)
    data = file.getvalue()
    return with_exif(data, exif) if exif and format is TIFF else data


def _options(format: Format, quality: int | None) -> dict[str, Any]:
    # Strokes meet in saturated edges, so colour is kept at full resolution where there is a choice.
    # PNG's level 4 takes half the time of the usual 6 for 2 % more bytes; AVIF's speed 8 half or
    # less of the usual 6, for 2 to 8 % more bytes and 0.1 to 0.3 dB less.
    options: dict[Format, dict[str, Any]] = {
        JPEG: {"quality": quality, "subsampling": "4:4:4"},
        PNG: {"compress_level": 4},
        WEBP: {"quality": quality},
        TIFF: {"compression": "tiff_adobe_deflate"},
        AVIF: {"quality": quality, "subsampling": "4:4:4", "speed": 8},
        HEIF: {"quality": quality, "chroma": 444},
    }
    return options[format]


def _save_heif(image: Image.Image, file: BytesIO, options: dict[str, Any]) -> None:
    try:
        from pillow_heif import from_pillow
    except ImportError:
        raise MissingExtraError("writing HEIC pictures", "heif") from None
    from_pillow(image).save(file, **options)
