"""Photos in the colours of a style."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.bench.losses_colours import Colours, colours_of, match_colours
from impasto.cli.demo import demo_photo
from impasto.media.image import read_image


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A piece of a real photo: 80 x 120."""
    return read_image(demo_photo()).pixels[100:180, 200:320]


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31))
def test_mean_and_covariance_become_the_style_s(photo: np.ndarray, seed: int) -> None:
    """The photo gets the wanted mean and covariance, but for rounding, where nothing is clipped."""
    random = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(random.normal(size=(3, 3)))
    # Even ten of these deviations from the mean are inside 0 to 255, and the photo has fewer.
    wanted = Colours(
        random.uniform(110, 145, 3), axes @ np.diag(random.uniform(9, 121, 3)) @ axes.T
    )
    found = colours_of([match_colours(photo, wanted)])
    np.testing.assert_allclose(found.mean, wanted.mean, atol=0.1)
    np.testing.assert_allclose(found.covariance, wanted.covariance, atol=1)


def test_a_photo_in_its_own_colours_stays(photo: np.ndarray) -> None:
    """Matched to itself nothing changes but by rounding."""
    matched = match_colours(photo, colours_of([photo])).astype(int)
    assert np.abs(matched - photo).max() <= 1


def test_a_flat_photo_takes_the_mean_colour() -> None:
    """A photo of one colour is not torn apart: it takes the style's mean."""
    wanted = Colours(np.array([10.0, 100.0, 200.0]), np.diag([400.0, 400.0, 400.0]))
    matched = match_colours(np.full((8, 8, 3), 77, np.uint8), wanted)
    assert (matched == np.array([10, 100, 200])).all()


def test_pictures_count_the_same_whatever_their_size() -> None:
    """A large black and a small white picture have mean grey, with all of the contrast."""
    black, white = np.zeros((50, 40, 3), np.uint8), np.full((5, 4, 3), 255, np.uint8)
    colours = colours_of([black, white])
    np.testing.assert_allclose(colours.mean, 127.5)
    np.testing.assert_allclose(colours.covariance, 127.5**2)
