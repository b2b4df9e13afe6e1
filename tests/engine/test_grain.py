import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from impasto.engine.grain import grain

sides, places = st.integers(1, 40), st.integers(0, 5000)


@given(rows=sides, columns=sides, first=places, left=places)
def test_a_tile_gets_what_the_whole_has_there(
    rows: int, columns: int, first: int, left: int
) -> None:
    """Grain is a function of the place alone."""
    whole = grain(rows + 3, columns + 5, (first, left))
    tile = grain(rows, columns, (first + 3, left + 5))
    np.testing.assert_array_equal(whole[..., 3:, 5:], tile)


def test_grain_is_uniform_with_mean_0_and_variance_1() -> None:
    """Moments and range are those of the noise that training draws."""
    field = grain(300, 400)
    assert field.dtype == np.float32
    assert abs(field.mean()) < 0.01
    assert abs(field.var() - 1) < 0.01
    assert np.abs(field).max() <= np.float32(3**0.5)


def test_neighbouring_cells_are_unrelated() -> None:
    """Neither rows, columns nor diagonals repeat or resemble each other."""
    field = grain(256, 256)[0, 0]
    for down, across in [(0, 1), (1, 0), (1, 1), (1, -1), (0, 16), (16, 0), (32, 32)]:
        moved = np.roll(field, (down, across), (0, 1))
        assert abs(float((field * moved).mean())) < 0.02
