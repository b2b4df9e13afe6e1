"""A cache of loaded graphs that threads share: each loads once, the longest unused goes first."""

from typing import TypeVar

from impasto.core.cache import MemoryCache

S = TypeVar("S")


class SessionCache(MemoryCache[S]):
    """Keeps the latest used sessions, within a count and a total size in pixels.

    A loaded graph holds memory in proportion to its picture (some 80 bytes a pixel in OpenVINO),
    so the size counts pixels. The newest does not count, whatever its size: a folder of equal big
    pictures loads its graph once.

    Args:
        max_count: the most sessions to keep beside the newest.
        max_pixels: the most pixels of them together.
    """

    def __init__(self, max_count: int = 8, max_pixels: int = 8_000_000) -> None:
        super().__init__(max_pixels, max_count)
