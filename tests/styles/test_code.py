import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from impasto.styles.code import FADE_BELOW, code_at, mix_codes, split_strength

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


@given(codes, codes, st.floats(0, 1))
def test_code_at_runs_from_identity_to_style(
    identity: np.ndarray, style: np.ndarray, amount: float
) -> None:
    """Amount 0 gives the identity code, 1 the style exactly, and between lies between."""
    np.testing.assert_array_equal(code_at(identity, style, 0.0), identity)
    np.testing.assert_array_equal(code_at(identity, style, 1.0), style)
    between = code_at(identity, style, amount)
    assert between.dtype == np.float32
    assert (between >= np.minimum(identity, style) - 1e-4).all()
    assert (between <= np.maximum(identity, style) + 1e-4).all()


@given(st.floats(0, 1))
def test_strength_is_split_without_a_jump(strength: float) -> None:
    """The code never goes below 0.1, and the fade takes over exactly there."""
    amount, opacity = split_strength(strength)
    assert FADE_BELOW <= amount <= 1.0
    assert 0.0 <= opacity <= 1.0
    assert opacity == 1.0 or amount == FADE_BELOW
    assert amount * opacity == pytest.approx(strength)


def test_the_ends_of_strength_are_exact() -> None:
    """Strength 0 shows nothing of the painting and strength 1 is all style."""
    assert split_strength(0.0)[1] == 0.0
    assert split_strength(1.0) == (1.0, 1.0)
    assert split_strength(FADE_BELOW) == (FADE_BELOW, 1.0)
