"""A small world to measure losses in: real photos and tiny networks."""

from pathlib import Path

import pytest
import skimage
import torch
from PIL import Image
from safetensors.torch import save_file

from impasto.lab.judge import JUDGE
from impasto.lab.recipe import Recipe, StyleSource
from impasto.lab.yardstick import DEEP_VGG, SHALLOW_VGG

from ..lab.conftest import tiny_vgg
from ..lab.test_judge import tiny_judge

PHOTOS = {"coffee.png": "urban100-coffee.png", "chelsea.png": "chelsea.png"}
PAINTING = "styles/rocket.png"


def write_assets(assets: Path) -> Path:
    """Two photos, of which one counts as a building, a painting, two feature networks, a judge."""
    for name, target in {**PHOTOS, "rocket.jpg": PAINTING}.items():
        path = assets / (target if target == PAINTING else f"content/photos/{target}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(Path(skimage.data_dir) / name) as photo:
            photo.convert("RGB").resize((144, 108)).save(path)
    weights = {SHALLOW_VGG: tiny_vgg(), DEEP_VGG: tiny_vgg(), JUDGE: tiny_judge()}
    for name, tensors in weights.items():
        (assets / name).parent.mkdir(exist_ok=True)
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, assets / name)
    return assets


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of assets; nothing may be written into it."""
    torch.manual_seed(0)
    return write_assets(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """A recipe whose style `udnie` is a picture of a rocket; `unborn` is installed nowhere."""
    held_out = [f"content/photos/{name}" for name in PHOTOS.values()]
    styles = {name: StyleSource([PAINTING], name) for name in ("udnie", "unborn")}
    return Recipe("tiny", styles, held_out=[*held_out, "styles/other.png"])
