"""Jobs in an SQLite file, which outlive the process that took them."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal

from impasto.core.errors import OutputError
from impasto.core.files import make_folder, shown
from impasto.server.gate import BusyError

Kind = Literal["video", "fit"]
State = Literal["queued", "running", "done", "failed", "cancelled"]

_FILE: Final = "jobs.sqlite"
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

    What `put` was given is there after a crash of the process, and of the machine, too. Reading
    waits for no writing, not for that of another process either. Each method raises BusyError
    where the file does not do its work now; then nothing has changed.

    Args:
        folder: holds the file, and a folder for each job.

    Raises:
        OutputError: the folder or the file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writing, self._reading = Lock(), Lock()
        make_folder(folder)
        try:
            _keep_private(folder)
            self._writer = self._opened()
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._writer.execute("PRAGMA synchronous=FULL")
            self._writer.execute(_SCHEMA)
            self._writer.commit()
            self._reader = self._opened()
        except (sqlite3.Error, OSError) as error:
            raise OutputError(f"cannot keep jobs in {shown(folder)}: {error}") from error

    def put(self, job: Job) -> Job:
        """Keep a job as it is now, in place of what was kept under its id."""
        now = time.time()
        kept = replace(job, created=job.created or now, changed=now)
        row = (
            *(kept.id, kept.kind, kept.state, kept.progress, kept.message, kept.result),
            *(json.dumps(dict(kept.settings)), kept.created, kept.changed),
        )
        self._write(f"REPLACE INTO jobs ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", row)  # noqa: S608
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
        self._write("DELETE FROM jobs WHERE id = ?", (id,))

    def close(self) -> None:
        """Close the file."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / _FILE, check_same_thread=False)

    def _write(self, command: str, values: tuple[object, ...]) -> None:
        with _failing(), self._writing, self._writer:
            self._writer.execute(command, values)

    def _select(self, where: str, *values: object) -> list[Job]:
        with _failing(), self._reading:
            rows = self._reader.execute(f"SELECT {_COLUMNS} FROM jobs {where}", values).fetchall()  # noqa: S608
        return [_job(row) for row in rows]


@contextmanager
def _failing() -> Iterator[None]:
    """What fails may work later: another process holds the file, or its disk is full."""
    try:
        yield
    except sqlite3.Error as error:
        why = f"jobs cannot be kept now, ask again in a minute: {error}"
        raise BusyError(why, 60) from error


def _keep_private(folder: Path) -> None:
    """Who knows the id of a job may fetch it; SQLite gives the files beside it the same rights."""
    (folder / _FILE).touch(0o600)
    for path in folder.glob(f"{_FILE}*"):  # of an earlier version, too
        path.chmod(0o600)


def _job(row: tuple[Any, ...]) -> Job:
    id, kind, state, progress, message, result, settings, created, changed = row
    return Job(id, kind, json.loads(settings), state, progress, message, result, created, changed)
