"""The verbs `distil` and `bench features`."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import skimage
from PIL import Image
from safetensors.torch import save_file
from tests.lab.conftest import DISTIL_RECIPE, tiny_vgg

from .conftest import Call


@pytest.fixture
def recipe(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tiny distillation in the current folder, with its assets."""
    assets = tmp_path / "assets"
    for name in ("photos/coffee.png", "paintings/rocket.jpg"):
        (assets / name).parent.mkdir(parents=True)
        with Image.open(Path(skimage.data_dir) / Path(name).name) as image:
            image.convert("RGB").resize((96, 80)).save(assets / name)
    save_file(tiny_vgg(), assets / "vgg.safetensors")
    monkeypatch.setenv("IMPASTO_ASSETS", str(assets))
    (folder / "heldout.txt").write_text("photos/astronaut.png\n")
    text = DISTIL_RECIPE.replace("warmup = 1", "warmup = 1\nsteps = 20")
    (folder / "features.toml").write_text(text)
    return "features.toml"


def test_distil_writes_a_network(call: Call, folder: Path, recipe: str) -> None:
    """The file is named on standard output, steps on stderr; a second call has nothing to do."""
    ended = call("distil", recipe)
    assert (ended.code, ended.out) == (0, "runs/tiny/features.safetensors\n"), ended.err
    assert "step 20 of 20" in ended.err
    assert (folder / ended.out.strip()).is_file()
    again = call("distil", recipe, "--out", "small.safetensors")
    assert (again.code, again.out, again.err) == (0, "small.safetensors\n", "")


def test_wrong_usage_of_distil(call: Call, folder: Path, recipe: str) -> None:
    """A recipe that is missing or misspelt is one line and exit code 2, and nothing is made."""
    (folder / "wrong.toml").write_text((folder / recipe).read_text() + "\nspeed = 1\n")
    for name, told in (("missing.toml", "no such recipe"), ("wrong.toml", "speed")):
        ended = call("distil", name)
        assert (ended.code, ended.out) == (2, "")
        (line,) = ended.lines
        assert told in line
    assert not (folder / "runs").exists()


def test_bench_features_needs_its_files(call: Call, folder: Path, recipe: str) -> None:
    """A network that is not there is named; nothing is written."""
    (folder / "default.toml").write_text('name = "x"\n[styles.a]\nfiles = ["b.png"]\ntitle = "A"\n')
    words = ("bench", "features", "--recipe", "default.toml", "--out", "report.json")
    ended = call(*words, "--features", "none.safetensors", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert "none.safetensors: no such file" in ended.err
    assert not (folder / "report.json").exists()


def test_help_of_both(call: Call) -> None:
    """Both verbs say what they need."""
    for words in (("distil", "--help"), ("bench", "features", "--help")):
        ended = call(*words)
        assert ended.code == 0
        assert "IMPASTO_ASSETS" in json.dumps(ended.out)
