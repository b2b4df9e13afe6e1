import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.media.resize import bounded_size, fit_long_side, resize_to, thumbnail

sides = st.integers(1, 100_000)


@given(sides, sides, st.integers(1, 5_000))
def test_sizes_are_bounded_and_in_proportion(width: int, height: int, longest: int) -> None:
    """No side is above the bound or 0, the long side meets it, and nothing is enlarged."""
    new_width, new_height = bounded_size(width, height, longest)
    assert max(new_width, new_height) == min(longest, max(width, height))
    assert min(new_width, new_height) >= 1
    scale = max(new_width, new_height) / max(width, height)
    assert abs(new_width - width * scale) <= 1
    assert abs(new_height - height * scale) <= 1


@pytest.mark.parametrize("resize", [fit_long_side, thumbnail])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 400), (400, 1), (97, 101), (300, 200)])
def test_pictures_and_planes(resize, height: int, width: int) -> None:
    """RGB and alpha come back with the bounded size; what fits is unchanged."""
    random = np.random.default_rng(0)
    for shape in ((height, width, 3), (height, width)):
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        result = resize(pixels, 100)
        assert result.shape[:2] == bounded_size(width, height, 100)[::-1]
        assert (result.ndim, result.dtype) == (pixels.ndim, np.uint8)
        if max(height, width) <= 100:
            assert np.array_equal(result, pixels)


def test_a_thumbnail_is_the_mean_of_areas(small: Image.Image) -> None:
    """Each pixel of a thumbnail at a quarter of the size is the mean of 4 x 4 pixels."""
    pixels = np.asarray(small)
    means = pixels.reshape(9, 4, 12, 4, 3).mean(axis=(1, 3))
    assert np.abs(thumbnail(pixels, 12) - means).max() <= 1


def test_exact_sizes(small: Image.Image) -> None:
    """resize_to gives the size that was asked for, larger or smaller."""
    assert resize_to(np.asarray(small), 101, 7).shape == (7, 101, 3)
