"""Files of recipes of any kind: tables of TOML made into dataclasses, checked, and named by a hash.

Unknown keys are errors, so that a misspelt weight is not a silent default.
"""

import dataclasses
import functools
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from impasto.core.errors import RecipeError, SettingsError

T = TypeVar("T")


def fingerprint_of(recipe: Any, changeable: Iterable[str]) -> str:
    """A hash of the fields of a recipe, a dataclass, less those that a run may change.

    A field of a table is named after it, with a dot.
    """
    kept = dataclasses.asdict(recipe)
    for name in changeable:
        *tables, field = name.split(".")
        del functools.reduce(dict.__getitem__, tables, kept)[field]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def read_list(path: Path) -> list[str]:
    """The lines of a list file, without comments and empty lines.

    Raises:
        RecipeError: the file cannot be read.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a readable list ({error})") from error
    return [line for line in lines if line and not line.startswith("#")]


def read_table(path: Path) -> dict[str, Any]:
    """The top table of a recipe's file; what it does not say is as in the recipe named `base`.

    Raises:
        RecipeError: a file is missing or is not TOML, or a base has a base.
    """
    table = _read_toml(path)
    if "base" not in table:
        return table
    base = path.parent / str(table.pop("base"))
    below = _read_toml(base)
    if "base" in below:
        raise RecipeError(f"{path}: its base {base.name} has a base itself; name that one")
    return {key: _merged(below.get(key), table.get(key)) for key in below | table}


def _merged(below: object, above: object) -> object:
    """Two tables as one, key by key; of other values the upper one, where there is one."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | above
    return below if above is None else above


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such recipe") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not a readable TOML file ({error})") from error


def read_sections(path: Path, sections: Mapping[str, type]) -> dict[str, Any]:
    """The top table of a recipe, its sections and its held-out list made from what it says.

    Raises:
        RecipeError: a file is missing or not readable, or a section has wrong keys or values.
    """
    table = read_table(path)
    for name, kind in sections.items():
        if name in table:
            table[name] = build_table(kind, table[name], f"{path}: [{name}]")
    if "held_out" in table:
        table["held_out"] = read_list(path.parent / table["held_out"])
    return table


def build_table(kind: type[T], table: Any, where: str) -> T:
    """Makes a dataclass from a table, naming what is unknown, missing or of the wrong type."""
    if not isinstance(table, dict):
        raise RecipeError(f"{where} must be a table")
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(table) - set(fields)):
        raise RecipeError(f"{where} has unknown keys {unknown}; it may have {sorted(fields)}")
    values = {}
    for name, value in table.items():
        _check_type(fields[name].type, value, f"{where} {name}")
        values[name] = tuple(value) if fields[name].type == tuple[int, ...] else value
    try:
        return kind(**values)
    except (TypeError, SettingsError) as error:
        raise RecipeError(f"{where}: {error}") from error


def _check_type(expected: object, value: object, where: str) -> None:
    """Refuses a plain value of another type; a whole number may stand for a float."""
    if expected is int:
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif expected in (float, float | None):
        fits = _is_number(value)
    elif expected == dict[str, float]:
        fits = isinstance(value, dict) and all(map(_is_number, value.values()))
    elif expected == tuple[int, ...]:
        fits = isinstance(value, list) and all(type(each) is int for each in value)
    else:
        fits = expected is not str or isinstance(value, str)
    if not fits:
        kind = getattr(expected, "__name__", expected)
        raise RecipeError(f"{where} = {value!r} must be of type {kind}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
