import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.lab.bands import BAND_SCALES, BANDS, band_loss, band_statistics, tint_values

seeds = st.integers(0, 2**31)
GREY = 6 * len(BAND_SCALES)


@given(scale=st.integers(0, len(BAND_SCALES) - 1))
def test_a_weave_shows_as_diagonal_detail(scale: int) -> None:
    """Alternating cells have stronger diagonal details at their size than across or along it."""
    size = BAND_SCALES[scale]
    cells = torch.arange(96) // size
    weave = ((cells[:, None] + cells[None]) % 2).float().expand(1, 3, 96, 96)
    across, along, diagonal = band_statistics(weave)[0].view(-1, 3, 2)[scale, :, 0]
    assert diagonal > 2 * max(across, along)


@given(seed=seeds)
def test_band_loss_counts_only_excess(seed: int) -> None:
    """Equal and weaker details cost nothing; texture against a flat picture costs nearly 1."""
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    bands, flat = band_statistics(image), band_statistics(torch.zeros_like(image))
    assert band_loss(bands, bands).item() == 0
    assert band_loss(flat, bands).item() == 0
    assert 0.9 < band_loss(bands, flat).item() <= 1


@given(grey=st.floats(0, 1))
def test_grey_has_no_tint(grey: float) -> None:
    """Equal colours lie at 0 on both axes."""
    for tint in tint_values(torch.full((1, 3, 4, 4), grey)):
        torch.testing.assert_close(tint, torch.zeros(1, 1, 4, 4), atol=1e-6, rtol=0)


@given(seed=seeds)
def test_tints_and_grey_keep_the_length_of_a_colour(seed: int) -> None:
    """The axes are orthonormal, with grey times the root of three as the third."""
    colours = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    squares = [
        3 * colours.mean(1).square(),
        *(tint[:, 0].square() for tint in tint_values(colours)),
    ]
    torch.testing.assert_close(sum(squares), colours.square().sum(1))


@pytest.mark.parametrize("fringe", [1, 2])
def test_fringes_of_colour_are_seen_and_cost(fringe: int) -> None:
    """Stripes of red and cyan, one or two pixels wide and as bright, differ from grey in tints."""
    stripes = ((torch.arange(64) // fringe) % 2).float().expand(64, 64)
    red = torch.stack([stripes, (1 - stripes) / 2, (1 - stripes) / 2])[None]
    plain = band_statistics(red.mean(1, keepdim=True).expand(1, 3, 64, 64))
    found = band_statistics(red)
    assert found.shape == (1, BANDS)
    torch.testing.assert_close(found[:, :GREY], plain[:, :GREY])
    assert found[0, GREY:].max() > 0.5 > plain[0, GREY:].max()
    assert band_loss(found, plain) > 0.08  # in one direction of three, and at one size at least
    assert band_loss(plain, found) == 0
