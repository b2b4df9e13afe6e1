"""Styles with times, and the codes between them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import SettingsError
from impasto.engine.key_times import KeyCodes, KeyStyle, parse_key_styles

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True)
TIMES = st.lists(st.integers(0, 10_000), min_size=2, max_size=6, unique=True)


def test_one_style_needs_no_time() -> None:
    """A single style is there from the start; a file's name may hold the sign."""
    assert parse_key_styles(["scream"]) == [KeyStyle("scream", Fraction(0))]
    path = "a@2.safetensors"
    assert parse_key_styles([path]) == [KeyStyle(path, Fraction(0))]


@given(TIMES, st.data())
def test_styles_come_in_the_order_of_time(times: list[int], data: st.DataObject) -> None:
    """Whatever the order in which they are given."""
    names = [data.draw(NAMES) for _ in times]
    keys = parse_key_styles([f"{n}@{t}ms" for n, t in zip(names, times, strict=True)])
    wanted = sorted(zip(times, names, strict=True))
    assert [(key.seconds, key.style) for key in keys] == [(Fraction(t, 1000), n) for t, n in wanted]


def test_mixes_may_have_times() -> None:
    """A spec with weights keeps its colons and commas."""
    (key,) = parse_key_styles(["a:0.6,b:0.4@1:30"])
    assert key == KeyStyle("a:0.6,b:0.4", Fraction(90))


@pytest.mark.parametrize("texts", [[], ["a", "b@1"], ["a@1", "b@1"], ["a@"], ["a@soon"]])
def test_what_cannot_be(texts: list[str]) -> None:
    """Styles without a time beside others, or two at one time, are refused."""
    with pytest.raises(SettingsError):
        parse_key_styles(texts)


@given(TIMES, st.integers(-100, 11_000))
def test_codes_lie_between_their_neighbours(times: list[int], now: int) -> None:
    """At its own time a code is there exactly; between two the mix is linear; outside it holds."""
    times = sorted(times)
    codes = [np.full((2, 3), float(n), np.float32) for n in range(len(times))]
    keys = KeyCodes([Fraction(t) for t in times], codes)
    wanted = np.interp(now, times, np.arange(len(times)))
    assert np.allclose(keys.at(Fraction(now)), wanted, atol=1e-4)
    for time, code in zip(times, codes, strict=True):
        assert np.array_equal(keys.at(Fraction(time)), code)
