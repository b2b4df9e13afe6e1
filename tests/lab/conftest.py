"""A small world to train in: real photos, a tiny feature network, and a recipe."""

from pathlib import Path

import pytest
import skimage
import torch
from PIL import Image
from safetensors.torch import save_file

BLOCKS = (2, 2, 4, 4, 1)
CHANNELS = 4

RECIPE = """
name = "tiny"
held_out = "heldout.txt"
samples = ["photos/coffee.png"]
photos = "photos"
features = "vgg.safetensors"
style_size = 64

[trunk]
stem = 4
width = 8

[schedule]
steps = 4
warmup = 1
decay = 2

[sampling]
batch = 3
crop = 48
stability_every = 2

[weights]
perceptual = 0.1

[styles.rocket]
files = ["paintings/rocket.jpg"]
title = "A rocket"
"""


def tiny_vgg(channels: int = CHANNELS) -> dict[str, torch.Tensor]:
    """Random weights in the format of the slim VGG-19, a few channels wide."""
    generator = torch.Generator().manual_seed(0)
    weights = {
        "conv0.weight": torch.diag(torch.full((3,), 255.0))[..., None, None],
        "conv0.bias": torch.tensor([-104.0, -117.0, -124.0]),
    }
    inputs = 3
    for block, count in enumerate(BLOCKS, start=1):
        for index in range(1, count + 1):
            shape = (channels, inputs, 3, 3)
            weights[f"conv{block}{index}.weight"] = torch.randn(shape, generator=generator) / 5
            weights[f"conv{block}{index}.bias"] = torch.zeros(channels)
            inputs = channels
        head = torch.randn((2 * channels, channels, 1, 1), generator=generator)
        weights[f"conv{block}1_aux.weight"] = head
        weights[f"conv{block}1_aux.bias"] = torch.zeros(2 * channels)
    return weights


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `recipe.toml` and assets that IMPASTO_ASSETS points to."""
    assets = tmp_path / "assets"
    for name, folder in (
        ("coffee.png", "photos"),
        ("chelsea.png", "photos"),
        ("rocket.jpg", "paintings"),
    ):
        target = assets / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(Path(skimage.data_dir) / target.name) as photo:
            photo.convert("RGB").resize((96, 80)).save(target)
    save_file(tiny_vgg(), assets / "vgg.safetensors")
    (tmp_path / "heldout.txt").write_text("# none of these is here\nphotos/astronaut.png\n")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    monkeypatch.setenv("IMPASTO_ASSETS", str(assets))
    return tmp_path
