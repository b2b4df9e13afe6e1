"""Raw results as JSON lines in a folder: appended as they come, and found again by a later call."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from impasto.bench.quality.schema import KEYS, complaint
from impasto.core.errors import InputError, OutputError
from impasto.core.files import make_folder, reason, shown

RESULTS = "results.jsonl"
FORMAT_VERSION = 2
_READABLE = (1, FORMAT_VERSION)
"""Results of version 1 do not tell of what pictures they are: they are read, and not added to."""

_BEGINNING = '{"kind": "setup"'
"""Of every file of results."""

Record = Mapping[str, Any]


class Store:
    """The results of a folder.

    A line that was cut off by a kill is passed over. What is appended is on the disk, or at least
    out of this process, when `add` returns.

    Args:
        folder: is made if it is not there.
        setup: what all results depend on (photos, sizes). A folder with other results is refused.

    Raises:
        InputError: the folder has results of another set-up or an older version, or a file that is
            no results.
        OutputError: it cannot be written.
    """

    def __init__(self, folder: Path, setup: Record) -> None:
        make_folder(folder)
        self.path = folder / RESULTS
        self._records = {_key(each): each for each in read_results(folder)}
        head = {"kind": "setup", "format_version": FORMAT_VERSION, **_plain(setup)}
        have = self.find(kind="setup")
        if have is None:
            self.add(head)
        elif have != head:
            raise InputError(f"{shown(self.path)} has results {_difference(have, head)}")

    def add(self, record: Record) -> None:
        """Append a record."""
        line = json.dumps(dict(record), allow_nan=False) + "\n"
        try:
            cut = self.path.is_file() and not _ends_with_newline(self.path)
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" + line if cut else line)
        except OSError as error:
            raise OutputError(f"cannot write {shown(self.path)}: {reason(error)}") from error
        self._records.pop(_key(record), None)
        self._records[_key(record)] = _plain(record)

    def find(self, **values: Any) -> Record | None:
        """The record with exactly this key; None too if it has not all the other values given."""
        found, wanted = self._records.get(_key(values)), _plain(values)
        if found is None or any(found.get(name) != value for name, value in wanted.items()):
            return None
        return found


def read_results(folder: Path) -> list[Record]:
    """All records of a folder, of each key the last; none where there are no results.

    Raises:
        InputError: the file cannot be read, is something else, or has a line that is no result.
    """
    path = folder / RESULTS
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot read {shown(path)}: {reason(error)}") from error
    found: dict[tuple[Any, ...], Record] = {}
    for record in _records(text, path):
        found.pop(_key(record), None)  # so that the order is that of the last ones
        found[_key(record)] = record
    setup = found.get(_key({"kind": "setup"}))
    if setup is None and _is_cut_setup(text):
        return []
    if text and (setup is None or setup["format_version"] not in _READABLE):
        raise InputError(f"{shown(path)}: not results of `impasto bench quality` of this version")
    return list(found.values())


def _records(text: str, path: Path) -> Iterator[Record]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue  # a process was killed while it wrote
        if wrong := complaint(record):
            raise InputError(f"{shown(path)}, line {number}: {wrong}")
        yield record


def _is_cut_setup(text: str) -> bool:
    """The very first line was cut off by a kill, and nothing has come after it."""
    begins = text.startswith(_BEGINNING) or _BEGINNING.startswith(text)
    return begins and "\n" not in text


def _key(record: Record) -> tuple[Any, ...]:
    return tuple(record.get(name) for name in KEYS) if record["kind"] != "setup" else ("setup",)


def _difference(have: Record, head: Record) -> str:
    """How the set-up of what a folder has differs from another one."""
    if have["format_version"] != FORMAT_VERSION:
        return "of an older version, which do not tell of what pictures: give another folder"
    other = ", ".join(name for name in head if have.get(name) != head[name])
    return f"with other {other}: give another folder, or the same options as before"


def _plain(record: Record) -> dict[str, Any]:
    """As it would be read back: tuples are lists."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(record)))
    return plain


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        if not file.tell():
            return True
        file.seek(-1, 2)
        return file.read(1) == b"\n"
