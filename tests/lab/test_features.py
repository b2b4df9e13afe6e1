from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tests.lab.conftest import tiny_vgg

from impasto.core.errors import ModelError
from impasto.lab.features import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    TORCHVISION_BLOCKS,
    bundled_features,
    features_file,
    load_features,
    save_features,
)
from impasto.lab.targets import STYLE_LAYERS

IMAGE = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(1))


def torchvision_vgg(blocks: tuple[int, ...]) -> dict[str, torch.Tensor]:
    """Random weights under torchvision's keys, 4 channels wide."""
    weights, index, inputs = {}, 0, 3
    for count in blocks:
        for _ in range(count):
            weights[f"features.{index}.weight"] = torch.randn(4, inputs, 3, 3) / 3
            weights[f"features.{index}.bias"] = torch.randn(4) / 3
            index, inputs = index + 2, 4
        index += 1
    return weights


@pytest.mark.parametrize("blocks", TORCHVISION_BLOCKS.values())
def test_torchvision_files_load(blocks: tuple[int, ...], tmp_path: Path) -> None:
    """A torchvision file of either depth gives its layers, on ImageNet-normalised input."""
    weights = torchvision_vgg(blocks)
    torch.save(weights, tmp_path / "vgg.pth")
    network = load_features(tmp_path / "vgg.pth")
    assert len(network.layers) == sum(blocks)
    mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
    padded = F.pad((IMAGE - mean) / std, (1, 1, 1, 1), mode="reflect")
    expected = F.relu(F.conv2d(padded, weights["features.0.weight"], weights["features.0.bias"]))
    torch.testing.assert_close(network(IMAGE, ["relu1_1"])["relu1_1"], expected)


def test_slim_files_load_with_heads(tmp_path: Path) -> None:
    """The slim format gives halved maps block by block, and heads widen them."""
    save_file(tiny_vgg(), tmp_path / "vgg.safetensors")
    network = load_features(tmp_path / "vgg.safetensors")
    plain = network(IMAGE, ["relu1_1", "relu3_1", "relu5_1"])
    assert [tuple(x.shape) for x in plain.values()] == [(1, 4, 32, 48), (1, 4, 8, 12), (1, 4, 2, 3)]
    assert network(IMAGE, ["relu3_1"], heads=True)["relu3_1"].shape == (1, 8, 8, 12)


def test_folding_the_input_layer_is_exact(tmp_path: Path) -> None:
    """The 1x1 input layer folded into the first convolution gives what both give in turn."""
    weights = tiny_vgg()
    save_file(weights, tmp_path / "vgg.safetensors")
    caffe = F.conv2d(IMAGE, weights["conv0.weight"], weights["conv0.bias"])
    padded = F.pad(caffe, (1, 1, 1, 1), mode="reflect")
    expected = F.relu(F.conv2d(padded, weights["conv11.weight"], weights["conv11.bias"]))
    found = load_features(tmp_path / "vgg.safetensors")(IMAGE, ["relu1_1"])["relu1_1"]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)


def test_our_own_files_load(tmp_path: Path) -> None:
    """What `save_features` writes comes back, to float16, with its heads."""
    save_file(tiny_vgg(), tmp_path / "vgg.safetensors")
    network = load_features(tmp_path / "vgg.safetensors")
    save_features(network, tmp_path / "own.safetensors", {"name": "tiny"})
    again = load_features(tmp_path / "own.safetensors")
    assert again.layers == network.layers
    for heads in (False, True):
        found, wanted = (each(IMAGE, ["relu3_1"], heads=heads) for each in (again, network))
        torch.testing.assert_close(found["relu3_1"], wanted["relu3_1"], rtol=0.02, atol=2.0)


def test_our_own_damaged_file_is_named(tmp_path: Path) -> None:
    """A bias that is missing in a file of our format is an error that names the file."""
    save_file({"relu1_1.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "own.safetensors")
    with pytest.raises(ModelError, match=r"own\.safetensors: damaged"):
        load_features(tmp_path / "own.safetensors")


def test_the_bundled_network() -> None:
    """The package has a network of at most 2 MB with the layers that losses look at."""
    assert bundled_features().stat().st_size <= 2_000_000
    network = load_features()
    found = network(IMAGE, STYLE_LAYERS)
    assert [each.shape[-2:] for each in found.values()][-1] == (2, 3)
    assert all(each.isfinite().all() for each in found.values())
    assert features_file("bundled", Path("nowhere")) == bundled_features()
    assert features_file("vgg.pth", Path("assets")) == Path("assets/vgg.pth")


def test_gradients_reach_the_picture_and_not_the_network(tmp_path: Path) -> None:
    """The network is frozen; the picture gets a gradient."""
    save_file(tiny_vgg(), tmp_path / "vgg.safetensors")
    network, image = load_features(tmp_path / "vgg.safetensors"), IMAGE.clone().requires_grad_()
    network(image, ["relu2_1"])["relu2_1"].sum().backward()
    assert image.grad is not None
    assert all(parameter.grad is None for parameter in network.parameters())


def test_bad_files_are_named(tmp_path: Path) -> None:
    """A missing, a damaged and a foreign file each give one error that names the file."""
    damaged, foreign = tmp_path / "damaged.safetensors", tmp_path / "foreign.safetensors"
    damaged.write_bytes(b"not tensors")
    save_file({"head": torch.zeros(1)}, foreign)
    for path in (tmp_path / "missing.pth", damaged, foreign):
        with pytest.raises(ModelError, match=path.name):
            load_features(path)


def test_a_layer_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Asking for a deeper layer than the file has says which ones it has."""
    save_file(tiny_vgg(), tmp_path / "vgg.safetensors")
    with pytest.raises(ModelError, match="relu5_4"):
        load_features(tmp_path / "vgg.safetensors")(IMAGE, ["relu5_4"])


def test_slim_heads_follow_the_true_network(assets: Path) -> None:
    """On a photo the slim network's heads correlate with the true VGG's activations."""
    from impasto.lab.data import open_rgb, to_tensor

    photo = sorted((assets / "content/photos").glob("*.jpg"))[0]
    image = to_tensor(open_rgb(photo))
    true = load_features(assets / "vgg/vgg19_normalised_to_relu3_1.safetensors")
    slim = load_features(assets / "vgg/vgg19_slim16x_to_relu5_1.safetensors")
    with torch.no_grad():
        wanted = true(image, ["relu1_1", "relu3_1"])
        found = slim(image, ["relu1_1", "relu3_1"], heads=True)
    for layer, least in (("relu1_1", 0.97), ("relu3_1", 0.7)):
        pair = torch.stack([wanted[layer].flatten(), found[layer].flatten()])
        assert torch.corrcoef(pair)[0, 1] > least
