"""Who may come in: a bounded number of requests, and an honest word for the rest."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from impasto.core.errors import EngineError

_RECENT = 0.1
"""How much the newest time counts in the mean."""


class BusyError(EngineError):
    """There is no room; `retry_after` says in how many seconds there may be."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Gate:
    """Counts requests that were let in and are not done.

    Args:
        workers: how many are worked on at once.
        queue: how many may wait beside them.
    """

    def __init__(self, workers: int, queue: int) -> None:
        self._workers, self._most = workers, workers + queue
        self.inside = 0
        """Requests that are worked on or wait."""
        self._seconds = 0.1
        self.closed = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A place while the block runs.

        Raises:
            BusyError: there is none, or the server is shutting down.
        """
        if self.closed:
            raise BusyError("the server is shutting down: ask again in a moment", 5)
        if self.inside >= self._most:
            raise BusyError("all painters are busy and the queue is full", self.retry_after)
        self.inside += 1
        started = time.monotonic()
        try:
            yield
        finally:
            self.inside -= 1
            share = (time.monotonic() - started) / max(1.0, (self.inside + 1) / self._workers)
            self._seconds += _RECENT * (share - self._seconds)

    @property
    def waiting(self) -> int:
        """Requests that no worker is free for."""
        return max(0, self.inside - self._workers)

    @property
    def retry_after(self) -> int:
        """Seconds in which half of those inside will be done; at least 1."""
        return max(1, math.ceil(self._seconds * self.inside / self._workers / 2))
