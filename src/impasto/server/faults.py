"""What keeps the server's own tasks from their work, for the log and for who asks."""

from impasto.core.files import reason
from impasto.server.gate import BusyError
from impasto.server.logs import log

_PLAIN = (BusyError, OSError)
"""What a machine may do to a task; its words are for everyone. All else is a fault of ours."""


class Faults:
    """What is wrong now, by the task that it keeps from its work.

    The log tells when a fault comes, when it changes and when it is over, and not each time that a
    task meets it again.
    """

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    @property
    def told(self) -> str | None:
        """All of them in a line; None: there is none."""
        return "; ".join(f"{task}: {why}" for task, why in self._now.items()) or None

    def note(self, task: str, error: Exception) -> None:
        """A task could not do its work."""
        is_plain = isinstance(error, _PLAIN)
        why = reason(error) if is_plain else "something went wrong on the server"
        if self._now.get(task) != why:
            log.error("task fails", task=task, reason=why, exc_info=None if is_plain else error)
        self._now[task] = why

    def over(self, task: str) -> None:
        """A task could do its work."""
        if self._now.pop(task, None) is not None:
            log.info("task works again", task=task)
