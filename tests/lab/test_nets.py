import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from impasto.lab.levels import TrunkSettings, pool_grain
from impasto.lab.nets import FIRST_RESIDUAL, CodeBook, Trunk, multiply_adds
from impasto.lab.phases import EdgeConv, UpConv, skip_kernel
from impasto.lab.sites import apply_affine, compose

SMALL = TrunkSettings(4, (8, 16), (1, 1), (1, 0))
BANKED = TrunkSettings(4, (8, 16), (1, 1), (1, 0), banks=(4, 2))
SHAPES = [
    SMALL,
    BANKED,
    TrunkSettings(4, (8,), (2,), (0,)),
    TrunkSettings(4, (8, 12, 16), (0, 1, 1), (1, 1, 0)),
    TrunkSettings(4, (8, 16), (1, 1), (1, 0), "inverted", 2),
]
sides = st.integers(1, 9)


def random_code(trunk: Trunk, seed: int = 0) -> torch.Tensor:
    """A code far from the neutral one, so that a site that ignores it is noticed."""
    generator = torch.Generator().manual_seed(seed)
    gamma = torch.rand(1, 1, trunk.channels, generator=generator) + 0.5
    return torch.cat([gamma, torch.randn(1, 1, trunk.channels, generator=generator) / 2], dim=1)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@given(height=sides, width=sides)
def test_upconv_is_nearest_upsampling_and_a_convolution(height: int, width: int) -> None:
    """The 2x2 form gives what upsampling, the edge repeated, and the 3x3 kernel give."""
    layer, x = UpConv(3, 2), torch.randn(2, 3, height, width)
    upsampled = F.interpolate(F.pad(x, [1] * 4, mode="replicate"), scale_factor=2)
    torch.testing.assert_close(layer(x), F.conv2d(upsampled, layer.weight, layer.bias))


@given(height=sides, width=sides)
def test_skip_kernel_is_a_convolution_of_the_full_picture(height: int, width: int) -> None:
    """The 2x2 form over the unshuffled picture gives what the 3x3 kernel gives over the picture."""
    weight, x = torch.randn(2, 3, 3, 3), torch.randn(1, 3, 2 * height, 2 * width)
    phases = F.conv2d(F.pixel_unshuffle(x, 2), skip_kernel(weight), padding=1)
    found = F.pixel_shuffle(phases, 2)[..., 1:-1, 1:-1]
    torch.testing.assert_close(found, F.conv2d(x, weight, padding=1))


def test_default_trunk_is_within_its_budget() -> None:
    """The default trunk costs at most 2 GMAC at 512 x 512 and has at most 0.35 M parameters."""
    trunk = Trunk(TrunkSettings(banks=(8, 8, 4)))
    assert multiply_adds(trunk, 512, 512) <= 2e9
    assert sum(parameter.numel() for parameter in trunk.parameters()) <= 350_000


@pytest.mark.parametrize("settings", SHAPES)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (37, 53), (64, 48)])
def test_output_has_the_size_of_the_input(settings: TrunkSettings, size: tuple[int, int]) -> None:
    """Every size from 1 x 1 up comes out as it went in, finite."""
    trunk = Trunk(settings)
    painted = trunk(torch.rand(1, 3, *size), random_code(trunk))
    assert painted.shape == (1, 3, *size)
    assert painted.isfinite().all()


@pytest.mark.parametrize("settings", SHAPES)
def test_painting_with_measured_statistics_is_the_same(settings: TrunkSettings) -> None:
    """Measuring a picture and painting it with those statistics is what one pass does."""
    trunk, image = Trunk(settings), torch.rand(2, 3, 40, 56)
    code = random_code(trunk).repeat(2, 1, 1)
    statistics = trunk.measure(image, code)
    assert statistics.shape == (2, 2, trunk.channels)
    torch.testing.assert_close(trunk(image, code, statistics), trunk(image, code))


