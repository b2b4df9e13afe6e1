"""Times as people write them."""

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import SettingsError
from impasto.core.times import parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("90s", 90),
        ("1.5s", Fraction(3, 2)),
        ("250ms", Fraction(1, 4)),
        ("1m30s", 90),
        ("2h", 7200),
        ("1h2m3.5s", Fraction(7447, 2)),
        ("1:30", 90),
        ("1:02:03.5", Fraction(7447, 2)),
        (" 5s ", 5),
    ],
)
def test_each_way_to_write_a_time(text: str, seconds: Fraction) -> None:
    """A time is exact, however it is written."""
    assert parse_time(text) == seconds


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59999))
def test_all_ways_agree(hours: int, minutes: int, milliseconds: int) -> None:
    """A clock, units and plain seconds of one time are equal."""
    seconds = f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
    total = 3600 * hours + 60 * minutes + Fraction(milliseconds, 1000)
    assert parse_time(f"{hours}:{minutes}:{seconds}") == total
    assert parse_time(f"{hours}h{minutes}m{seconds}s") == total
    assert parse_time(f"{round(1000 * total)}ms") == total


@given(st.text(alphabet="0123456789.:hmsx-+ e", max_size=12))
def test_whatever_is_written(text: str) -> None:
    """Any text is a time from 0 on, or one error of ours."""
    with suppress(SettingsError):
        assert parse_time(text) >= 0


@pytest.mark.parametrize("text", ["", " ", "-1", "1e3", "1:2:3:4", "s", "h", "1:30s", "five", "٣"])
def test_what_is_no_time(text: str) -> None:
    """Other texts are refused."""
    with pytest.raises(SettingsError, match="is no time"):
        parse_time(text)
