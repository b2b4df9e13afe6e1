"""Votes in one SQLite file: each is on the disk before the next question is asked."""

import sqlite3
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from impasto.bench.vote_set import Mode, Question
from impasto.core.errors import InputError, OutputError
from impasto.core.files import reason, shown

CHOICES: Final = {
    "compare": ("left", "right", "tie", "skip"),
    "rate": ("1", "2", "3", "4", "5", "skip"),
}
"""What may be answered; `skip` is for pictures that cannot be shown, and counts nowhere."""

LONGEST_NAME: Final = 40

_VERSION: Final = 1
_WAIT_SECONDS: Final = 15.0  # for another process that is writing
_TABLES: Final = """
CREATE TABLE voter (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    since TEXT NOT NULL
);
CREATE TABLE draw (
    id INTEGER PRIMARY KEY,
    voter INTEGER NOT NULL REFERENCES voter,
    mode TEXT NOT NULL CHECK (mode IN ('compare', 'rate')),
    style TEXT NOT NULL,
    photo TEXT NOT NULL,
    left TEXT NOT NULL,
    right TEXT,
    at TEXT NOT NULL
);
CREATE INDEX draw_of_voter ON draw (voter, mode);
CREATE TABLE answer (
    draw INTEGER PRIMARY KEY REFERENCES draw,
    choice TEXT NOT NULL,
    seconds REAL,
    at TEXT NOT NULL
);
"""
_DRAWS: Final = "SELECT draw.id, style, photo, left, right FROM draw LEFT JOIN answer ON draw = id "


@dataclass(frozen=True)
class Draw:
    """A question as one voter saw it."""

    id: int
    style: str
    photo: str
    left: str
    """The method on the left, or the only one."""
    right: str | None

    @property
    def question(self) -> Question:
        """What was asked, whichever stood on the left."""
        both = (self.left,) if self.right is None else (self.left, self.right)
        return Question(self.style, self.photo, tuple(sorted(both)))


@dataclass(frozen=True)
class Answer:
    """What somebody said."""

    voter: int
    mode: Mode
    draw: Draw
    choice: str


