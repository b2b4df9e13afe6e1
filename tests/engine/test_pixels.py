import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from impasto.engine.pixels import fade, pad, place

sides = st.integers(1, 40)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A picture of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@given(sides, sides, st.integers(0, 9), st.sampled_from([1, 4, 8]))
def test_padding_is_numpys_edge_mode(height: int, width: int, margin: int, multiple: int) -> None:
    """A padded picture is what np.pad makes of it, its sides are multiples, the part is it."""
    pixels = noise(height, width)
    padded, part = pad(pixels, margin, multiple)
    rows, columns = padded.shape[1:3]
    assert rows % multiple == 0
    assert columns % multiple == 0
    assert 0 <= rows - height - 2 * margin < multiple
    after = (rows - height - margin, columns - width - margin)
    edges = np.pad(pixels, ((margin, after[0]), (margin, after[1]), (0, 0)), mode="edge")
    np.testing.assert_array_equal(padded[0], edges)
    np.testing.assert_array_equal(padded[part][0], pixels)


@given(sides, sides)
def test_a_thumbnail_lies_on_a_square_of_one_size(height: int, width: int) -> None:
    """Weights are 0 outside the thumbnail and 1 for its heaviest pixel; pixels extend its edge."""
    pixels = noise(height, width)
    weight = np.random.default_rng(1).uniform(0.5, 7, (height, width)).astype(np.float32)
    canvas, weights = place(pixels, weight, 4, 48)
    assert canvas.shape == (1, 48, 48, 3)
    assert weights.shape == (1, 1, 48, 48)
    inside = (slice(4, 4 + height), slice(4, 4 + width))
    np.testing.assert_array_equal(canvas[0][inside], pixels)
    np.testing.assert_array_equal(canvas[0, 0, 0], pixels[0, 0])
    np.testing.assert_array_equal(canvas[0, -1, -1], pixels[-1, -1])
    assert weights.max() == 1
    np.testing.assert_allclose(weights[0, 0][inside], weight / weight.max())
    assert np.count_nonzero(weights) == height * width


@given(st.floats(0, 1), st.integers(0, 99))
def test_a_fade_is_the_rounded_mean(opacity: float, seed: int) -> None:
    """A fade is within a level and a step of opacity of the exact blend, and exact at the ends."""
    photo, painted = noise(5, 7, seed), noise(5, 7, seed + 1)
    mixed = fade(photo, painted, opacity)
    exact = photo + (painted.astype(float) - photo) * opacity
    assert mixed.dtype == np.uint8
    assert np.abs(mixed - exact).max() <= 1.0
    np.testing.assert_array_equal(fade(photo, painted, 0.0), photo)
    np.testing.assert_array_equal(fade(photo, painted, 1.0), painted)
    np.testing.assert_array_equal(fade(photo, photo, opacity), photo)
