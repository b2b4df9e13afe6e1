import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from impasto.lab.nets import CodeBook, Trunk, TrunkSettings, multiply_adds
from impasto.lab.phases import UpConv, skip_kernel
from impasto.lab.sites import apply_affine, compose

SMALL = TrunkSettings(stem=4, width=8)
SHAPES = [SMALL, TrunkSettings(4, 8, 2, 0, 0), TrunkSettings(4, 8, 1, 1, 1, "inverted", 2)]
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
    """The 2x2 form gives what upsampling and the 3x3 kernel give."""
    layer, x = UpConv(3, 2), torch.randn(2, 3, height, width)
    expected = F.conv2d(F.interpolate(x, scale_factor=2), layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(layer(x)[..., 1:-1, 1:-1], expected)


@given(height=sides, width=sides)
def test_skip_kernel_is_a_convolution_of_the_full_picture(height: int, width: int) -> None:
    """The 2x2 form over the unshuffled picture gives what the 3x3 kernel gives over the picture."""
    weight, x = torch.randn(2, 3, 3, 3), torch.randn(1, 3, 2 * height, 2 * width)
    phases = F.conv2d(F.pixel_unshuffle(x, 2), skip_kernel(weight), padding=1)
    found = F.pixel_shuffle(phases, 2)[..., 1:-1, 1:-1]
    torch.testing.assert_close(found, F.conv2d(x, weight, padding=1))


def test_default_trunk_is_within_its_budget() -> None:
    """The default trunk costs at most 2 GMAC at 512 x 512 and has at most 0.35 M parameters."""
    trunk = Trunk(TrunkSettings())
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
    trunk, image = Trunk(settings), torch.rand(1, 3, 40, 56)
    weight = F.pad(torch.ones(1, 1, 40, 56), [settings.margin] * 4)
    code = random_code(trunk)
    found = trunk.measure_weighted(trunk.pad(image), code, weight)
    torch.testing.assert_close(found, trunk.measure(image, code), rtol=1e-4, atol=1e-5)


def test_every_site_of_a_code_matters() -> None:
    """Changing gamma at any site changes the painting, and beta wherever a ReLU follows.

    At the end of a residual block beta shifts a whole channel, which the next site takes out again.
    """
    trunk, image = Trunk(SMALL), torch.rand(1, 3, 32, 32)
    code = random_code(trunk)
    before = trunk(image, code)
    for site in trunk.sites:
        for row in (0,) if site.name.endswith(".2") else (0, 1):
            changed = code.clone()
            changed[:, row, site.span] += 0.5
            assert not torch.allclose(trunk(image, changed), before), (site, row)


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
    book = CodeBook(["a", "b"], 7)
    assert book.names == ["identity", "a", "b"]
    assert book(torch.tensor([2, 0])).shape == (2, 2, 7)
