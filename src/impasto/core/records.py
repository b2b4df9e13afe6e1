"""JSON records that come from files of strangers: parse them and check their fields."""

import json
from collections.abc import Mapping
from typing import Any

Kinds = type | tuple[type, ...]


def parse_record(text: bytes | str, version: int, fields: Mapping[str, Kinds]) -> dict[str, Any]:
    """Read a JSON object of a `format_version` and check that `fields` are there, each of its type.

    The version is checked first. Other keys are left in: a later program may write more than this
    one knows. A bool is not taken for a number.

    Raises:
        ValueError: with what is wrong, in words that fit behind "PATH: ".
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:  # RecursionError: brackets nested by thousands
        raise ValueError("its record is not JSON") from error
    if not isinstance(record, dict):
        raise ValueError("its record is not a JSON object")
    _check_field(record, "format_version", int)
    found = record["format_version"]
    if found != version:
        raise ValueError(
            f"its format is version {short_repr(found)}, and this impasto reads version {version}"
        )
    for key, kinds in fields.items():
        _check_field(record, key, kinds)
    return record


def _check_field(record: Mapping[str, Any], key: str, kinds: Kinds) -> None:
    if key not in record:
        raise ValueError(f"its record has no {key!r}")
    value = record[key]
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise ValueError(f"its record has {short_repr(value)} for {key!r}")


def short_repr(value: object) -> str:
    """A value as a short, printable piece of a message, at most 43 characters."""
    text = ascii(value)
    return text if len(text) <= 43 else f"{text[:40]}..."
