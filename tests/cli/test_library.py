"""The verb group `library`."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from impasto.lab.style_file import read_measured

from .conftest import Call, Ended

Build = Callable[..., Ended]


def paint(path: Path, seed: int, side: int = 300) -> None:
    """Coarse random blocks of colour: no two seeds look alike."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize((side, side), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def pictures(folder: Path) -> Path:
    """Two pictures, one of them described."""
    (folder / "pictures").mkdir()
    for seed in range(2):
        paint(folder / "pictures" / f"{seed}.png", seed)
    (folder / "pictures" / "pictures.csv").write_text("file,medium\n0.png,oil\n")
    return folder / "pictures"


@pytest.fixture
def build(call: Call, folder: Path) -> Build:
    """Call `library build` with a feature network of two channels."""
    generator, weights, inputs = torch.Generator().manual_seed(0), {}, 3
    for layer in ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1", "4_2", "4_3"):
        weights[f"conv{layer}.weight"] = torch.randn((2, inputs, 3, 3), generator=generator)
        weights[f"conv{layer}.bias"] = torch.zeros(2)
        inputs = 2
    for layer in ("4_4", "5_1"):
        weights[f"conv{layer}.weight"] = torch.randn((2, 2, 3, 3), generator=generator)
        weights[f"conv{layer}.bias"] = torch.zeros(2)
    weights["conv0.weight"], weights["conv0.bias"] = torch.eye(3)[..., None, None], torch.zeros(3)
    save_file(weights, folder / "vgg.safetensors")

    def run(*argv: object) -> Ended:
        return call("library", "build", *argv, "--features", folder / "vgg.safetensors")

    return run


def test_build_writes_features(build: Build, pictures: Path, folder: Path) -> None:
    """The file carries the style's name, both scales and what the table said."""
    ended = build(pictures, "--name", "blocks", "--title", "Blocks", "--scale", "64", "--scale", 32)
    assert (ended.code, ended.out) == (0, "blocks.features.safetensors\n")
    style = read_measured(folder / "blocks.features.safetensors")
    assert (style.name, style.title, list(style.looks)) == ("blocks", "Blocks", [64, 32])
    assert [each.medium for each in style.pictures] == ["oil", "unknown"]
    assert "impasto: 2 pictures" in ended.lines
    assert "impasto: medium: oil 1, unknown 1" in ended.lines
    assert any("warning: 2 of 2 pictures are below 1024" in line for line in ended.lines)


def test_build_prints_the_manifest(build: Build, pictures: Path, folder: Path) -> None:
    """--json gives the manifest and the coverage, and -o says where the file goes."""
    out = folder / "own.safetensors"
    words = ["--name", "blocks", "--scale", 64, "-o", out, "--json", "--licence", "CC0"]
    facts = json.loads(build(pictures, *words).out)
    assert facts["output"] == str(out)
    assert facts["coverage"]["medium"] == {"oil": 1, "unknown": 1}
    assert [each["licence"] for each in facts["pictures"]] == ["CC0", "CC0"]
    assert out.is_file()


def test_build_for_a_recipe(
    build: Build, call: Call, pictures: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--recipe takes network, scales and augmentation from a recipe, and excludes what it says."""
    monkeypatch.setenv("IMPASTO_ASSETS", str(folder))
    (folder / "own.toml").write_text(
        'name = "x"\nstyle_size = 128\nfeatures = "vgg.safetensors"\n[augmentation]\nviews = 1\n'
        '[styles.blocks]\nfiles = ["blocks.features.safetensors"]\ntitle = "Blocks"\n'
    )
    words = (pictures, "--name", "blocks", "--recipe", "own.toml")
    assert build(*words).code == 2  # gives --features, too
    ended = call("library", "build", *words)
    assert ended.code == 0, ended.err
    style = read_measured(folder / "blocks.features.safetensors")
    assert list(style.looks) == [128, 64]
    assert style.augmentation.startswith("views 1, degrees 10,")


def test_build_does_not_overwrite(build: Build, pictures: Path, folder: Path) -> None:
    """A file of the name stays unless --overwrite is given."""
    target = folder / "blocks.features.safetensors"
    target.write_bytes(b"mine")
    words = [pictures, "--name", "blocks", "--scale", 64]
    ended = build(*words)
    assert ended.code == 1
    assert "exists already" in ended.err
    assert target.read_bytes() == b"mine"
    assert build(*words, "--overwrite").code == 0
    assert read_measured(target).name == "blocks"


def test_a_bad_picture_is_named_and_nothing_written(
    build: Build, pictures: Path, folder: Path
) -> None:
    """Damaged and tiny pictures are told in one line, and no file is left behind."""
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    paint(pictures / "tiny.png", 7, side=100)
    before = sorted(folder.iterdir())
    ended = build(pictures, "--name", "blocks")
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert "broken.jpg" in ended.err
    assert "tiny.png is too small (100x100)" in ended.err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["empty", "--name", "blocks"], "empty: no pictures"),
        (["missing", "--name", "blocks"], "missing: no such folder"),
        (["pictures", "--name", "Bad Name"], "is no style name"),
        (["pictures", "--name", "blocks", "--scale", "8"], "--scale"),
        (["pictures"], "--name"),
        (
            ["pictures", "--name", "blocks", "-o", "s.st"],
            "s.st: a file of style features is called",
        ),
    ],
)
def test_wrong_usage(
    build: Build, pictures: Path, folder: Path, words: list[str], problem: str
) -> None:
    """What cannot be meant is one line and exit code 2."""
    (folder / "empty").mkdir()
    ended = build(*words)
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert problem in ended.err


def test_a_missing_extra_is_named(
    build: Build, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch or imagehash the message names the extra that brings them."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ended = build(pictures, "--name", "blocks")
    assert ended.code == 1
    assert "pip install 'impasto[train]'" in ended.err
