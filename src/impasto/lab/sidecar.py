"""What people say of style pictures: `pictures.csv`, a table that lies in their folder.

A CSV file, because a hundred pictures are described in a spreadsheet. The column `file` is
needed and holds paths below the folder, written with `/`; the others may be left out, and so may
any value.
"""

import csv
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from impasto.core.errors import InputError
from impasto.core.files import reason, shown
from impasto.core.records import short_repr

SIDECAR = "pictures.csv"
COLUMNS = ("file", "artist", "medium", "subject", "licence", "source")
_MAX_BYTES = 4_000_000

Medium = Literal["oil", "watercolour", "print", "drawing", "unknown"]
Subject = Literal["people", "landscape", "still life", "abstract", "unknown"]
_ALLOWED = {"medium": get_args(Medium), "subject": get_args(Subject)}


@dataclass(frozen=True)
class Facts:
    """What is known of a picture and cannot be seen from its file; empty where nothing is."""

    artist: str = ""
    medium: Medium = "unknown"
    subject: Subject = "unknown"
    licence: str = ""
    source: str = ""
    """Where the file is from: an address, or the name of a collection."""


def read_sidecar(folder: Path, pictures: Container[str]) -> dict[str, Facts]:
    """The facts of each picture that the folder's table names, by its path below the folder.

    Without a table there are none.

    Args:
        folder: where the table lies.
        pictures: the paths, below the folder, of its pictures.

    Raises:
        InputError: the table cannot be read, has unknown columns or values, or names a picture
            twice or one that is not there; the message says in which line.
    """
    path = folder / SIDECAR
    if not path.exists():
        return {}
    try:
        return _parse(_lines(path), pictures)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise InputError(f"cannot use {shown(path)}: {reason(error)}") from error


def _lines(path: Path) -> list[str]:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"it is over {_MAX_BYTES / 1e6:g} MB")
    return path.read_text(encoding="utf-8-sig").splitlines()  # spreadsheets write a mark


def _parse(lines: Iterable[str], pictures: Container[str]) -> dict[str, Facts]:
    table = csv.reader(lines, strict=True)
    columns = [column.strip() for column in next(table, [])]
    _check_columns(columns)
    found: dict[str, Facts] = {}
    for line, row in _rows(table):
        if len(row) > len(columns):
            raise ValueError(f"line {line} has {len(row)} values for {len(columns)} columns")
        values = {name: value.strip() for name, value in zip(columns, row, strict=False)}
        file = values.pop("file", "")
        if file in found or file not in pictures:
            problem = "twice" if file in found else "and there is no such picture"
            raise ValueError(f"line {line} names {short_repr(file)} {problem}")
        found[file] = _facts(line, values)
    return found


def _rows(table: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The rows that say something, each with its line as an editor counts it."""
    for line, row in enumerate(table, start=2):
        if any(value.strip() for value in row):
            yield line, row


def _check_columns(columns: list[str]) -> None:
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown or "file" not in columns or len(set(columns)) != len(columns):
        what = f"has unknown columns {short_repr(unknown)}" if unknown else "is a bad first line"
        raise ValueError(
            f"the first line {what}: it names 'file' and any of {', '.join(COLUMNS[1:])}, "
            "each once, with commas between them"
        )


def _facts(line: int, values: dict[str, str]) -> Facts:
    for name, value in values.items():
        if not value.isprintable():
            raise ValueError(f"line {line} has unprintable characters in its {name}")
        allowed = _ALLOWED.get(name)
        if value and allowed and value not in allowed:
            raise ValueError(
                f"line {line} has the {name} {short_repr(value)}: "
                f"it may be one of {', '.join(allowed)}"
            )
    return Facts(**{name: value for name, value in values.items() if value})  # type: ignore[arg-type]
