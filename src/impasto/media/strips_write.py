"""Writes a picture strip by strip, whole or not at all, in memory that does not grow with it.

The rows go as an uncompressed PNG into a pipe, at whose other end libvips encodes what is wanted:
PNG is the plainest format with opacity that can be written and read without going back.
"""

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Final

import numpy as np
from PIL import Image

from impasto.core.errors import OutputError
from impasto.core.files import atomic_write, reason
from impasto.core.notice import warn
from impasto.media.color import SRGB_PROFILE
from impasto.media.encode import check_size
from impasto.media.formats import TIFF, Format
from impasto.media.image import WriteOptions, in_profile
from impasto.media.metadata import compose_exif
from impasto.media.picture import Picture
from impasto.media.source import name_of
from impasto.media.strips import Block
from impasto.media.strips_read import Header
from impasto.media.strips_tiff import append_exif
from impasto.media.strips_vips import VipsError, encode_png_stream

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES: Final = {"RGB": 2, "RGBA": 6}
_PIECE: Final = 2**20
"""Pixels, or bytes, that are passed on at a time."""


@contextmanager
def strip_writer(
    target: Path,
    size: tuple[int, int],
    has_alpha: bool,
    header: Header,
    format: Format,
    options: WriteOptions,
) -> Iterator[Callable[[Block], None]]:
    """Open a picture file to be written from top to bottom.

    The file takes its name when the block ends without an error; on any failure nothing is left.

    Args:
        target: the file.
        size: width and height in pixels.
        has_alpha: whether the blocks have opacity.
        header: what the photo's own file said, whose metadata is carried over.
        format: one that `strips_vips.can_stream`. A TIFF becomes a BigTIFF.
        options: as for `write_image`.

    Yields:
        What takes the next rows. It raises `OutputError`, as the end of the block does.
    """
    name = name_of(target)
    check_size(size, name, format)
    like = _pixel(header, has_alpha)
    image, profile = in_profile(like, name, format, options.keep_profile)
    exif = _exif(header, name, size, profile, options)
    dpi = None if options.strip else header.dpi
    with atomic_write(target) as file:
        path = Path(file.name)

        def encode(descriptor: int) -> None:
            quality = options.quality or format.quality
            encode_png_stream(
                descriptor, path, format, quality, exif=exif, icc_profile=profile, dpi=dpi
            )
            if format is TIFF and exif is not None:
                append_exif(path, exif)

        def write(block: Block) -> None:
            step = max(1, _PIECE // size[0])  # each copy on the way is that of a piece
            for top in range(0, len(block.pixels), step):
                part = block.rows(top, top + step)
                given = replace(like, pixels=part.pixels, alpha=part.alpha)
                png.write(in_profile(given, name, format, options.keep_profile)[0])

        with _piped(encode, name) as pipe:
            png = _PngStream(pipe, size, image.mode)
            yield write
            png.finish()


def _pixel(header: Header, has_alpha: bool) -> Picture:
    """A picture of one pixel: what is asked of a whole one without having it."""
    pixels = np.zeros((1, 1, 3), np.uint8)
    alpha = pixels[..., 0] if has_alpha else None
    return Picture(pixels, alpha, header.exif, header.icc_profile, header.format.name, header.dpi)


def _exif(
    header: Header, name: str, size: tuple[int, int], profile: bytes, options: WriteOptions
) -> bytes | None:
    is_srgb = profile is SRGB_PROFILE
    with suppress(Exception):  # what cannot be packed again raises nearly anything
        exif = None if options.strip else header.exif
        return compose_exif(exif, options.record, size, is_srgb)
    warn(f"{name}: the photo's EXIF cannot be written, and is left out")
    return compose_exif(None, options.record, size, is_srgb)


class _Pipe:
    """A pipe whose other end is read by a job in a thread of its own."""

    def __init__(self, job: Callable[[int], None], name: str) -> None:
        self._name = name
        self._failure: str | None = None
        self._read, self._write = os.pipe()
        # A daemon: who is interrupted before he can close the pipe must not wait for it at his end.
        self._thread = Thread(target=self._work, args=(job,), name="impasto-encode", daemon=True)
        self._thread.start()

    def put(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            self._check()
            rest = rest[os.write(self._write, rest[:_PIECE]) :]

    def close(self, *, complete: bool) -> None:
        """End the stream and wait for the job; its failure counts if the stream is complete."""
        os.close(self._write)
        self._thread.join()
        os.close(self._read)
        if complete:
            self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise OutputError(f"cannot write {self._name}: {self._failure}")

    def _work(self, job: Callable[[int], None]) -> None:
        try:
            job(self._read)
        except VipsError as error:
            self._failure = str(error)
        except Exception as error:  # of the machine, or a mistake: told in the other thread
            self._failure = reason(error)
        while os.read(self._read, _PIECE):  # the other end must never wait for ever
            pass


@contextmanager
def _piped(job: Callable[[int], None], name: str) -> Iterator[_Pipe]:
    pipe = _Pipe(job, name)
    try:
        yield pipe
    except BaseException:
        pipe.close(complete=False)
        raise
    pipe.close(complete=True)


class _PngStream:
    """Writes an uncompressed PNG row by row (RFC 2083; filter 0, deflate's stored blocks)."""

    def __init__(self, pipe: _Pipe, size: tuple[int, int], mode: str) -> None:
        self._pipe = pipe
        self._deflate = zlib.compressobj(level=0)
        pipe.put(_SIGNATURE)
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, _COLOUR_TYPES[mode], 0, 0, 0))

    def write(self, image: Image.Image) -> None:
        rows = np.asarray(image).reshape(image.height, -1)
        filtered = np.zeros((image.height, rows.shape[1] + 1), np.uint8)
        filtered[:, 1:] = rows
        self._chunk(b"IDAT", self._deflate.compress(filtered.data))

    def finish(self) -> None:
        self._chunk(b"IDAT", self._deflate.flush())
        self._chunk(b"IEND", b"")

    def _chunk(self, kind: bytes, data: bytes) -> None:
        self._pipe.put(struct.pack(">I", len(data)) + kind)
        self._pipe.put(data)
        self._pipe.put(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
