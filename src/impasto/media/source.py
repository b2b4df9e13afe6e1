"""Where the bytes of a picture come from: a file, a stream or memory, as one seekable stream."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, TypeAlias

from impasto.core.errors import ImageError
from impasto.core.files import reason, shown
from impasto.media.formats import HEAD_BYTES, sniff

Source: TypeAlias = Path | str | bytes | BinaryIO
"""A file's name, a file's bytes, or a binary stream that stands at the start of a picture."""

_PIECE = 1 << 20
_STANDARD_STREAMS = {"<stdin>": "standard input", "<stdout>": "standard output"}


def name_of(source: Source) -> str:
    """Return what messages call `source`: one printable line."""
    if isinstance(source, bytes):
        return "the picture in memory"
    if isinstance(source, str | Path):
        return shown(source)
    name = getattr(source, "name", None)  # of files a path, of some streams a number
    if not isinstance(name, str):
        return "the picture in the stream"
    return _STANDARD_STREAMS.get(name) or shown(name)


@contextmanager
def opened(source: Source, max_bytes: int) -> Iterator[BinaryIO]:
    """Open `source` for reading at its start; a stream that is handed in stays open.

    Streams and pipes are read to their end, but only if they begin like a picture. Raises
    `ImageError` naming the source if it cannot be opened or is larger than `max_bytes`.
    """
    name = name_of(source)
    try:
        if isinstance(source, bytes):
            yield BytesIO(source)
        elif isinstance(source, str | Path):
            with Path(source).open("rb") as file:
                yield _checked_file(file, name, max_bytes)
        else:
            yield _in_memory(source, name, max_bytes)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path, a closed stream
        raise ImageError(f"cannot read {name}: {reason(error)}") from error


def _checked_file(file: BinaryIO, name: str, max_bytes: int) -> BinaryIO:
    status = os.fstat(file.fileno())
    if not S_ISREG(status.st_mode):
        return _in_memory(file, name, max_bytes)
    if status.st_size > max_bytes:
        raise _too_large(name, max_bytes)
    return file


def _in_memory(stream: BinaryIO, name: str, max_bytes: int) -> BinaryIO:
    pieces = [_read(stream, HEAD_BYTES)]
    size = len(pieces[0])
    if sniff(pieces[0]):
        while pieces[-1]:
            pieces.append(_read(stream, _PIECE))
            size += len(pieces[-1])
            if size > max_bytes:
                raise _too_large(name, max_bytes)
    return BytesIO(b"".join(pieces))


def _read(stream: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end: an unbuffered pipe hands out less at a time."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def _too_large(name: str, max_bytes: int) -> ImageError:
    return ImageError(f"{name} is too large a file; the limit is {max_bytes / 1e6:g} MB")
