"""Jobs in an SQLite file, which outlive the process that took them."""

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal

from impasto.core.errors import OutputError
from impasto.core.files import make_folder, shown

Kind = Literal["video", "fit"]
State = Literal["queued", "running", "done", "failed", "cancelled"]

ENDED: Final = ("done", "failed", "cancelled")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, progress REAL NOT NULL,
  message TEXT NOT NULL, result TEXT NOT NULL, settings TEXT NOT NULL,
  created REAL NOT NULL, changed REAL NOT NULL
)
"""
_COLUMNS = "id, kind, state, progress, message, result, settings, created, changed"


@dataclass(frozen=True)
class Job:
    """A video to paint, or a style to fit."""

    id: str
    kind: Kind
    settings: Mapping[str, Any]
    """What it was asked for, as JSON can hold it."""
    state: State = "queued"
    progress: float = 0.0
    message: str = ""
    result: str = ""
    """The name of the result in the folder of the job; empty where there is none."""
    created: float = 0.0
    changed: float = 0.0
    """Seconds since 1970."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED


class JobStore:
    """The file `jobs.sqlite`; may be used from any thread.

    What `put` was given is there after a crash of the process, and of the machine, too.

    Args:
        folder: holds the file, and a folder for each job.

    Raises:
        OutputError: the folder or the file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._lock = folder, Lock()
        make_folder(folder)
        try:
            self._file = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=FULL")
            self._file.execute(_SCHEMA)
            self._file.commit()
        except sqlite3.Error as error:
            raise OutputError(f"cannot keep jobs in {shown(folder)}: {error}") from error

    def put(self, job: Job) -> Job:
        """Keep a job as it is now, in place of what was kept under its id."""
        now = time.time()
        kept = replace(job, created=job.created or now, changed=now)
        row = (
            *(kept.id, kept.kind, kept.state, kept.progress, kept.message, kept.result),
            *(json.dumps(dict(kept.settings)), kept.created, kept.changed),
        )
        with self._lock, self._file:
            self._file.execute(f"REPLACE INTO jobs ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", row)  # noqa: S608
        return kept

    def get(self, id: str) -> Job | None:
        """A job, if there is one of this id."""
        found = self._select("WHERE id = ?", id)
        return found[0] if found else None

    def unfinished(self) -> list[Job]:
        """All that wait or run, the oldest first."""
        return self._select("WHERE state IN ('queued', 'running') ORDER BY created, id")

    def ended_before(self, moment: float) -> list[Job]:
        """All that ended before a moment, in seconds since 1970."""
        return self._select(f"WHERE state IN {ENDED} AND changed < ?", moment)

    def remove(self, id: str) -> None:
        """Forget a job."""
        with self._lock, self._file:
            self._file.execute("DELETE FROM jobs WHERE id = ?", (id,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _select(self, where: str, *values: object) -> list[Job]:
        with self._lock:
            rows = self._file.execute(f"SELECT {_COLUMNS} FROM jobs {where}", values).fetchall()  # noqa: S608
        return [_job(row) for row in rows]


def _job(row: tuple[Any, ...]) -> Job:
    id, kind, state, progress, message, result, settings, created, changed = row
    return Job(id, kind, json.loads(settings), state, progress, message, result, created, changed)
