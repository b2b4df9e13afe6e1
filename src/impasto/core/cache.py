"""Two caches bounded by size: values in memory that threads share, and files that processes share.

In both, what was not used for longest goes first.
"""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from impasto.core.errors import OutputError
from impasto.core.files import atomic_write, make_folder

V = TypeVar("V")

_DIGEST_BYTES = hashlib.sha256().digest_size


class MemoryCache(Generic[V]):
    """Keeps the values that were used last; each is made once, whatever threads ask for it.

    Room is made only when a value is made, and the newest one does not count, whatever its size.

    Args:
        max_size: the most that all values but the newest are together, in the unit of their sizes.
        max_count: the most values beside the newest; None does not count them.
    """

    def __init__(self, max_size: int, max_count: int | None = None) -> None:
        self.max_size = max_size
        self.max_count = max_count
        self.size = 0
        """What the kept values are together, the newest one too."""
        self._entries: OrderedDict[Hashable, tuple[Future[V], int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, size: int, make: Callable[[], V]) -> V:
        """The value of a key, made by the first thread that asks while the others wait.

        Raises:
            Exception: whatever `make` raises, in every waiting thread; the next call tries again.
        """
        with self._lock:
            is_new = key not in self._entries
            if is_new:
                self._make_room()
                self._entries[key] = (Future[V](), size)
                self.size += size
            self._entries.move_to_end(key)
            future = self._entries[key][0]
        if is_new:
            self._fill(key, future, make)
        return future.result()

    def __len__(self) -> int:
        """How many values are kept, the newest one too."""
        return len(self._entries)

    def _make_room(self) -> None:
        while self._entries and (self.size > self.max_size or self._are_too_many()):
            _, (_, size) = self._entries.popitem(last=False)
            self.size -= size

    def _are_too_many(self) -> bool:
        return self.max_count is not None and len(self._entries) > self.max_count

    def _fill(self, key: Hashable, future: Future[V], make: Callable[[], V]) -> None:
        try:
            future.set_result(make())
        except BaseException as error:
            with self._lock:
                if key in self._entries and self._entries[key][0] is future:
                    self.size -= self._entries.pop(key)[1]
            future.set_exception(error)


class FileCache:
    """Keeps bytes in the files of a folder, for this process and those that come later.

    Processes may use one folder at once: a file appears when it is complete, and carries a hash of
    its bytes. It is only a cache: a folder that cannot be read or written is an empty one, and a
    damaged file is one that is not there.

    Args:
        folder: holds nothing but these files; made when it is first written to.
        max_bytes: the most that all files are together after one was added. A process writes no
            more than so much either: what is added after that would only push out its own.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._room = max_bytes
        self._lock = Lock()

    def get(self, name: str) -> bytes | None:
        """The bytes that were kept under a name (a plain file name), or None."""
        path = self.folder / name
        try:
            kept = path.read_bytes()
            digest, data = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
            if hashlib.sha256(data).digest() == digest:
                with suppress(OSError):  # perhaps it may be read but not touched
                    os.utime(path)
                return data
            path.unlink()
        except OSError:
            pass
        return None

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, and drop the files that were not used for longest."""
        if not self._reserve(len(data)):
            return
        with suppress(OutputError):
            make_folder(self.folder)
            with atomic_write(self.folder / name) as file:
                file.write(hashlib.sha256(data).digest())
                file.write(data)
        self._make_room()

    def drop(self, name: str) -> None:
        """Remove what is kept under a name, if anything is."""
        with suppress(OSError):
            (self.folder / name).unlink()

    def _reserve(self, size: int) -> bool:
        with self._lock:
            has_room = size <= self._room
            self._room -= size if has_room else 0
        return has_room

    def _make_room(self) -> None:
        files = sorted(_files(self.folder), reverse=True)
        total = 0
        for _, size, path in files:
            total += size
            if total > self.max_bytes:
                with suppress(OSError):  # another process was faster, or has it open
                    path.unlink()


def _files(folder: Path) -> list[tuple[int, int, Path]]:
    """Time of use, size and path of each file, those that are being written too."""
    found = []
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):  # gone since
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
    return found
