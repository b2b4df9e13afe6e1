"""EXIF in a TIFF: Pillow's writer of compressed TIFFs cannot hold EXIF's own directories."""

import struct

from PIL import Image

_HEAD = struct.Struct("<4sI")  # magic, offset of the first directory
_ENTRY = 12


def with_exif(tiff: bytes, exif: bytes) -> bytes:
    """Return a little-endian, one-page TIFF with EXIF added to its directory.

    In a TIFF the tags of EXIF's first directory stand among those of the picture. Both are merged
    into a new directory at the end of the file; everything else stays where it is.
    """
    tiff += bytes(len(tiff) % 2)  # a directory starts at an even offset
    added = Image.Exif()
    added.load(exif)
    added.endian = "<"
    # What Exif.tobytes puts before the directory is 6 bytes of mark and 8 of TIFF header.
    data = tiff + added.tobytes(len(tiff))[14:]
    magic, own = _HEAD.unpack_from(data)
    entries = _entries(data, len(tiff)) | _entries(data, own)
    data += bytes(len(data) % 2)
    directory = struct.pack("<H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries))
    return _HEAD.pack(magic, len(data)) + data[_HEAD.size :] + directory + bytes(4)


def _entries(data: bytes, at: int) -> dict[int, bytes]:
    """Return the entries of the directory at an offset, by tag."""
    (count,) = struct.unpack_from("<H", data, at)
    found = (
        data[start : start + _ENTRY] for start in range(at + 2, at + 2 + count * _ENTRY, _ENTRY)
    )
    return {int.from_bytes(entry[:2], "little"): entry for entry in found}
