"""Cuts damaged metadata out of a file whose pixels may be whole.

Pillow gives up on a whole picture for one bad text chunk or EXIF block. These functions remove
what is not pixels, so that a second attempt can succeed.
"""

from impasto.media.formats import AVIF, HEIF, JPEG, PNG, Format

_SOS = 0xDA
# JFIF and Adobe say how colours are coded; the other application segments and comments do not.
_JPEG_METADATA = frozenset(range(0xE1, 0xF0)) - {0xEE} | {0xFE}


def without_metadata(data: bytes, format: Format) -> bytes:
    """Return a picture's bytes without metadata; unchanged where the format has no need of it."""
    if format is JPEG:
        return _bare_jpeg(data)
    if format is PNG:
        return _bare_png(data)
    # An item of an unknown type is ignored; the four bytes are found in the item's entry.
    return data.replace(b"Exif", b"none") if format in (AVIF, HEIF) else data


def _bare_jpeg(data: bytes) -> bytes:
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _SOS:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] not in _JPEG_METADATA:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def _bare_png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind[:1].isupper() or kind == b"tRNS":  # upper case: needed for the pixels
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
