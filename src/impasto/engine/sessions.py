"""A cache of loaded graphs that threads share: each loads once, the longest unused goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

S = TypeVar("S")


class SessionCache(Generic[S]):
    """Keeps the latest used sessions, within a count and a total size.

    A loaded graph holds memory in proportion to its picture (some 80 bytes a pixel in OpenVINO),
    so the size counts pixels. Room is made only when a graph is loaded, and the new one does not
    count, whatever its size: a folder of equal big pictures loads its graph once.

    Args:
        max_count: the most sessions to keep beside the newest.
        max_pixels: the most pixels of them together.
    """

    def __init__(self, max_count: int = 8, max_pixels: int = 8_000_000) -> None:
        self.max_count = max_count
        self.max_pixels = max_pixels
        self._entries: OrderedDict[Hashable, tuple[Future[S], int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, pixels: int, load: Callable[[], S]) -> S:
        """The session of a key, loaded by the first thread that asks while the others wait.

        Raises:
            Exception: whatever `load` raises, in every waiting thread; the next call tries again.
        """
        with self._lock:
            is_new = key not in self._entries
            if is_new:
                self._make_room()
                self._entries[key] = (Future[S](), pixels)
            self._entries.move_to_end(key)
            future = self._entries[key][0]
        if is_new:
            self._fill(key, future, load)
        return future.result()

    def _make_room(self) -> None:
        while len(self._entries) > self.max_count or self._pixels() > self.max_pixels:
            self._entries.popitem(last=False)

    def _pixels(self) -> int:
        return sum(pixels for _, pixels in self._entries.values())

    def _fill(self, key: Hashable, future: Future[S], load: Callable[[], S]) -> None:
        try:
            future.set_result(load())
        except BaseException as error:
            with self._lock:
                if key in self._entries and self._entries[key][0] is future:
                    del self._entries[key]
            future.set_exception(error)
