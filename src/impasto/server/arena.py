"""Memory that two processes share: the bytes of a file, or a picture laid out behind each other."""

import mmap
import os
from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np

from impasto.core.errors import ImageError
from impasto.media.image import Picture

_KEPT: Final = 32 * 2**20
"""Bytes that stay taken from one picture to the next."""


def arena_file(size: int) -> int:
    """A file descriptor of so much memory; none of it is taken before it is written to."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("impasto")
    else:
        with TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


class Arena:
    """Lays pictures and files into shared memory, and takes them out again.

    Args:
        memory: of both processes.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._used = 0

    def shrink(self) -> None:
        """Give back what a large picture has taken, where the system can (Linux)."""
        if self._used > _KEPT and hasattr(mmap, "MADV_REMOVE"):
            self._memory.madvise(mmap.MADV_REMOVE)
        self._used = 0

    def put_bytes(self, data: bytes | memoryview) -> int:
        """Lay bytes at the start; returns how many."""
        self._check(len(data))
        self._memory[: len(data)] = data
        return len(data)

    def bytes(self, count: int) -> bytes:
        """A copy of the first bytes."""
        self._check(count)
        return self._memory[:count]

    def put_picture(self, picture: Picture) -> dict[str, Any]:
        """Lay a picture down; returns what describes it, as JSON can hold it.

        Raises:
            ImageError: there is no room for it.
        """
        lengths: dict[str, int | None] = {}
        at = 0
        for name, part in _parts(picture).items():
            lengths[name] = None if part is None else len(part)
            if part is not None:
                self._check(at + len(part))
                self._memory[at : at + len(part)] = part
                at += len(part)
        height, width = picture.pixels.shape[:2]
        about = {"height": height, "width": width, "format": picture.format, "dpi": picture.dpi}
        return {**about, "lengths": lengths}

    def picture(self, about: Mapping[str, Any]) -> Picture:
        """A copy of the picture that `put_picture` has described."""
        height, width, lengths = about["height"], about["width"], about["lengths"]
        parts: dict[str, bytes | None] = {}
        at = 0
        for name, length in lengths.items():
            self._check(at + (length or 0))
            parts[name] = None if length is None else self._memory[at : at + length]
            at += length or 0
        alpha = parts["alpha"]
        return Picture(
            pixels=np.frombuffer(parts["pixels"] or b"", np.uint8).reshape(height, width, 3),
            alpha=None if alpha is None else np.frombuffer(alpha, np.uint8).reshape(height, width),
            exif=parts["exif"],
            icc_profile=parts["icc"],
            format=about["format"],
            dpi=tuple(about["dpi"]) if about["dpi"] else None,
        )

    def _check(self, end: int) -> None:
        if end > len(self._memory):
            raise ImageError("the picture with its metadata is larger than is allowed")
        self._used = max(self._used, end)


def _parts(picture: Picture) -> dict[str, memoryview | None]:
    """What a picture is made of, as bytes."""
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha)
    parts: dict[str, Any] = {
        "pixels": np.ascontiguousarray(picture.pixels),
        "alpha": alpha,
        "exif": picture.exif,
        "icc": picture.icc_profile,
    }
    return {
        name: None if part is None else memoryview(part).cast("B") for name, part in parts.items()
    }
