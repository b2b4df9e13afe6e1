"""MicroAST: what our graph paints, beside a plain writing-down of its paper in torch."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from safetensors.torch import load_file

from impasto.bench.baselines.arbitrary import MicroAst
from impasto.bench.baselines.microast import MODULATOR, style_tensors
from impasto.bench.contender import StyleImage
from impasto.bench.peer_parts import random_tensors
from impasto.bench.quality.settings import EXACT
from impasto.bench.speed_microast import DECODER, ENCODER
from impasto.engine.backends import shared_backend

Tensor = torch.Tensor
Weights = dict[str, Tensor]
FILES = {
    "content_encoder": ENCODER,
    "style_encoder": ENCODER,
    "modulator": MODULATOR,
    "decoder": DECODER,
}


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Random weights under the names of the released files, none like another."""
    folder = tmp_path / "released"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name, shapes in FILES.items():
        tensors = {
            key: (each + random.normal(0, 0.03, each.shape)).astype(np.float16)
            for key, each in random_tensors(shapes).items()
        }
        save_file(tensors, folder / f"{name}.safetensors")
    return folder


def picture(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Smooth noise."""
    small = np.random.default_rng(seed).integers(0, 256, (1, 3, 6, 8)).astype(np.float32)
    large = F.interpolate(torch.from_numpy(small), (height, width), mode="bicubic")
    return large[0].permute(1, 2, 0).clamp(0, 255).byte().numpy()


def conv(x: Tensor, weights: Weights, name: str, stride: int = 1) -> Tensor:
    """A convolution that pads by reflection, in as many groups as its weights say."""
    weight = weights[f"{name}.conv_layer.weight"].float()
    edge = weight.shape[2] // 2
    x = F.pad(x, (edge,) * 4, mode="reflect")
    bias = weights[f"{name}.conv_layer.bias"].float()
    return F.conv2d(x, weight, bias, stride, groups=x.shape[1] // weight.shape[1])


def block(x: Tensor, weights: Weights, name: str) -> Tensor:
    """Two convolutions beside which x goes past."""
    return x + conv(F.relu(conv(x, weights, f"{name}.conv1")), weights, f"{name}.conv2")


def encoded(pixels: np.ndarray, weights: Weights) -> list[Tensor]:
    """Features at both depths."""
    x = torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255
    for number, stride in ((0, 1), (2, 2), (4, 1), (6, 2), (8, 1)):
        x = F.relu(conv(x, weights, f"enc1.{number}", stride))
    first = block(x, weights, "enc1.10")
    return [first, block(first, weights, "enc2.0")]


def normal(x: Tensor, like: Tensor) -> Tensor:
    """With the mean and deviation of each channel of another (adaptive instance norm)."""
    deviation, wanted = (each.std(dim=(2, 3), keepdim=True) for each in (x, like))
    mean = like.mean(dim=(2, 3), keepdim=True)
    return (x - x.mean(dim=(2, 3), keepdim=True)) / deviation * wanted + mean


def modulated(x: Tensor, weights: Weights, name: str, signals: dict[str, Tensor]) -> Tensor:
    """A block whose convolutions the style's signals weigh against what goes past them."""

    def weighed(x: Tensor, part: str) -> Tensor:
        return conv(x, weights, f"{name}.{part}") * signals["weight"] + x * signals["bias"]

    return x + weighed(F.relu(weighed(x, "conv1")), "conv2")


def paper(released: Path, photo: np.ndarray, style: np.ndarray) -> np.ndarray:
    """The painting by the equations of the paper, in float32."""
    content, look, modulator, decoder = (
        load_file(released / f"{name}.safetensors") for name in FILES
    )
    seen = encoded(style, look)
    signals = [
        {
            kind: F.adaptive_avg_pool2d(conv(each, modulator, f"{kind}{depth}.0"), 1)
            for kind in ("weight", "bias")
        }
        for depth, each in enumerate(seen, start=1)
    ]
    _, x = encoded(photo, content)
    x = modulated(normal(x, seen[1]), decoder, "dec1", signals[1])
    x = modulated(normal(x, seen[0]), decoder, "dec2", signals[0])
    for deep, flat in (("1", "3"), ("6", "8")):
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
        x = F.relu(conv(x, decoder, f"dec3.{deep}"))
        x = F.relu(conv(x, decoder, f"dec3.{flat}"))
    x = conv(x, decoder, "dec3.10")[0].permute(1, 2, 0)
    return (255 * x.clamp(0, 1)).round().byte().numpy()


def apart(weights: Path, folder: Path, photo: np.ndarray, style: np.ndarray) -> float:
    """The mean difference in levels of our painting and the paper's, which must be one."""
    method = MicroAst(weights, folder, shared_backend(EXACT))
    found = method.paint(photo, StyleImage("any", style)).astype(int)
    wanted = paper(weights, photo, style).astype(int)
    assert wanted.std() > 5
    assert np.abs(found - photo).mean() > 5
    return float(np.abs(found - wanted).mean())


def test_our_graph_is_that_of_the_paper(released: Path, tmp_path: Path) -> None:
    """With random weights, whose paintings have all levels; signals in float16 do a little."""
    assert apart(released, tmp_path, picture(0), picture(1)) < 1


def test_released_weights_paint_as_the_paper_says(assets: Path, tmp_path: Path) -> None:
    """With the weights of its authors, and on a picture of another size."""
    released = assets / "baselines/microast"
    assert apart(released, tmp_path, picture(0, 64, 48), picture(1, 40, 72)) < 1


def test_signals_are_means_over_places(released: Path) -> None:
    """What a style gives does not depend on where its colours lie."""
    style = picture(1)
    halves = np.concatenate([style, style], axis=1)
    one, both = style_tensors(released, style), style_tensors(released, halves)
    for name, each in one.items():
        assert np.abs(each.astype(float) - both[name]).mean() < 0.1 * np.abs(each).mean(), name


def test_any_of_the_files_is_another_version(released: Path, tmp_path: Path) -> None:
    """Other weights of style encoder or modulator paint otherwise: results are not mixed."""
    versions = []
    for name in (None, *FILES):
        if name:
            tensors = random_tensors(FILES[name])
            save_file(dict(tensors), released / f"{name}.safetensors")
        versions.append(MicroAst(released, tmp_path, shared_backend()).version)
    assert len(set(versions)) == 5
