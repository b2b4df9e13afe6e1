"""How far a method is, told now and then."""

import time
from collections.abc import Callable

Tell = Callable[[str], None]

_TELL_SECONDS = 10.0


class Watch:
    """Tells every few seconds how far a method is, and how long it still takes."""

    def __init__(self, name: str, tell: Tell, total: int, what: str = "paintings") -> None:
        self._name, self._tell, self._total, self._what = name, tell, total, what
        self._done, self._started = 0, time.monotonic()
        self._told = self._started

    def count(self) -> None:
        """One more painting is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._told < _TELL_SECONDS and self._done < self._total:
            return
        self._told = now
        left = (now - self._started) / self._done * (self._total - self._done)
        self._tell(f"{self._name}: {self._done} of {self._total} {self._what}, {left:.0f} s left")

    def pass_over(self, count: int) -> None:
        """So many are not painted."""
        self._total -= count
