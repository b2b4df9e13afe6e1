"""Statistics of patches."""

import torch

from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import Trunk
from impasto.lab.patches import collage, measure_patches

SETTINGS = TrunkSettings(8, (8, 16), (1, 1), (1, 0), banks=(2, 2), margin=8)


def test_patches_are_those_of_the_picture() -> None:
    """A collage holds squares of the picture, in rows and columns, and leaves out their edges."""
    image = torch.arange(256 * 256.0).reshape(1, 1, 256, 256).repeat(1, 3, 1, 1)
    found, weight = collage(image)
    assert found.shape[-2:] == weight.shape[-2:] == (160, 160)
    for top in range(0, 160, 32):
        patch, own = found[0, 0, top : top + 32, 64:96], weight[0, 0, top : top + 32, 64:96]
        row, column = divmod(int(patch[0, 0]), 256)
        assert torch.equal(patch, image[0, 0, row : row + 32, column : column + 32])
        assert own.sum() == 24 * 24
        assert own[4:28, 4:28].min() == 1


def test_a_collage_is_no_larger_than_its_picture() -> None:
    """Small crops have fewer patches, down to one, so that their grain is enough."""
    for height, width in ((64, 64), (100, 300), (20, 40)):
        found, weight = collage(torch.rand(2, 3, height, width))
        assert found.shape[-2] <= height
        assert found.shape[-1] <= width
        assert weight.sum() > 0


def test_pictures_are_measured_each_by_itself() -> None:
    """Statistics of a batch are those of its pictures alone, each by its own code."""
    trunk, grain = Trunk(SETTINGS), torch.randn(3, 1, 48, 48)
    images, codes = torch.rand(3, 3, 160, 200), torch.randn(3, 2, trunk.channels)
    together = measure_patches(trunk, images, codes, grain)
    for index in range(3):
        one = slice(index, index + 1)
        alone = measure_patches(trunk, images[one], codes[one], grain[one])
        torch.testing.assert_close(together[one], alone, rtol=1e-3, atol=1e-4)


def test_of_an_even_texture_patches_say_what_the_whole_does() -> None:
    """Fine noise has the same mean and deviation at the first site, by patches or as a whole."""
    trunk, grain = Trunk(SETTINGS), torch.zeros(1, 1, 48, 48)
    code = trunk.first_code()[None]
    noise = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    found = measure_patches(trunk, noise, code, grain)[0, 1, trunk.sites[0].span]
    whole = trunk.measure(noise, code, grain)[0, 1, trunk.sites[0].span]
    torch.testing.assert_close(found, whole, rtol=0.05, atol=0.0)
