"""What the losses of finished paintings are measured with."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from impasto.cli.demo import demo_photo
from impasto.core.errors import ModelError
from impasto.lab.data import open_rgb, to_tensor
from impasto.lab.features import load_features
from impasto.lab.losses import StyleFeatures, style_loss
from impasto.lab.yardstick import (
    DEEP,
    DEEP_VGG,
    SHALLOW,
    SHALLOW_VGG,
    Yardstick,
    content_of,
    load_yardstick,
    style_of,
)
from impasto.media.image import read_image

from .conftest import CHANNELS, tiny_vgg

Pictures = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """Two pieces of a real photo: 72 x 96."""
    pixels = read_image(demo_photo()).pixels
    return pixels[100:172, 200:296], pixels[250:322, 50:146]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Yardstick:
    """Two tiny networks of different weights."""
    folder = tmp_path_factory.mktemp("vgg")
    for name, path in ((1.0, SHALLOW_VGG), (0.5, DEEP_VGG)):
        (folder / path).parent.mkdir(exist_ok=True)
        weights = {key: (name * tensor).contiguous() for key, tensor in tiny_vgg().items()}
        save_file(weights, folder / path)
    return load_yardstick(folder)


def test_the_photo_itself_has_no_content_loss(tiny: Yardstick, pictures: Pictures) -> None:
    """Equal pictures have content loss 0, others not."""
    photo, other = (tiny.see(each) for each in pictures)
    assert content_of(photo, photo) == 0
    assert content_of(other, photo) > 0.01


def test_the_style_itself_has_no_style_loss(tiny: Yardstick, pictures: Pictures) -> None:
    """A style's only picture has a style loss of next to nothing, another picture has one."""
    target = tiny.target([pictures[0]])
    assert style_of(tiny.see(pictures[0]), target) < 1e-6
    assert style_of(tiny.see(pictures[1]), target) > 0.01


def test_a_style_of_several_pictures_is_their_mean(tiny: Yardstick, pictures: Pictures) -> None:
    """The mean of two pictures is nearer to each of them than the other one is."""
    both, one = tiny.target(pictures), tiny.target(pictures[:1])
    assert style_of(tiny.see(pictures[1]), both) < style_of(tiny.see(pictures[1]), one)


def test_each_layer_is_seen_by_its_network(tiny: Yardstick, pictures: Pictures) -> None:
    """Shallow layers come without heads from one network, deep ones through the other's heads."""
    found = tiny(to_tensor(pictures[0]), SHALLOW + DEEP)
    widths = {layer: features.shape[1] for layer, features in found.items()}
    assert widths == {**dict.fromkeys(SHALLOW, CHANNELS), **dict.fromkeys(DEEP, 2 * CHANNELS)}


def test_missing_networks_are_named(tmp_path: Path) -> None:
    """Without the true VGG's file nothing can be measured, and the error says which file."""
    with pytest.raises(ModelError, match=SHALLOW_VGG.name):
        load_yardstick(tmp_path)


def test_the_real_networks_see_a_style(assets: Path, pictures: Pictures) -> None:
    """With the real weights: the style itself below 1e-3, the photo far above, as training says."""
    painting = open_rgb(assets / "styles/famous/picabia-udnie-1913.jpg", long_side=128)
    yardstick = load_yardstick(assets)
    target = yardstick.target([painting])
    assert style_of(yardstick.see(painting), target) < 1e-3
    photo = yardstick.see(pictures[0])
    assert style_of(photo, target) > 0.5
    true = load_features(assets / SHALLOW_VGG)
    targets = {
        layer: StyleFeatures.of(found)
        for layer, found in true(to_tensor(painting), SHALLOW).items()
    }
    expected = style_loss(true(to_tensor(pictures[0]), SHALLOW), targets).item()
    shallow = {layer: target[layer] for layer in SHALLOW}
    assert style_of(photo, shallow) == pytest.approx(expected, rel=1e-4)
