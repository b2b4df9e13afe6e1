"""The verb `fit`."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.core.errors import InputError
from impasto.lab.fit import Fit, FitProgress
from impasto.styles.package import Style, read_style, write_style

from ..lab.conftest import Easel, make_easel
from .conftest import Call, Ended

FitCall = Callable[..., Ended]


@pytest.fixture
def easel(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Easel:
    """A tiny model with two styles among the user's own, few made scenes, and `pictures/a.png`."""
    monkeypatch.setattr("impasto.lab.contents.SCENES", 4)
    monkeypatch.setattr("impasto.lab.contents.SIDE", 64)
    easel = make_easel(folder)
    for style in easel.styles:
        write_style(style, home / "styles" / f"{style.name}.safetensors")
    easel.picture("rocket.jpg").rename(folder / "pictures" / "a.jpg")
    return easel


@pytest.fixture
def fit(call: Call, easel: Easel) -> FitCall:
    """Call `fit` on the tiny model for two steps."""

    def run(*argv: object, steps: int = 2) -> Ended:
        fixed = ["--model", easel.model.folder, "--features", easel.network, "--steps", steps]
        return call("fit", *argv, *fixed)

    return run


def test_a_style_is_fitted_and_installed(fit: FitCall, home: Path, folder: Path) -> None:
    """The style is among the user's own, the call prints where, and pictures show the way."""
    words = ["--name", "rocket", "--title", "A rocket", "--artist", "NASA", "--year", 1969]
    ended = fit("pictures", *words, "--licence", "CC0-1.0", "--progress", "way", steps=4)
    path = home / "styles" / "rocket.safetensors"
    assert (ended.code, ended.out) == (0, f"{path}\n")
    style = read_style(path)
    assert (style.title, style.artist, style.year, style.licence) == (
        "A rocket", "NASA", 1969, "CC0-1.0"
    )  # fmt: skip
    assert any(line.startswith("impasto: starts from ") for line in ended.lines)
    assert any("total" in line for line in ended.lines)
    with Image.open(folder / "way" / "000000.jpg") as painted:
        assert painted.size == (600, 400)


def test_a_fit_starts_from_the_styles_of_its_model(fit: FitCall, easel: Easel, home: Path) -> None:
    """They may lie in the model's folder; a new style in front of one of them is warned of."""
    (home / "styles").rename(easel.model.styles_folder)
    ended = fit("pictures", "--name", "one")
    assert (ended.code, ended.out) == (0, f"{home / 'styles' / 'one.safetensors'}\n")
    assert any(line.startswith("impasto: starts from ") for line in ended.lines)
    assert "starts from identity" not in ended.err
    assert "style 'one' now stands in front of" in ended.err


def test_the_same_call_makes_the_same_code(fit: FitCall, folder: Path) -> None:
    """With steps a fit is repeatable; the file is the one that was asked for."""
    for name in ("a", "b"):
        ended = fit("pictures/a.jpg", "--name", "x", "-o", f"{name}.safetensors")
        assert (ended.code, ended.out) == (0, f"{name}.safetensors\n")
    first, second = (read_style(folder / f"{name}.safetensors") for name in ("a", "b"))
    assert np.array_equal(first.code, second.code)


def after_each_step(monkeypatch: pytest.MonkeyPatch, do: Callable[[Fit], None]) -> None:
    """Let something happen after each step of all fits."""
    run = Fit.run

    def disturbed(self: Fit) -> Iterator[FitProgress]:
        for report in run(self):
            yield report
            do(self)

    monkeypatch.setattr(Fit, "run", disturbed)


