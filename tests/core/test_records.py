import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.records import parse_record, short_repr

VERSION = 3
FIELDS = {"name": str, "size": (int, float)}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


def test_a_record_is_read_with_its_other_keys() -> None:
    """What is asked for is checked, and what is not asked for stays."""
    text = b'{"format_version": 3, "name": "a", "size": 1.5, "more": []}'
    record = parse_record(text, VERSION, FIELDS)
    assert record == {"format_version": 3, "name": "a", "size": 1.5, "more": []}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("3", "not a JSON object"),
        ('{"name": "a", "size": 1}', "no 'format_version'"),
        ('{"format_version": true}', "True for 'format_version'"),
        ('{"format_version": 4}', "its format is version 4, and this impasto reads version 3"),
        ('{"format_version": 3, "size": 1}', "no 'name'"),
        ('{"format_version": 3, "name": 1, "size": 1}', "1 for 'name'"),
        ('{"format_version": 3, "name": "a", "size": true}', "True for 'size'"),
        ('{"format_version": 3, "name": "a", "size": null}', "None for 'size'"),
    ],
)
def test_a_bad_record_says_what_is_wrong(text: str | bytes, message: str) -> None:
    """Each fault is a ValueError that names it."""
    with pytest.raises(ValueError, match=message):
        parse_record(text, VERSION, FIELDS)


def encoded(value: object) -> bytes:
    """A record of the right version with any name."""
    return json.dumps({"format_version": VERSION, "name": value}).encode()


@given(st.binary() | json_values.map(encoded) | json_values.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_a_record_or_a_value_error(text: bytes) -> None:
    """No bytes raise anything else."""
    try:
        record = parse_record(text, VERSION, {"name": str})
    except ValueError:
        return
    assert isinstance(record["name"], str)


@given(st.text() | st.integers() | st.binary())
def test_a_value_in_a_message_is_short_and_printable(value: object) -> None:
    """Whatever a file holds, its message fits a line."""
    shown = short_repr(value)
    assert len(shown) <= 43
    assert shown.isprintable()
