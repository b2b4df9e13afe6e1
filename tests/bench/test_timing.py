"""Summaries of timings, and the order in which things are timed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.bench.timing import Summary, alternate, summarise

SECONDS = st.lists(st.floats(0, 1e4), min_size=1, max_size=50)


@given(SECONDS)
def test_a_summary_is_in_order(seconds: list[float]) -> None:
    """The median lies between min and max, and so does the middle half."""
    found = summarise(seconds)
    assert found.count == len(seconds)
    assert found.min <= found.median <= found.max
    assert 0 <= found.iqr <= found.max - found.min + 2e-9


@given(SECONDS)
def test_a_summary_is_of_the_values(seconds: list[float]) -> None:
    """Min, median and max are those of the values, to the nanosecond that is kept."""
    found = summarise(seconds)
    expected = min(seconds), float(np.median(seconds)), max(seconds)
    assert (found.min, found.median, found.max) == pytest.approx(expected, abs=1e-9)


@given(SECONDS.flatmap(lambda values: st.tuples(st.just(values), st.permutations(values))))
def test_order_does_not_count(values: tuple[list[float], list[float]]) -> None:
    """The same timings in any order have the same summary."""
    assert summarise(values[0]) == summarise(values[1])


def test_one_slow_call_does_not_move_the_median() -> None:
    """What the machine did once in between shows in the maximum alone."""
    assert summarise([2.0, 1.0, 3.0, 2.0, 900.0]) == Summary(5, 2.0, 1.0, 900.0, 1.0)


def test_nothing_has_no_summary() -> None:
    """No timings at all are refused."""
    with pytest.raises(ValueError, match="no timings"):
        summarise([])


def test_turns_alternate_and_are_warm() -> None:
    """Each turn is an untimed and a timed call, and the order is reversed every round."""
    calls: list[str] = []
    values = {"a": 0.0, "b": 100.0}

    def turn(name: str) -> dict[str, float]:
        calls.append(name)
        values[name] += 1.0
        return {"engine": values[name]}

    found = alternate(3, {"a": lambda: turn("a"), "b": lambda: turn("b")})
    assert "".join(calls) == "aabbbbaaaabb"
    assert found["a"]["engine"] == summarise([2.0, 4.0, 6.0])
    assert found["b"]["engine"] == summarise([102.0, 104.0, 106.0])