@pytest.mark.parametrize("settings", SHAPES)
def test_weighted_measuring_of_an_opaque_picture_is_measuring(settings: TrunkSettings) -> None:
    """Weights of 1 on the picture and 0 on the margin give the plain statistics."""
    trunk, image = Trunk(settings), torch.rand(1, 3, 48, 64)
    weight = F.pad(torch.ones(1, 1, 48, 64), [settings.margin] * 4)
    code = random_code(trunk)
    found = trunk.measure_weighted(trunk.pad(image), code, weight)
    torch.testing.assert_close(found, trunk.measure(image, code), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", [SMALL, BANKED])
def test_every_site_of_a_code_matters(settings: TrunkSettings) -> None:
    """Changing gamma at any site changes the painting, and beta wherever a ReLU follows.

    At the end of a residual block beta shifts a whole channel, which the next site takes out again.
    """
    trunk, image = Trunk(settings), torch.rand(1, 3, 32, 32)
    code, grain = random_code(trunk), torch.randn(1, 1, 4, 4)
    before = trunk(image, code, grain=grain)
    for site in trunk.sites:
        for row in (0,) if site.name.endswith(".2") else (0, 1):
            changed = code.clone()
            changed[:, row, site.span] += 0.5
            assert not torch.allclose(trunk(image, changed, grain=grain), before), (site, row)


def test_paint_looks_only_at_a_neighbourhood() -> None:
    """With a given affine a far pixel has no influence, so tiles can equal the whole."""
    trunk, image = Trunk(SMALL), torch.rand(1, 3, 32, 320)
    normalise = apply_affine(compose(random_code(trunk), trunk.measure(image, random_code(trunk))))
    changed = image.clone()
    changed[..., -8:] = 1 - changed[..., -8:]
    apart = (trunk.run(image, normalise) - trunk.run(changed, normalise)).abs()
    assert apart[..., :160].max() == 0
    assert apart[..., -16:].max() > 0


def test_the_photo_can_shine_through_as_it_is() -> None:
    """The last site has no statistics: its code scales and shifts what the skip brings."""
    trunk, image = Trunk(SMALL), torch.rand(1, 3, 32, 40)
    with torch.no_grad():
        for layer in (trunk.end, trunk.end_stem):
            layer.weight.zero_()
        trunk.end.bias.zero_()
        trunk.skip.weight.copy_(torch.eye(3)[..., None, None] * F.pad(torch.ones(1, 1), [1] * 4))
    code = random_code(trunk)
    code[:, 0, trunk.skip_site.span], code[:, 1, trunk.skip_site.span] = 1, 0
    torch.testing.assert_close(trunk(image, code), image)
    code[:, 0, trunk.skip_site.span] = torch.tensor([1.0, 0.5, 0.0])
    expected = 0.5 + (image - 0.5) * torch.tensor([1.0, 0.5, 0.0])[:, None, None]
    torch.testing.assert_close(trunk(image, code), expected)
    assert trunk.measure(image, code)[0, :, trunk.skip_site.span].tolist() == [[0] * 3, [1] * 3]


def test_std_floor_keeps_a_flat_picture_calm() -> None:
    """Statistics of a black picture are at least the floor, so nothing is divided by nearly 0."""
    trunk = Trunk(SMALL)
    trunk.std_floor.fill_(0.25)
    statistics = trunk.measure(torch.zeros(1, 3, 32, 32), random_code(trunk))
    assert statistics[:, 1].min() >= 0.25


def test_code_book_starts_with_the_identity_code() -> None:
    """Index 0 is the identity code, and each name has a code of all channels."""
    book = CodeBook(["a", "b"], torch.stack([torch.ones(7), torch.zeros(7)]))
    assert book.names == ["identity", "a", "b"]
    assert book(torch.eye(3)[[2, 0]]).shape == (2, 2, 7)


@given(height=sides, width=sides)
def test_up_convolution_without_padding_lacks_the_outer_pixel(height: int, width: int) -> None:
    """Not padded, it is nearest upsampling and the 3x3 kernel, where the kernel fits."""
    layer, x = UpConv(2, 3, padded=False), torch.randn(1, 2, height + 1, width + 1)
    expected = F.conv2d(F.interpolate(x, scale_factor=2), layer.weight, layer.bias)
    torch.testing.assert_close(layer(x), expected)


def test_edge_convolution_is_a_convolution_of_the_replicated_map() -> None:
    """It agrees with torch's own replicating convolution, at a stride too."""
    x = torch.randn(2, 3, 9, 7)
    layer = EdgeConv(3, 4, stride=2)
    expected = F.conv2d(F.pad(x, [1] * 4, mode="replicate"), layer.weight, layer.bias, stride=2)
    torch.testing.assert_close(layer(x), expected)


def test_the_first_code_adds_little_of_each_block() -> None:
    """Gamma is small where a block's output is added and 1 elsewhere; beta is 0."""
    trunk = Trunk(SMALL)
    gamma, beta = trunk.first_code()
    small = [site.name for site in trunk.sites if (gamma[site.span] == FIRST_RESIDUAL).all()]
    assert len(small) == 3
    assert all(name.endswith(".2") for name in small)
    assert not beta.any()


def test_grain_changes_the_painting_and_none_is_zeros() -> None:
    """Grain matters, the same grain paints the same, and no grain is a grain of zeros."""
    trunk, image = Trunk(SMALL), torch.rand(1, 3, 40, 48)
    code, grain = random_code(trunk), torch.randn(1, 1, 6, 7)
    painted = trunk(image, code, grain=grain)
    assert (painted - trunk(image, code)).abs().max() > 1e-4
    torch.testing.assert_close(painted, trunk(image, code, grain=grain))
    torch.testing.assert_close(trunk(image, code), trunk(image, code, grain=0 * grain))


def test_coarser_grain_has_the_same_variance() -> None:
    """Cells twice and four times as large vary as much."""
    grain = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(0))
    for times in (1, 2, 4):
        assert abs(pool_grain(grain, times).var().item() - 1) < 0.1


def test_no_frame_shows_at_the_border() -> None:
    """A flat picture is painted flat to its last row: nothing inside pads with another value."""
    trunk = Trunk(SMALL)
    painted = trunk.run(torch.full((1, 3, 32, 48), 0.7), apply_affine(random_code(trunk)))
    assert (painted - painted[..., :1, :1]).abs().max() < 1e-4


def test_each_item_is_painted_with_its_own_filters() -> None:
    """A batch of several codes is what painting each item alone, with its code, comes to."""
    trunk, images = Trunk(BANKED), torch.rand(2, 3, 32, 40)
    codes = torch.cat([random_code(trunk, seed) for seed in (1, 2)])
    together = trunk(images, codes)
    for index in range(2):
        one = slice(index, index + 1)
        torch.testing.assert_close(together[one], trunk(images[one], codes[one]))


def test_one_code_serves_a_whole_batch() -> None:
    """Given once, a code paints all items, by their own statistics or by given ones."""
    trunk, images = Trunk(BANKED), torch.rand(2, 3, 32, 40)
    code = random_code(trunk)
    expected = trunk(images, code.repeat(2, 1, 1))
    torch.testing.assert_close(trunk(images, code), expected)
    statistics = trunk.measure(images, code)
    assert statistics.shape == (2, 2, trunk.channels)
    torch.testing.assert_close(trunk(images, code, statistics), expected)
