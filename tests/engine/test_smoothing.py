"""Statistics smoothed over frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.engine.smoothing import Trail, Window


def stats(mean: float, std: float) -> np.ndarray:
    """Statistics of two channels that are alike."""
    return np.array([[mean, mean], [std, std]], np.float32)


measured = st.lists(
    st.tuples(st.floats(-5, 5, width=32), st.floats(0.0625, 5, width=32)), min_size=1, max_size=30
)


@given(measured, st.integers(0, 8))
def test_smoothed_values_lie_within_what_was_measured(
    values: list[tuple[float, float]], half: int
) -> None:
    """No smoothed mean or deviation lies outside those of the frames."""
    for smoother in (Window(half), Trail(half)):
        means, stds = zip(*values, strict=True)
        for number, (mean, std) in enumerate(values):
            smoother.add(number, stats(mean, std))
            found = smoother.at(number)
            assert min(means) - 1e-3 <= found[0, 0] <= max(means) + 1e-3
            assert min(stds) - 1e-3 <= found[1, 0] <= max(stds) + 1e-3


@pytest.mark.parametrize("smoother", [Window(4), Trail(4)])
def test_a_steady_scene_keeps_its_statistics(smoother: Window | Trail) -> None:
    """Statistics that never change come out as they went in."""
    for number in range(20):
        smoother.add(number, stats(0.3, 0.7))
        np.testing.assert_allclose(smoother.at(number), stats(0.3, 0.7), rtol=1e-6)


def test_a_window_of_nothing_is_the_frame_itself() -> None:
    """Half a window of 0 gives each frame its own statistics."""
    window, trail = Window(0), Trail(0)
    for number in range(5):
        for smoother in (window, trail):
            smoother.add(number, stats(number, number + 1))
            np.testing.assert_allclose(smoother.at(number), stats(number, number + 1), rtol=1e-6)


def test_a_window_looks_both_ways() -> None:
    """The weights are a triangle: the frame itself counts most, and both sides alike."""
    window = Window(2)
    for number, mean in enumerate([5.0, 9.0, 0.0, 3.0, 5.0]):
        window.add(number, stats(mean, 1.0))
    assert window.at(2)[0, 0] == pytest.approx((9 + 2 * 0 + 3) / 4)


def test_every_third_frame_is_enough() -> None:
    """A drift that is measured at every third frame comes out as if all had been measured."""
    every, third = Window(9), Window(9)
    for number in range(60):
        every.add(number, stats(number / 10, 1.0))
        if number % 3 == 0:
            third.add(number, stats(number / 10, 1.0))
    for number in range(10, 50):
        assert third.at(number)[0, 0] == pytest.approx(every.at(number)[0, 0], abs=1e-3)


def test_old_frames_are_forgotten() -> None:
    """What lies before the window has no influence, and takes no memory."""
    window = Window(3)
    for number in range(1000):
        window.add(number, stats(100.0 if number < 500 else 0.0, 1.0))
        found = window.at(number)
    assert found[0, 0] == 0.0
    assert len(window._measured) <= 4


def test_a_dark_frame_does_not_rule_a_fade() -> None:
    """One flat frame among bright ones hardly changes the deviation."""
    window = Window(4)
    for number in range(9):
        window.add(number, stats(0.0, 0.02 if number == 6 else 1.0))
    assert window.at(4)[1, 0] > 0.9


def test_a_trail_follows_in_its_time() -> None:
    """After a change, a span later 63 % of it has come through."""
    trail = Trail(25)
    for number in range(200):
        trail.add(number, stats(0.0, 1.0))
        trail.at(number)
    for number in range(200, 225):
        trail.add(number, stats(1.0, 1.0))
        found = trail.at(number)
    assert found[0, 0] == pytest.approx(1 - np.exp(-1), abs=0.01)


def test_a_trail_needs_something() -> None:
    """To ask before anything was measured is a mistake of the caller."""
    with pytest.raises(ValueError, match="nothing was measured"):
        Trail(3).at(0)
