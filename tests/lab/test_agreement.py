"""Likeness, edges and straight lines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.cli.demo import demo_photo
from impasto.lab.agreement import (
    edge_agreement,
    line_agreement,
    luminance,
    similarity,
    straight_lines,
)
from impasto.media.image import read_image

seeds = st.integers(0, 2**31)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """The luminance of a piece of a real photo: 120 x 160."""
    return luminance(read_image(demo_photo()).pixels[100:220, 200:360])


def noise(seed: int) -> np.ndarray:
    """White noise."""
    return np.random.default_rng(seed).uniform(0, 255, (64, 80))


def bars(angle: float, shift: float = 0.0, wave: float = 0.0) -> np.ndarray:
    """Bars 24 pixels wide, turned by an angle in degrees, moved, and bent by so many pixels."""
    rows, columns = np.mgrid[0:160, 0:200].astype(float)
    turned = np.deg2rad(angle)
    across = columns * np.cos(turned) + rows * np.sin(turned) + shift
    along = rows * np.cos(turned) - columns * np.sin(turned)
    return 200.0 * ((across + wave * np.sin(along / 7)) % 48 < 24)


def test_luminance_of_known_colours() -> None:
    """White is 255, and green is lighter than red, which is lighter than blue."""
    colours = np.array([[[255, 255, 255], [0, 255, 0], [255, 0, 0], [0, 0, 255]]], np.uint8)
    white, green, red, blue = luminance(colours)[0]
    assert white == pytest.approx(255)
    assert green > red > blue > 0


def test_a_photo_agrees_with_itself(photo: np.ndarray) -> None:
    """The unchanged photo has 1 in everything."""
    assert similarity(photo, photo) == pytest.approx(1)
    assert edge_agreement(photo, photo) == pytest.approx(1)
    lines = straight_lines(photo)
    assert line_agreement(lines, lines) == 1


def plain_similarity(first: np.ndarray, second: np.ndarray) -> float:
    """SSIM by the formula of Wang et al. 2004: a Gaussian of 11 pixels whose deviation is 1.5."""
    bell = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(bell, bell) / bell.sum() ** 2
    (x, y) = (np.lib.stride_tricks.sliding_window_view(each, (11, 11)) for each in (first, second))

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray((values * window).sum(axis=(2, 3)))

    a, b = mean(x), mean(y)
    spread = mean(x * x) - a * a + mean(y * y) - b * b
    both, c1, c2 = mean(x * y) - a * b, (0.01 * 255) ** 2, (0.03 * 255) ** 2
    map_ = (2 * a * b + c1) * (2 * both + c2) / ((a * a + b * b + c1) * (spread + c2))
    return float(map_.mean())


@pytest.mark.parametrize("strength", [5, 20, 60])
def test_similarity_is_that_of_the_formula(photo: np.ndarray, strength: float) -> None:
    """On a photo with noise, window by window."""
    noisy = photo + strength * np.random.default_rng(1).standard_normal(photo.shape)
    assert similarity(photo, noisy) == pytest.approx(plain_similarity(photo, noisy), abs=1e-6)


def test_similarity_of_flat_planes() -> None:
    """Of two greys only the term of means is left: (2ab + c) / (aa + bb + c), c = (0.01 255)^2."""
    one, other = np.full((20, 20), 100.0), np.full((20, 20), 150.0)
    wanted = (2 * 15_000 + 6.5025) / (10_000 + 22_500 + 6.5025)
    assert similarity(one, other) == pytest.approx(wanted, rel=1e-6)


@settings(max_examples=15)
@given(gain=st.floats(0.05, 3), sign=st.sampled_from([-1, 1]), lift=st.floats(-100, 100))
def test_edges_ignore_contrast_and_its_sign(
    photo: np.ndarray, gain: float, sign: int, lift: float
) -> None:
    """Another contrast, level, or light and dark swapped: the edges are the same."""
    assert edge_agreement(photo, sign * gain * photo + lift) == pytest.approx(1)


@settings(max_examples=15)
@given(seed=seeds)
def test_edges_of_unrelated_planes_agree_by_chance(seed: int) -> None:
    """Noise shares no edges with other noise, and the measure does not depend on the order."""
    one, other = noise(seed), noise(seed + 1)
    assert abs(edge_agreement(one, other)) < 0.15
    assert edge_agreement(one, other) == pytest.approx(edge_agreement(other, one))


def test_edges_that_cross_disagree() -> None:
    """Waves along and across have gradients at right angles everywhere: -1; a flat plane is 0."""
    wave = np.sin(np.arange(64) / 3) * 100
    along, across = np.tile(wave, (64, 1)), np.tile(wave[:, None], (1, 64))
    ramp = np.arange(64.0)
    assert edge_agreement(np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64))) < -0.95
    assert edge_agreement(along, across) < -0.5
    assert edge_agreement(along, np.zeros((64, 64))) == 0


def test_drowned_edges_cost(photo: np.ndarray) -> None:
    """The more noise lies over a photo, the less its edges and its likeness are left."""
    random = np.random.default_rng(0).standard_normal(photo.shape)
    for measure in (edge_agreement, similarity):
        values = [measure(photo, photo + strength * random) for strength in (0, 10, 30, 90)]
        assert values == sorted(values, reverse=True)
        assert values[-1] < 0.6


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 130])
def test_straight_lines_are_found_where_they_are(angle: float) -> None:
    """Bars moved by a pixel keep their lines, also with another contrast; bent ones do not."""
    lines = straight_lines(bars(angle))
    assert lines.length > 300
    assert line_agreement(lines, straight_lines(255 - 0.3 * bars(angle, shift=1))) > 0.85
    assert line_agreement(lines, straight_lines(bars(angle, wave=6))) < 0.5
    assert line_agreement(lines, straight_lines(bars(angle, shift=12))) < 0.2
    assert line_agreement(lines, straight_lines(bars(angle + 45))) < 0.3


def test_lines_that_appear_cost_as_lines_that_go() -> None:
    """The score is the same in both directions, and below 1 where one plane has more lines."""
    upper, lower = bars(0), bars(90)
    upper[80:], lower[:80] = 0, 0
    few, more = straight_lines(upper), straight_lines(upper + lower)
    assert line_agreement(few, more) == line_agreement(more, few)
    assert 0 < line_agreement(few, more) < 0.95


def test_planes_without_lines() -> None:
    """Two planes without lines agree, one with and one without do not."""
    none, some = straight_lines(np.zeros((60, 60))), straight_lines(bars(0))
    assert none.length == 0
    assert line_agreement(none, none) == 1
    empty = straight_lines(np.zeros((160, 200)))
    assert line_agreement(some, empty) == line_agreement(empty, some) == 0


def test_lines_are_found_alike_every_time(photo: np.ndarray) -> None:
    """The search in random order has a seed: two calls find the same."""
    np.testing.assert_array_equal(straight_lines(photo).drawn, straight_lines(photo).drawn)
