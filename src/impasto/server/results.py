"""Paintings that were made lately, bounded by bytes; each is made once, whoever asks at once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from impasto.server.kitchen import Served

_OVERHEAD = 1024
"""Bytes that an entry takes beside its file."""


@dataclass(eq=False)
class _UnderWay:
    task: asyncio.Task[Served]
    waiting: int = 0


class Results:
    """Keeps paintings by a key of everything they depend on; what was not asked for longest goes.

    Args:
        max_bytes: of all together; one that is larger than a quarter is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        """What they take now."""
        self._kept: OrderedDict[str, Served] = OrderedDict()
        self._under_way: dict[str, _UnderWay] = {}

    def find(self, key: str) -> Served | None:
        """A painting that is there."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    async def make(self, key: str, make: Callable[[], Awaitable[Served]]) -> Served:
        """A painting that is not there; whoever asks for one that is under way waits for it.

        It is given up when all who wait for it have left.

        Raises:
            Exception: whatever `make` raises, for all who wait.
        """
        work = self._under_way.get(key)
        if work is None:
            work = _UnderWay(asyncio.ensure_future(self._made(key, make)))
            self._under_way[key] = work
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if not work.waiting:
                self._forget(key, work)

    def _forget(self, key: str, work: _UnderWay) -> None:
        if self._under_way.get(key) is work:
            del self._under_way[key]
        if not work.task.done():
            work.task.cancel()

    async def _made(self, key: str, make: Callable[[], Awaitable[Served]]) -> Served:
        served = await make()
        self._keep(key, served)
        return served

    def _keep(self, key: str, served: Served) -> None:
        size = len(served.data) + _OVERHEAD
        if size > self.max_bytes // 4:
            return
        self._drop(key)
        self._kept[key] = served
        self.bytes += size
        while self.bytes > self.max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        served = self._kept.pop(key, None)
        if served is not None:
            self.bytes -= len(served.data) + _OVERHEAD