class VoteStore:
    """The votes of one folder; may be used from several threads, and from several processes.

    SQLite keeps a write-ahead log and syncs it with every answer, so that neither a killed process
    nor a lost machine takes an answer with it.

    Raises:
        InputError: the file is something else, or of another version.
        OutputError: it cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._told():
            self._database = sqlite3.connect(
                path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Let go of the file; whatever was answered is in it."""
        with self._lock, self._told():
            self._database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What happens in the block happens as one, and no other process writes meanwhile."""
        with self._lock, self._told():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back already
                    self._database.execute("ROLLBACK")
                raise

    def voter(self, name: str) -> int:
        """Return the number of the voter of this name, new or known; upper and lower case are one.

        Raises `InputError` for a name that is empty, too long or not printable.
        """
        name = _checked_name(name)
        with self.writing():
            self._all("INSERT OR IGNORE INTO voter (name, since) VALUES (?, ?)", name, _now())
            ((number,),) = self._all("SELECT id FROM voter WHERE name = ?", name)
        return int(number)

    def check_voter(self, voter: int) -> None:
        """Raise `InputError` unless there is this voter."""
        if not self._all("SELECT 1 FROM voter WHERE id = ?", voter):
            raise InputError(f"there is no voter {voter}")

    def add_draw(self, voter: int, mode: Mode, question: Question, order: tuple[str, ...]) -> Draw:
        """Note that a question is shown to a voter, with its methods in this order."""
        left, right = order[0], order[1] if len(order) > 1 else None
        ((number,),) = self._all(
            "INSERT INTO draw (voter, mode, style, photo, left, right, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            *(voter, mode, question.style, question.photo, left, right, _now()),
        )
        return Draw(number, question.style, question.photo, left, right)

    def open_draws(self, voter: int, mode: Mode) -> list[Draw]:
        """What a voter was shown and has not answered, the earliest first."""
        where = "WHERE voter = ? AND mode = ? AND choice IS NULL ORDER BY draw.id"
        return [Draw(*row) for row in self._all(_DRAWS + where, voter, mode)]

    def add_answer(self, voter: int, draw: int, choice: str, seconds: float | None) -> None:
        """Keep what a voter says to a draw; the first answer stays.

        Raises `InputError` if the draw is not this voter's, or cannot be answered so.
        """
        found = self._all("SELECT mode FROM draw WHERE id = ? AND voter = ?", draw, voter)
        if not found:
            raise InputError(f"voter {voter} was not asked question {draw}")
        choices = CHOICES[found[0][0]]
        if choice not in choices:
            raise InputError(f"the answer is {choice!r}: it must be one of {', '.join(choices)}")
        values = (draw, choice, seconds, _now())
        self._all("INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?)", *values)

    def take_back(self, voter: int, mode: Mode) -> int | None:
        """Remove a voter's latest answer and return its draw, open again; None: there is none."""
        found = self._all(
            "SELECT draw FROM answer JOIN draw ON draw = draw.id WHERE voter = ? AND mode = ? "
            "ORDER BY answer.at DESC, draw DESC LIMIT 1",
            *(voter, mode),
        )
        for (draw,) in found:
            self._all("DELETE FROM answer WHERE draw = ?", draw)
        return int(found[0][0]) if found else None

    def counts(self, mode: Mode, voter: int | None = None) -> Counter[Question]:
        """How often each question was shown, to all or to one voter."""
        where = "WHERE mode = ?1 AND (?2 IS NULL OR voter = ?2)"
        return Counter(Draw(*row).question for row in self._all(_DRAWS + where, mode, voter))

    def answered(self, voter: int, mode: Mode) -> int:
        """How many answers a voter has given."""
        ((count,),) = self._all(
            "SELECT count(*) FROM answer JOIN draw ON draw = draw.id WHERE voter = ? AND mode = ?",
            *(voter, mode),
        )
        return int(count)

    def answers(self) -> list[Answer]:
        """Everything that was said, in the order in which it was asked."""
        rows = self._all(
            "SELECT voter, mode, choice, draw.id, style, photo, left, right "
            "FROM answer JOIN draw ON draw = draw.id ORDER BY draw.id"
        )
        return [Answer(voter, mode, Draw(*draw), choice) for voter, mode, choice, *draw in rows]

    def _prepare(self) -> None:
        with self._told():
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("PRAGMA foreign_keys = ON")
        with self.writing():
            ((version,),) = self._all("PRAGMA user_version")
            ((tables,),) = self._all("SELECT count(*) FROM sqlite_master")
            if version == 0 and tables == 0:
                self._make_tables()
            elif version != _VERSION:
                raise InputError(f"{shown(self.path)} holds no votes that this impasto can read")

    def _make_tables(self) -> None:
        for statement in _TABLES.split(";"):  # executescript would end the transaction
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {_VERSION}")

    def _all(self, statement: str, *values: object) -> list[Any]:
        with self._lock, self._told():
            return self._database.execute(statement, values).fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite raises into our errors, with the file's name."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OutputError(f"cannot write {shown(self.path)}: {reason(error)}") from error
        except sqlite3.DatabaseError as error:  # "file is not a database"
            raise InputError(f"{shown(self.path)} holds no votes: {reason(error)}") from error


def read_answers(path: Path) -> list[Answer]:
    """Return all answers of a file of votes; raises `InputError` if there is none."""
    if not path.is_file():
        raise InputError(f"there are no votes at {shown(path)}: impasto bench vote collects them")
    with closing(VoteStore(path)) as store:
        return store.answers()


def _checked_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"a voter's name has 1 to {LONGEST_NAME} printable characters")
    return name


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
