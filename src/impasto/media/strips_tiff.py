"""EXIF in a BigTIFF that is on disk already: libvips writes none into TIFFs."""

import struct
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from impasto.media.metadata import IFDS

_HEAD: Final = struct.Struct("<4sHHQ")  # magic, size of an offset, 0, offset of the first directory
_COUNT: Final = struct.Struct("<Q")
_ENTRY: Final = 20


def append_exif(path: Path, exif: bytes) -> None:
    """Add EXIF to the directory of a little-endian, one-page BigTIFF.

    As in `tiff.with_exif`, the tags of EXIF's first directory and those of the picture are merged
    into a new directory at the end of the file; everything else stays where it is.
    """
    with path.open("r+b") as file:
        magic, size, zero, own = _HEAD.unpack(file.read(_HEAD.size))
        end = _even(file)
        file.write(_directory(magic, size, zero, exif).tobytes(end))
        entries = _entries(file, end) | _entries(file, own)
        start = _even(file)
        file.write(_COUNT.pack(len(entries)))
        file.writelines(entries[tag] for tag in sorted(entries))
        file.write(_COUNT.pack(0))
        file.seek(0)
        file.write(_HEAD.pack(magic, size, zero, start))


def _directory(magic: bytes, size: int, zero: int, exif: bytes) -> ImageFileDirectory_v2:
    """The tags of EXIF as a BigTIFF lays them out, with those of its inner directories."""
    given = Image.Exif()
    given.load(exif)
    directory = ImageFileDirectory_v2(_HEAD.pack(magic, size, zero, 0))
    for tag, value in given.items():
        directory[tag] = value
    for ifd in IFDS:
        if inner := given.get_ifd(ifd):
            directory[ifd] = inner
    return directory


def _even(file: BinaryIO) -> int:
    """Go to the end, which becomes even: a directory starts at an even offset."""
    end = file.seek(0, 2)
    file.write(bytes(end % 2))
    return end + end % 2


def _entries(file: BinaryIO, at: int) -> dict[int, bytes]:
    """The entries of the directory at an offset, by tag."""
    file.seek(at)
    (count,) = _COUNT.unpack(file.read(_COUNT.size))
    found = (file.read(_ENTRY) for _ in range(count))
    return {int.from_bytes(entry[:2], "little"): entry for entry in found}
