import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from impasto.styles.code import mix_codes

codes = hnp.arrays(np.float32, (2, 5), elements=st.floats(-100, 100, width=32))
weights = st.floats(0.001, 1000)


@given(codes, weights)
def test_a_mix_of_one_is_the_style(code: np.ndarray, weight: float) -> None:
    """A mix of one code is that code, whatever its weight."""
    np.testing.assert_array_equal(mix_codes([code], [weight]), code)


@given(codes, codes)
def test_a_vanishing_weight_leaves_the_other_style(one: np.ndarray, other: np.ndarray) -> None:
    """A mix of (1, nearly 0) is the first code to within rounding."""
    np.testing.assert_allclose(mix_codes([one, other], [1.0, 1e-12]), one, atol=1e-6)


@given(codes, codes, weights, weights)
def test_a_mix_does_not_depend_on_order(
    one: np.ndarray, other: np.ndarray, first: float, second: float
) -> None:
    """The order of the parts of a mix does not matter, and the result lies between them."""
    mixed = mix_codes([one, other], [first, second])
    swapped = mix_codes([other, one], [second, first])
    np.testing.assert_allclose(mixed, swapped, rtol=1e-6, atol=1e-6)
    assert (mixed >= np.minimum(one, other) - 1e-4).all()
    assert (mixed <= np.maximum(one, other) + 1e-4).all()
    assert mixed.dtype == np.float32


@pytest.mark.parametrize(
    ("count", "shares"), [(0, []), (1, [1.0, 2.0]), (2, [0.0, 0.0]), (1, [float("nan")])]
)
def test_an_impossible_mix_is_refused(count: int, shares: list[float]) -> None:
    """A mix without codes, with other weights than codes, or without weight is an error."""
    with pytest.raises(ValueError, match="cannot mix"):
        mix_codes([np.ones((2, 3), np.float32)] * count, shares)
