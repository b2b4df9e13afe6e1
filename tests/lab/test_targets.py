import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.core.errors import ImageError, ImpastoError, RecipeError, StyleError
from impasto.lab.augmentation import Augmentation
from impasto.lab.features import load_features
from impasto.lab.library import About, Eye, build_style
from impasto.lab.looks import Look, to_tensors
from impasto.lab.recipe import Recipe, StyleSource, load_recipe
from impasto.lab.style_file import MeasuredStyle, write_measured
from impasto.lab.targets import COARSE, style_targets
from impasto.lab.trainer import Trainer

pytestmark = pytest.mark.filterwarnings("ignore:.*below 1024 pixels")

FEATURES = "pair.features.safetensors"
VARIED = Augmentation(views=2, degrees=20.0)


@pytest.fixture
def assets(workshop: Path) -> Path:
    """Assets with a folder of two pictures that are large enough for a style."""
    folder = workshop / "assets" / "pair"
    folder.mkdir()
    for seed in (0, 1):
        blocks = np.random.default_rng(seed).integers(0, 256, (9, 8, 3), dtype=np.uint8)
        picture = Image.fromarray(blocks).resize((300, 280), Image.Resampling.BICUBIC)
        picture.save(folder / f"{seed}.png")
    return workshop / "assets"


@pytest.fixture
def recipe(assets: Path) -> Recipe:
    """The tiny recipe with the two pictures as its only style, looked at larger."""
    plan = load_recipe(assets.parent / "recipe.toml")
    pair = StyleSource(["pair/0.png", "pair/1.png"], "Pair")
    return dataclasses.replace(plan, style_size=160, styles={"pair": pair})


def targets(recipe: Recipe, assets: Path, scale: float = 1.0) -> Look:
    """What training would aim at."""
    network = load_features(assets / recipe.features)
    return style_targets(recipe, network, assets, "cpu", scale=scale)


def build(recipe: Recipe, assets: Path) -> MeasuredStyle:
    """Measure the folder for a recipe and write its features."""
    style = build_style(assets / "pair", About("pair"), Eye.of_recipe(recipe, assets))
    write_measured(style, assets / FEATURES, overwrite=True)
    return style


def from_file(recipe: Recipe) -> Recipe:
    """The recipe with the features instead of the pictures."""
    return dataclasses.replace(recipe, styles={"pair": StyleSource([FEATURES], "Pair")})


@pytest.mark.parametrize("augmentation", [None, VARIED])
@pytest.mark.parametrize("scale", [1.0, COARSE])
def test_features_stand_for_their_pictures(
    recipe: Recipe, assets: Path, augmentation: Augmentation | None, scale: float
) -> None:
    """A file built for a recipe gives the targets of its pictures, augmented or not."""
    recipe = dataclasses.replace(recipe, augmentation=augmentation)
    build(recipe, assets)
    found = to_tensors(targets(from_file(recipe), assets, scale))
    for name, wanted in to_tensors(targets(recipe, assets, scale)).items():
        assert torch.allclose(found[name], wanted, atol=1e-6), name


def test_augmentation_changes_the_targets(recipe: Recipe, assets: Path) -> None:
    """What is looked at through views looks otherwise, and another seed otherwise again."""
    looks = [
        targets(dataclasses.replace(recipe, augmentation=augmentation), assets).palette
        for augmentation in (None, VARIED, dataclasses.replace(VARIED, seed=2))
    ]
    assert not torch.allclose(looks[0], looks[1])
    assert not torch.allclose(looks[1], looks[2])


def test_training_takes_features(recipe: Recipe, assets: Path) -> None:
    """A run whose style is a file of features has all its terms, the coarse one too."""
    build(recipe, assets)
    terms = Trainer(from_file(recipe)).train_step()
    assert {"style", "palette"} <= terms.keys()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"style_size": 144}, "the scales [80, 160], and 144 is needed"),
        ({"augmentation": VARIED}, "the augmentation none, and views 2"),
        ({"features": "other.safetensors"}, "the network"),
    ],
)
def test_features_for_another_recipe_are_refused(
    recipe: Recipe, assets: Path, change: dict, what: str
) -> None:
    """Features that do not fit are an error that names the file and what to do."""
    build(recipe, assets)
    weights = (assets / "vgg.safetensors").read_bytes()
    (assets / "other.safetensors").write_bytes(weights[:-4] + b"\0\0\0\0")
    with pytest.raises(RecipeError, match=rf"^{FEATURES}: .*{re.escape(what)}.*--recipe"):
        targets(dataclasses.replace(from_file(recipe), **change), assets)


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("held_out", ["elsewhere/1.png", "photos/copy.png"])
def test_held_out_pictures_are_refused(
    recipe: Recipe, assets: Path, measured: bool, held_out: str
) -> None:
    """A held-out picture is refused by its name and as a copy, given itself or in features."""
    build(recipe, assets)
    shutil.copy(assets / "pair/1.png", assets / "photos/copy.png")
    recipe = dataclasses.replace(recipe, held_out=[held_out])
    with pytest.raises(RecipeError, match=r"1\.png is held out"):
        targets(from_file(recipe) if measured else recipe, assets)


def test_features_with_a_held_out_twin_are_refused(recipe: Recipe, assets: Path) -> None:
    """A picture that shows the same as a held-out one does not get in by its name."""
    shutil.copy(assets / "pair/1.png", assets / "pair/2.png")
    with pytest.warns(UserWarning, match="is left out"):
        (twin,) = build(recipe, assets).left_out
    recipe = dataclasses.replace(from_file(recipe), held_out=[twin.file])
    with pytest.raises(RecipeError, match=rf"{twin.file} is held out"):
        targets(recipe, assets)


def test_a_picture_that_is_too_narrow_is_named(recipe: Recipe, assets: Path) -> None:
    """A strip that gets too thin for the deepest layer is an error, and no crash inside of it."""
    Image.new("RGB", (2600, 260)).save(assets / "strip.png")
    strip = dataclasses.replace(recipe, styles={"strip": StyleSource(["strip.png"], "")})
    with pytest.raises(ImageError, match=r"strip\.png: .* 160x16 pixels, and needs 32"):
        targets(strip, assets)


def test_missing_and_foreign_features_are_named(recipe: Recipe, assets: Path) -> None:
    """A file that is not there, or holds something else, is an error that names it."""
    with pytest.raises(StyleError, match=FEATURES):
        targets(from_file(recipe), assets)
    shutil.copy(assets / "vgg.safetensors", assets / FEATURES)
    with pytest.raises(ImpastoError, match=FEATURES):
        targets(from_file(recipe), assets)
