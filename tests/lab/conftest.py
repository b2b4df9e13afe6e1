"""A small world to train in: real photos, a tiny feature network, a recipe, and a tiny model."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import skimage
import torch
from PIL import Image
from safetensors.torch import save_file

from impasto.core.arrays import RGB
from impasto.engine.model import Model, load_model
from impasto.lab.export import write_model
from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.recipe import Weights
from impasto.media.image import read_image
from impasto.styles.package import Style

BLOCKS = (2, 2, 4, 4, 1)
CHANNELS = 4

RECIPE = """
name = "tiny"
held_out = "heldout.txt"
samples = ["photos/coffee.png"]
photos = "photos"
features = "vgg.safetensors"
fine_features = "vgg.safetensors"
style_size = 96

[trunk]
stem = 4
widths = [8, 16]
before = [1, 1]
after = [1, 0]
banks = [4, 2]

[schedule]
steps = 4
warmup = 1
decay = 2

[sampling]
batch = 3
crop = 64
stability_every = 2
coarse_every = 2

[weights]
perceptual = 0.1
coarse = 0.1
fine = 0.1
edges = 0.1

[styles.rocket]
files = ["paintings/rocket.jpg"]
title = "A rocket"
"""

DISTIL_RECIPE = """
name = "tiny"
held_out = "heldout.txt"
photos = "photos"
paintings = "paintings"

[teachers]
"vgg.safetensors" = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]

[student]
widths = [4, 4, 4, 8, 8]

[schedule]
warmup = 1
decay = 0

[sampling]
batch = 4
crop = 32
kept = 2
uses = 2
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
    """A folder with `recipe.toml`, `features.toml` and assets that IMPASTO_ASSETS points to."""
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
    (tmp_path / "features.toml").write_text(DISTIL_RECIPE)
    monkeypatch.setenv("IMPASTO_ASSETS", str(assets))
    return tmp_path


@dataclass(frozen=True)
class Easel:
    """What a style is fitted with: a tiny model, two styles that fit it, and a tiny network."""

    folder: Path
    model: Model
    styles: list[Style]
    network: Path

    def picture(self, name: str = "rocket.jpg", *, side: int = 300) -> Path:
        """A style picture: a square of a real photo."""
        path = self.folder / "pictures" / name
        path.parent.mkdir(exist_ok=True)
        with Image.open(Path(skimage.data_dir) / name) as photo:
            photo.convert("RGB").resize((side, side)).save(path)
        return path

    def photo(self) -> RGB:
        """A small photo to paint."""
        return read_image(Path(skimage.data_dir) / "coffee.png").pixels[:96, :128]


def make_easel(folder: Path) -> Easel:
    """Writes the model and the network below a folder; all is the same on every call."""
    torch.manual_seed(5)
    trunk = Trunk(TrunkSettings(4, (8, 16), (1, 1), (1, 0), banks=(4, 2)))
    book = CodeBook(["one", "two"], trunk.first_code())
    with torch.no_grad():
        book.codes += torch.randn_like(book.codes) / 3
    (folder / "model").mkdir(parents=True)
    weights = Weights(style=3.0, coarse=1.0, edges=0.2)
    write_model(trunk, book, folder / "model", name="tiny", recipe="none", weights=weights)
    save_file(tiny_vgg(), folder / "vgg.safetensors")
    model = load_model(folder / "model")
    styles = [
        Style(name, name, "", None, "", model.trunk_id, code.detach().numpy())
        for name, code in zip(("one", "two"), book.codes[1:], strict=True)
    ]
    return Easel(folder, model, styles, folder / "vgg.safetensors")


@pytest.fixture
def easel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Easel:
    """A tiny model to fit styles on, and few made scenes."""
    monkeypatch.setattr("impasto.lab.contents.SCENES", 4)
    monkeypatch.setattr("impasto.lab.contents.SIDE", 64)
    return make_easel(tmp_path / "easel")
