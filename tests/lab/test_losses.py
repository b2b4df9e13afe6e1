import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.lab.losses import (
    StyleFeatures,
    colours_along,
    content_loss,
    edge_loss,
    gamut_loss,
    gram,
    mixed_palette,
    moments,
    out_of_range,
    palette,
    palette_loss,
    perceptual_loss,
    relative,
    squared_error,
    style_loss,
    total_variation,
)

seeds = st.integers(0, 2**31)


def features(seed: int, *shape: int) -> torch.Tensor:
    """Random activations, not negative as after a ReLU."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).relu()


def test_gram_of_a_known_map() -> None:
    """Two channels of constants 1 and 2 have the Gram matrix of (1, 2), whatever the size."""
    x = torch.stack([torch.ones(5, 7), 2 * torch.ones(5, 7)])[None]
    torch.testing.assert_close(gram(x)[0], torch.tensor([[1.0, 2.0], [2.0, 4.0]]))


@given(seed=seeds)
def test_gram_does_not_see_where_things_are(seed: int) -> None:
    """Shuffling the pixels changes neither Gram matrix nor moments."""
    x = features(seed, 1, 3, 6, 4)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(seed))
    shuffled = x.flatten(2)[..., order].reshape(x.shape)
    torch.testing.assert_close(gram(x), gram(shuffled))
    torch.testing.assert_close(moments(x), moments(shuffled))


@given(seed=seeds)
def test_style_loss_is_zero_for_the_style_itself(seed: int) -> None:
    """Features compared with their own measurements cost nothing; others cost something."""
    x, y = features(seed, 2, 4, 8, 8), features(seed + 1, 2, 4, 8, 8)
    target = {"layer": StyleFeatures.of(x)}
    assert style_loss({"layer": x}, target).max() < 1e-9
    assert style_loss({"layer": y}, target).min() > 1e-5


def test_style_loss_of_nothing_is_the_number_of_layers() -> None:
    """A black map is at relative distance 1 from any style, in each layer."""
    x = features(0, 1, 4, 8, 8)
    targets = {name: StyleFeatures.of(x) for name in "abc"}
    found = style_loss({name: torch.zeros_like(x) for name in "abc"}, targets)
    torch.testing.assert_close(found, torch.tensor([3.0]), rtol=0.02, atol=0)


@given(share=st.sampled_from([0, 1, 2, 3, 4]))
def test_mixed_features_are_those_of_styles_side_by_side(share: int) -> None:
    """A map that is so much of one style and of another has the mix of what both have."""
    a, b = (features(seed, 1, 3, 4, 4) for seed in (1, 2))
    both = StyleFeatures.of(torch.cat([a] * share + [b] * (4 - share), dim=3))
    rows = StyleFeatures.cat([StyleFeatures.of(a), StyleFeatures.of(b)])
    mixed = rows.mix(torch.tensor([[share / 4, 1 - share / 4]]))
    for field in ("gram", "mean", "std"):
        found, expected = getattr(mixed, field), getattr(both, field)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@given(share=st.sampled_from([0, 1, 2, 3, 4]))
def test_a_mixed_palette_has_colours_of_both(share: int) -> None:
    """Red and green make red and green in their shares, and no brown."""
    red, green = (palette(torch.eye(3)[i, :, None, None].expand(1, 3, 16, 16)) for i in (0, 1))
    shares = torch.tensor([[share / 4, 1 - share / 4]])
    mixed = mixed_palette(torch.cat([red, green]), shares)
    assert set(mixed[0, 0].unique().tolist()) <= {0, 1}
    assert mixed[0, 0].mean().item() == pytest.approx(share / 4, abs=0.01)


@given(seed=seeds, gain=st.floats(0.5, 4), lift=st.floats(-3, 3))
def test_content_loss_ignores_contrast_and_level(seed: int, gain: float, lift: float) -> None:
    """Scaling and shifting each channel costs nothing, because palettes may change."""
    x = features(seed, 1, 3, 8, 8)
    assert content_loss(gain * x + lift, x).item() < 1e-3


def test_content_loss_of_unrelated_maps_is_two() -> None:
    """Independent normalised maps are at mean squared distance 2."""
    loss = content_loss(features(1, 1, 8, 64, 64), features(2, 1, 8, 64, 64))
    assert abs(loss.item() - 2) < 0.1


def test_perceptual_loss_is_relative() -> None:
    """Twice the features are at relative squared distance 1."""
    x = features(3, 2, 4, 5, 5)
    torch.testing.assert_close(perceptual_loss(2 * x, x), torch.ones(2))
    torch.testing.assert_close(relative(x, x), torch.zeros(2))


def test_total_variation_of_a_ramp() -> None:
    """A ramp that rises by 0.1 a column has total variation 0.1."""
    ramp = (torch.arange(5) * 0.1).expand(2, 3, 4, 5)
    torch.testing.assert_close(total_variation(ramp), torch.full((2,), 0.1))


def test_out_of_range_counts_only_what_clipping_loses() -> None:
    """Values from 0 to 1 cost nothing; 1.5 and -0.5 cost a quarter each."""
    assert out_of_range(torch.rand(1, 3, 4, 4)).item() == 0
    torch.testing.assert_close(out_of_range(torch.full((1, 3, 4, 4), 1.5)), torch.tensor([0.25]))
    torch.testing.assert_close(out_of_range(torch.full((1, 3, 4, 4), -0.5)), torch.tensor([0.25]))


def test_squared_error_of_a_known_pair() -> None:
    """Black against half grey is 0.25."""
    black, grey = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5)
    torch.testing.assert_close(squared_error(black, grey), torch.tensor([0.25]))


@given(seed=seeds)
def test_palette_does_not_see_where_colours_are(seed: int) -> None:
    """Turning a picture leaves its palette as it is; another picture's is at some distance."""
    generator = torch.Generator().manual_seed(seed)
    image, other = torch.rand(2, 1, 3, 32, 32, generator=generator)
    torch.testing.assert_close(palette(image.flip(2, 3)), palette(image))
    assert palette_loss(palette(other), palette(image)).item() > 0


