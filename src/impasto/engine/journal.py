"""A journal of what is done: one JSON object a line, on the disk before the next step begins."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from impasto.core.errors import InputError
from impasto.core.files import atomic_write, reason, shown

_VERSION = 3


def write_journal(
    path: Path, call: Mapping[str, Any], entries: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Write a journal anew: what must be the same when it is gone on with, and entries.

    Raises:
        OutputError: it cannot be written; one that was there is as it was.
    """
    lines = [{"format_version": _VERSION, "call": call}, *entries]
    with atomic_write(path) as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines).encode())


def note(path: Path, entry: Mapping[str, Any]) -> None:
    """Add an entry; when this returns, it outlives the process."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_journal(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the call was, and the entries up to the first line that is none.

    A process that was killed leaves a line that is cut off; where a disk damages one in the middle,
    what follows it does not follow what is before it.

    Raises:
        InputError: it is no journal, or one of another version.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise InputError(f"cannot read {shown(path)}: {reason(error)}") from error
    entries = list(_whole(lines[:-1]))
    if not entries or entries[0].get("format_version") != _VERSION:
        raise InputError(f"{shown(path)} is no journal of this impasto: remove it to start again")
    call = entries[0].get("call")
    return call if isinstance(call, dict) else {}, entries[1:]


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of the values that are not the same, after a way through JSON."""
    same = json.loads(json.dumps(now))
    return sorted(key for key in {*before, *same} if before.get(key) != same.get(key))


def _whole(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(entry, dict):
            return
        yield entry