def test_ctrl_c_keeps_the_best_so_far(
    fit: FitCall, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted fit writes its package, says so, and ends well."""

    def interrupt(_: Fit) -> None:
        raise KeyboardInterrupt

    after_each_step(monkeypatch, interrupt)
    ended = fit("pictures", "--name", "x", "-o", "x.safetensors", steps=50)
    assert (ended.code, ended.out) == (0, "x.safetensors\n")
    assert any("interrupted at step 1: the best so far is kept" in line for line in ended.lines)
    assert isinstance(read_style(folder / "x.safetensors"), Style)


def test_an_error_on_the_way_keeps_the_best_so_far(
    fit: FitCall, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fit that cannot go on says why, writes what it has, and ends with 1."""

    def fail(running: Fit) -> None:
        if running.best.step:
            raise InputError("the loss is not a number")

    after_each_step(monkeypatch, fail)
    ended = fit("pictures", "--name", "x", "-o", "x.safetensors", steps=50)
    assert (ended.code, ended.out) == (1, "x.safetensors\n")
    assert any("is kept: the loss is not a number" in line for line in ended.lines)
    assert isinstance(read_style(folder / "x.safetensors"), Style)


def test_a_style_that_finds_no_place_is_not_lost(
    fit: FitCall, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the folder is gone when the fit is done, the style is kept, and the line says where."""
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    (folder / "gone").mkdir()
    after_each_step(monkeypatch, lambda _: shutil.rmtree("gone", ignore_errors=True))
    ended = fit("pictures", "--name", "x", "-o", "gone/x.safetensors")
    assert (ended.code, ended.out) == (1, "")
    kept = Path(ended.lines[-1].rsplit("kept as ", 1)[1])
    assert read_style(kept).name == "x"


def test_a_full_fit_writes_a_model(fit: FitCall, folder: Path) -> None:
    """--full leaves a model folder, and a style that fits it and not the first model."""
    ended = fit("pictures", "--name", "x", "-o", "x.safetensors", "--full", "tuned", steps=1)
    assert ended.code == 0
    trunk_id = read_style(folder / "x.safetensors").trunk_id
    assert trunk_id in (folder / "tuned" / "manifest.json").read_text()
    again = fit("pictures", "--name", "x", "-o", "y.safetensors", "--full", "tuned", steps=1)
    assert (again.code, len(again.lines)) == (1, 1)
    assert "tuned exists already" in again.err


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["missing", "--name", "x"], 2, "missing: no such picture or folder"),
        (["empty", "--name", "x"], 2, "empty: no pictures"),
        (["broken.jpg", "--name", "x"], 2, "broken.jpg"),
        (["tiny.png", "--name", "x"], 2, "too small"),
        (["moving.png", "--name", "x"], 2, "animated"),
        (["pictures", "--name", "Bad Name"], 2, "is no style name"),
        (["pictures", "--name", "one"], 2, "you have a style 'one' already"),
        (["pictures", "--name", "x", "--minutes", "0"], 2, "above 0"),
        (["pictures", "--name", "x", "--photos", "empty"], 2, "empty: no pictures"),
        (["pictures", "--name", "x", "--title", "a\nb"], 2, "unprintable"),
        (["pictures", "--name", "x", "-o", "x.jpg"], 2, "*.safetensors"),
        (["pictures", "--name", "x", "-o", "no/x.safetensors"], 1, "there is no folder"),
        (["pictures", "--name", "x", "-o", "there.safetensors"], 1, "exists already"),
        (["pictures", "--name", "x", "--full", "empty", "--overwrite"], 1, "is not a model folder"),
        (["pictures"], 2, "--name"),
    ],
)
def test_bad_input_is_one_line(
    fit: FitCall, folder: Path, home: Path, words: list[str], code: int, problem: str
) -> None:
    """What cannot be used is named in one line, and no file is written or changed."""
    (folder / "empty").mkdir()
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "there.safetensors").write_bytes(b"mine")
    Image.new("RGB", (100, 100)).save(folder / "tiny.png")
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "green")]
    frames[0].save(folder / "moving.png", save_all=True, append_images=frames[1:])
    before = sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))
    ended = fit(*words)
    lines = [line for line in ended.lines if "warning" not in line]
    assert (ended.code, len(lines)) == (code, 1)
    assert problem in ended.err
    assert sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*")) == before
    assert not (home / "styles" / "x.safetensors").exists()


def test_a_home_that_takes_no_style_is_told_first(
    fit: FitCall, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any picture is looked at: nothing is trained that then has no place."""
    (folder / "file").touch()
    monkeypatch.setenv("IMPASTO_HOME", str(folder / "file"))
    ended = fit("missing", "--name", "x")
    lines = [line for line in ended.lines if "warning" not in line]
    assert (ended.code, len(lines)) == (1, 1)
    assert "cannot write to the folder" in lines[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_named(fit: FitCall, folder: Path) -> None:
    """Before any picture is looked at, in one line."""
    ended = fit("missing", "--name", "x", "--device", "cuda")
    assert (ended.code, len(ended.lines)) == (1, 1)
    assert "sees no such device" in ended.err


@pytest.mark.parametrize(
    ("given", "problem"), [("none", "no model 'none'"), ("./a", "cannot read")]
)
def test_an_unknown_model_is_named(call: Call, easel: Easel, given: str, problem: str) -> None:
    """A model that is not there is wrong usage."""
    ended = call("fit", "pictures", "--name", "x", "--model", given, "--features", easel.network)
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert problem in ended.err


def test_a_missing_extra_is_named(
    call: Call, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch the message names the extra that brings it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ended = call("fit", "pictures", "--name", "x")
    assert ended.code == 1
    assert "pip install 'impasto[train]'" in ended.err