def test_palette_distance_of_flat_pictures_is_the_distance_of_their_colours() -> None:
    """Two flat pictures that differ by 0.5 in red are 0.25 apart along red, and 0 along blue."""
    black = palette(torch.zeros(1, 3, 16, 16))
    red = palette(torch.tensor([0.5, 0, 0])[None, :, None, None].expand(1, 3, 16, 16))
    torch.testing.assert_close(
        (red - black).square()[0, :3].mean(dim=1), torch.tensor([0.25, 0, 0])
    )
    third = palette_loss(red, black).item() / 0.25
    assert 0.2 < third < 0.5


@given(seed=seeds)
def test_colours_of_the_style_are_in_its_gamut(seed: int) -> None:
    """Some cells of a picture cost nothing; a cell of a colour that it has not costs."""
    generator = torch.Generator().manual_seed(seed)
    image = 0.3 + 0.4 * torch.rand(1, 3, 32, 32, generator=generator)
    known, some = palette(image), image[..., 4:20, 8:24].clone()
    assert gamut_loss(colours_along(some), known).item() < 1e-9
    some[:, 1, :4, :4] = 1.0
    assert gamut_loss(colours_along(some), known).item() > 1e-4


def test_edge_loss_sees_contours_and_not_contrast() -> None:
    """A picture agrees with itself and with its pale copy, less so with a contour doubled."""
    photo = torch.zeros(1, 3, 64, 64)
    photo[..., 16:48, 16:48] = 1
    halo = photo.clone()
    halo[..., 10:54, 10:54] += 0.5
    same, pale, doubled = (edge_loss(each, photo).item() for each in (photo, photo / 2, halo))
    assert abs(same) < 1e-5
    assert pale < 0.02
    assert doubled > 0.2


def test_edge_loss_of_unrelated_pictures_is_about_one() -> None:
    """Noise shares no edges with other noise."""
    one, other = torch.rand(2, 4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert (edge_loss(one, other) - 1).abs().max() < 0.1


def test_edge_loss_has_a_gradient_on_flat_pictures() -> None:
    """A painting without any edge still gets a finite gradient."""
    flat = torch.full((1, 3, 32, 32), 0.5, requires_grad=True)
    edge_loss(flat, torch.rand(1, 3, 32, 32)).sum().backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()
