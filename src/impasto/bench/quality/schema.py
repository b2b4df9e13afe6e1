"""What each kind of record must have: a file of results may come from anywhere."""

from collections.abc import Iterator, Mapping
from typing import Any

from impasto.core.records import Kinds, short_repr

_NONE = type(None)
_NUMBER, _TEXT = (int, float), (str, _NONE)
_MAYBE = (*_NUMBER, _NONE)
_OF = {"method": str, "version": str, "style": str, "strength": _NUMBER}

NEEDED: Mapping[str, Mapping[str, Any]] = {
    "setup": {
        "format_version": int,
        "photos": list,
        "lined": list,
        "size": int,
        "crops": int,
        "features": str,
    },
    "where": {"date": str, "versions": dict},
    "style": {"style": str, "picture": _TEXT},
    "code": {"method": str, "style": str, "code": str},
    "method": {
        "method": str,
        "version": str,
        "about": str,
        "parameters": _MAYBE,
        "gmac_512": _MAYBE,
    },
    "not run": {"method": str, "why": str},
    "painting": {**_OF, "photo": str, "error": _TEXT, "marks": (dict, _NONE)},
    "set": {**_OF, "kernel": _MAYBE, "frechet": _MAYBE},
    "identity": {**_OF, "rmse": _MAYBE},
    "machine": {
        "system": str,
        "cores": int,
        "memory_bytes": _NUMBER,
        "busy_percent": _NUMBER,
        "engine": {"device": str, "name": str, "version": str},
    },
    "resource": {
        "method": str,
        "version": str,
        "size": int,
        "seconds": _MAYBE,
        "peak_bytes": _MAYBE,
        "error": _TEXT,
    },
    "public": {"method": str, "version": str, "values": dict},
    "public missing": {"missing": dict},
}
"""By kind: what readers take for granted. Other keys, and other kinds, are for later programs."""

KEYS = ("kind", "method", "version", "style", "strength", "photo", "photos", "size")
"""What tells one record from another; the later of two with the same is the one that counts."""
_TABLES = ("marks", "values")
"""Their values are numbers, or null."""
_NAMES = ("photos", "lined")


def complaint(record: object) -> str:
    """What is wrong with a record, in words that fit behind "line 7: "; nothing if it is fine."""
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        return f"{short_repr(record)} is no record"
    wrong = _wrong(record, NEEDED.get(record["kind"], {})) or next(_unusable(record), "")
    return f"a record of kind {short_repr(record['kind'])} has {wrong}" if wrong else ""


def _unusable(record: Mapping[str, Any]) -> Iterator[str]:
    """What has the right type, and not what readers do with it."""
    for name, value in record.items():
        if name in _TABLES and isinstance(value, dict):
            fine = all(_is_number(each) for each in value.values())
        elif name in _NAMES and isinstance(value, list):
            fine = record["kind"] == "setup" and all(isinstance(each, str) for each in value)
        else:
            fine = name not in KEYS or not isinstance(value, dict | list)
        if not fine:
            yield f"{short_repr(value)} for {name!r}"


def _wrong(record: Mapping[str, Any], needed: Mapping[str, Kinds | Mapping[str, Any]]) -> str:
    for name, kinds in needed.items():
        if name not in record:
            return f"no {name!r}"
        value = record[name]
        if isinstance(kinds, Mapping):
            if wrong := _wrong(value, kinds) if isinstance(value, dict) else short_repr(value):
                return f"{wrong} in {name!r}"
        elif not isinstance(value, kinds) or isinstance(value, bool):
            return f"{short_repr(value)} for {name!r}"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, _MAYBE) and not isinstance(value, bool)
