"""EXIF: rotation is applied, what describes the photo is kept, and how it was painted is recorded.

The record lives in EXIF's `Software` tag ("the software used to generate the image"), the one
field that all six formats carry, as `impasto ` and a line of JSON. EXIF is often damaged and is
never worth a lost picture: a tag that cannot be read or written is left out.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from PIL import ExifTags, Image

from impasto.core.notice import warn

_MARK: Final = "impasto "
IFDS: Final = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)

# What describes a photo. The other tags of the first directory say how its bytes were laid out,
# which is wrong for another file and harmful in a TIFF.
_KEPT: Final = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Copyright,
    ExifTags.Base.Rating,
    ExifTags.Base.RatingPercent,
    ExifTags.Base.XPTitle,
    ExifTags.Base.XPComment,
    ExifTags.Base.XPAuthor,
    ExifTags.Base.XPKeywords,
    ExifTags.Base.XPSubject,
)
# Wrong after conversion to sRGB (InteropIFD says AdobeRGB), or written anew.
_DROPPED: Final = frozenset({ExifTags.IFD.Interop, ExifTags.Base.ColorSpace})

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn_of(image: Image.Image) -> Image.Transpose | None:
    """Return what sets a picture upright by its EXIF or XMP; None if nothing (or damaged)."""
    with suppress(Exception):  # a broken tag raises nearly anything
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return None


def read_exif(image: Image.Image, name: str) -> bytes | None:
    """Return what describes the photo as EXIF bytes, without rotation; None if there is nothing.

    EXIF that cannot be parsed at all is left out with an `ImpastoWarning` about `name`.
    """
    try:
        tags = list(_describing(_parsed(image)))
    except Exception:  # Pillow's parser raises nearly anything
        warn(f"{name}: its EXIF is damaged and is left out")
        return None
    return _packed(tags) if tags else None


def compose_exif(
    exif: bytes | None,
    record: Mapping[str, str] | None,
    size: tuple[int, int],
    srgb: bool = True,
) -> bytes | None:
    """Return the EXIF of a finished picture: what `read_exif` kept, corrected, and the record.

    `size` is (width, height) in pixels; `srgb` says whether the pixels are written in sRGB.
    Raises nearly anything for bytes that are not EXIF.
    """
    tags = list(_describing(_loaded(exif))) if exif else []
    if any(ifd == ExifTags.IFD.Exif for ifd, _, _ in tags):
        tags += _corrections(size, srgb)
    if record is not None:
        line = _MARK + json.dumps(dict(record), sort_keys=True)
        tags.append((None, ExifTags.Base.Software, line))
    return _packed(tags) if tags else None


def record_of(image: Image.Image) -> dict[str, str] | None:
    """Return the record that a picture carries; None for a picture that impasto did not paint."""
    with suppress(Exception):  # a broken tag raises nearly anything
        line = _parsed(image).get(ExifTags.Base.Software)
        if isinstance(line, str) and line.startswith(_MARK):
            return {str(k): str(v) for k, v in json.loads(line.removeprefix(_MARK)).items()}
    return None


_Tag = tuple[int | None, int, Any]
"""(directory or None for the first one, tag, value)."""


def _parsed(image: Image.Image) -> Image.Exif:
    raw = image.info.get("exif")
    return _loaded(raw) if isinstance(raw, bytes) else image.getexif()


def _loaded(raw: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(raw)
    return exif


def _describing(exif: Image.Exif) -> Iterator[_Tag]:
    found: list[_Tag] = [(None, tag, exif.get(tag)) for tag in _KEPT if tag in exif]
    for ifd in IFDS:
        found += [(ifd, tag, value) for tag, value in exif.get_ifd(ifd).items()]
    tags = ((ifd, tag, _raw(value)) for ifd, tag, value in found if tag not in _DROPPED)
    return (tag for tag in tags if _can_pack(tag))


def _raw(value: Any) -> Any:
    """Text is UTF-8 or worse; Pillow reads its bytes as Latin-1, and would write only ASCII."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else value


def _corrections(size: tuple[int, int], srgb: bool) -> list[_Tag]:
    ifd, (width, height) = ExifTags.IFD.Exif, size
    return [
        (ifd, ExifTags.Base.ExifImageWidth, width),
        (ifd, ExifTags.Base.ExifImageHeight, height),
        (ifd, ExifTags.Base.ColorSpace, 1 if srgb else 0xFFFF),
    ]


def _packed(tags: list[_Tag]) -> bytes:
    exif = Image.Exif()
    for ifd, tag, value in tags:
        (exif if ifd is None else exif.get_ifd(ifd))[tag] = value
    return exif.tobytes()


def _can_pack(tag: _Tag) -> bool:
    with suppress(Exception):  # a value of the wrong type raises nearly anything
        return bool(_packed([tag]))
    return False
