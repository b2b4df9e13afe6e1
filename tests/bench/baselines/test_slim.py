"""Networks that baselines share, with random weights."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from impasto.bench.baselines.slim import (
    Last,
    adapt,
    framed,
    gmac_of,
    load_into,
    load_mirror,
    new_mirror,
    parameters_of,
    read_weights,
    save_weights,
)
from impasto.bench.baselines.transfer import SIDE, LinearNet, Transform
from impasto.core.errors import ModelError
from impasto.lab.losses import moments


def picture(height: int = 19, width: int = 30) -> np.ndarray:
    """Noise."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_a_decoder_gives_back_the_size() -> None:
    """Features of an eighth become a picture, by nine convolutions."""
    mirror = new_mirror()
    assert mirror(torch.zeros(2, 128, 3, 5)).shape == (2, 3, 24, 40)
    assert len(mirror.layers) == 9


def test_adapted_features_have_the_wanted_moments() -> None:
    """Each channel gets the mean and deviation that it was told."""
    torch.manual_seed(0)
    features, mean, std = torch.randn(1, 4, 20, 20), torch.randn(1, 4), torch.rand(1, 4) + 0.5
    found_mean, found_std = moments(adapt(features, mean, std))
    assert torch.allclose(found_mean, mean, atol=1e-4)
    assert torch.allclose(found_std, std, atol=1e-3)


def test_a_transform_begins_near_the_identity() -> None:
    """At first the matrix is nearly that of nothing, and the result has the style's mean."""
    torch.manual_seed(0)
    net = Transform()
    photo, style = torch.rand(1, 128, 6, 5), torch.rand(1, 128, 4, 4)
    matrix, mean = net.read(style)
    assert matrix.shape == (1, SIDE, SIDE)
    assert (matrix - torch.eye(SIDE)).abs().max() < 0.2
    moved = net.move(photo, (matrix, mean))
    assert torch.equal(moved, net(photo, style))
    bias = net.expand(net.compress.bias[None, :, None, None] * 0)
    apart = (moved - mean).mean(dim=(2, 3)) - bias[..., 0, 0]
    assert apart.abs().max() < 0.5


def test_weights_come_back_as_they_were(tmp_path: Path) -> None:
    """They are stored as float16 below 3 MB, with how they were made; other networks are told."""
    path = tmp_path / "lst.safetensors"
    torch.manual_seed(0)
    net, other = LinearNet(), LinearNet()
    save_weights(net, path, {"made": "trained here"})
    assert path.stat().st_size < 3_000_000
    assert b"trained here" in path.read_bytes()[:4000]
    load_into(other, path)
    for name, each in net.state_dict().items():
        assert torch.allclose(other.state_dict()[name], each, atol=1e-3)
    assert not any(each.requires_grad for each in other.parameters())
    with pytest.raises(ModelError, match="another network"):
        load_into(new_mirror(), path)
    with pytest.raises(ModelError, match="cannot read the weights"):
        read_weights(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"bad\.safetensors"):
        read_weights(tmp_path / "bad.safetensors")


def test_a_decoder_is_built_from_its_file(tmp_path: Path) -> None:
    """The names of its tensors say where it doubles; another file is no decoder."""
    path, mirror = tmp_path / "decoder.safetensors", new_mirror()
    save_weights(mirror.layers, path, {})
    loaded, features = load_mirror(path), torch.rand(1, 128, 2, 2)
    assert torch.allclose(loaded(features), mirror(features), atol=1e-2)
    save_weights(torch.nn.Linear(2, 2), path, {})
    with pytest.raises(ModelError, match="not the weights of a decoder"):
        load_mirror(path)


def test_pictures_of_any_size_keep_it() -> None:
    """A network of stride 16 sees a multiple of it, and the result is cut to the picture."""
    seen = []

    def paint(image: "torch.Tensor") -> "torch.Tensor":
        seen.append(tuple(image.shape))
        return image

    pixels = picture()
    assert np.array_equal(framed(pixels, 16, paint), pixels)
    assert seen == [(1, 3, 32, 32)]


def test_a_style_is_looked_at_once() -> None:
    """The same object is not looked at again, another one is."""
    calls = []
    last = Last(lambda pixels: calls.append(1) or len(calls))
    first, second = picture(), picture()
    assert [last(first), last(first), last(second), last(first)] == [1, 1, 2, 3]


def test_work_is_counted() -> None:
    """A 3x3 convolution of 3 to 2 channels is 54 multiply-adds a pixel."""
    convolution = torch.nn.Conv2d(3, 2, 3, padding=1)
    found = gmac_of(lambda pixels: convolution(torch.zeros(1, 3, *pixels.shape[:2])), side=256)
    assert found == pytest.approx(54 * 256 * 256 / 1e9, abs=1e-3)
    assert parameters_of(convolution) == 56
