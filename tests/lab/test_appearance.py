"""Distances of colours and of sets, where the answer is known."""

import numpy as np
import pytest

pytest.importorskip("torch")

from impasto.lab.appearance import colour_distance, frechet_distance


def grey(level: int, height: int = 32, width: int = 32) -> np.ndarray:
    """A picture of one level."""
    return np.full((height, width, 3), level, np.uint8)


def test_colours_that_are_moved() -> None:
    """Of two greys each axis of RGB is apart by the difference; a picture is 0 from itself."""
    assert colour_distance(grey(80), grey(80)) == 0
    near, far = colour_distance(grey(80), grey(90)), colour_distance(grey(80), grey(120))
    assert 5 < near < 10 * 3**0.5
    assert far == pytest.approx(4 * near, rel=1e-3)


def test_colours_wherever_they_lie() -> None:
    """Where colours lie does not count, nor how large the pictures are."""
    halves = np.concatenate([grey(10), grey(200)])
    assert colour_distance(halves, halves[::-1]) == pytest.approx(0, abs=1e-3)
    assert colour_distance(halves, np.concatenate([halves, halves], axis=1)) < 1


def test_frechet_distance_of_known_sets() -> None:
    """A set moved by a vector is its squared length away; stretched twice, the variance's root."""
    pytest.importorskip("torchmetrics")
    found = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)
    assert frechet_distance(found, found) == pytest.approx(0, abs=1e-3)
    moved = found + np.array([3, 0, 4], np.float32)
    assert frechet_distance(moved, found) == pytest.approx(25, rel=1e-3)
    # N(0, s) and N(0, 4 s): the trace of s + 4 s - 2 * 2 s is that of s.
    centred = found - found.mean(axis=0)
    trace = float(np.cov(found.T).trace())
    assert frechet_distance(2 * centred, centred) == pytest.approx(trace, rel=1e-3)


def test_a_set_of_one_is_refused() -> None:
    """One crop has no spread."""
    one = np.zeros((1, 3), np.float32)
    with pytest.raises(ValueError, match="sets of 1 and 2 crops"):
        frechet_distance(one, np.zeros((2, 3), np.float32))
