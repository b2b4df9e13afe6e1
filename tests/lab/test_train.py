import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.cli.app import main
from impasto.core.errors import ModelError, NumericalError, RecipeError
from impasto.lab.checkpoint import load_checkpoint
from impasto.lab.exported import read_trunk
from impasto.lab.optimiser import rate_factor
from impasto.lab.recipe import Recipe, Schedule, load_recipe
from impasto.lab.train import RunSettings, train
from impasto.lab.trainer import Trainer
from impasto.styles.library import Library
from impasto.styles.package import write_style

from .conftest import make_easel


@pytest.fixture
def recipe(workshop: Path) -> Recipe:
    """The tiny recipe."""
    return load_recipe(workshop / "recipe.toml")


def run(recipe: Recipe, folder: Path, *, steps: int) -> dict:
    """Trains until a step and returns the checkpoint."""
    schedule = dataclasses.replace(recipe.schedule, steps=steps)
    settings = RunSettings(folder, log_every=1)
    list(train(dataclasses.replace(recipe, schedule=schedule), settings))
    return load_checkpoint(folder / "checkpoint.pt")


def test_a_resumed_run_is_the_unbroken_run(recipe: Recipe, workshop: Path) -> None:
    """Four steps in one go, and two steps, a new process's start and two more, end the same."""
    flat = dataclasses.replace(recipe, schedule=dataclasses.replace(recipe.schedule, decay=0))
    whole = run(flat, workshop / "whole", steps=4)
    run(flat, workshop / "parts", steps=2)
    parts = run(flat, workshop / "parts", steps=4)
    assert whole["step"] == parts["step"] == 4
    for name, value in whole["live"].items():
        assert torch.equal(value, parts["live"][name]), name
    for name, value in whole["average"].items():
        assert torch.equal(value, parts["average"][name]), name


def test_a_run_leaves_a_log_and_a_sheet(recipe: Recipe, workshop: Path) -> None:
    """Each step is a JSON line with every term, and the sheet shows photo, identity and style."""
    run(recipe, workshop / "run", steps=3)
    lines = [json.loads(line) for line in (workshop / "run/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert {"content", "style", "perceptual", "variation", "identity"} <= lines[0].keys()
    with Image.open(workshop / "run/samples/000003.jpg") as sheet:
        assert sheet.size == (3 * 256, 256)


def test_training_lowers_the_loss(recipe: Recipe, workshop: Path) -> None:
    """Thirty steps make style and identity better than the first ones were."""
    schedule = Schedule(steps=30, warmup=5, decay=0, body_rate=0.01)
    settings = RunSettings(workshop / "run", log_every=10)
    reports = list(train(dataclasses.replace(recipe, schedule=schedule), settings))
    assert reports[-1].losses["style"] < reports[0].losses["style"]


def test_a_run_begins_with_a_model(recipe: Recipe, workshop: Path) -> None:
    """Trunk, identity and codes are the model's; a style it has not starts from the mean."""
    made = make_easel(workshop / "easel")
    shelf = workshop / "styles"
    shelf.mkdir()
    for style in made.styles:
        write_style(style, shelf / f"{style.name}.safetensors")
    source = recipe.styles["rocket"]
    trainer = Trainer(dataclasses.replace(recipe, styles={"two": source, "new": source}))
    trainer.start_from(made.model.folder, Library([shelf]))
    codes = trainer.live.book.codes.detach().numpy()
    two = made.styles[1].code.astype(np.float16)
    np.testing.assert_array_equal(codes[0], made.model.identity_code)
    np.testing.assert_array_equal(codes[1:], [two, two])
    trunk = read_trunk(made.model.folder).state_dict()
    for name, value in trainer.average.trunk.state_dict().items():
        assert torch.equal(value, trunk[name]), name


def test_a_run_begins_with_a_model_by_its_name(
    recipe: Recipe, workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the user's models is found by name, with the styles that it brings."""
    monkeypatch.setenv("IMPASTO_HOME", str(workshop / "home"))
    made, folder = make_easel(workshop / "easel"), workshop / "home" / "models" / "tiny"
    shutil.copytree(made.model.folder, folder)
    (folder / "styles").mkdir()
    write_style(made.styles[1], folder / "styles" / "two.safetensors")
    begun = dataclasses.replace(recipe, styles={"two": recipe.styles["rocket"]})
    assert not list(train(begun, RunSettings(workshop / "run", seconds=0.0, start="tiny")))
    codes = load_checkpoint(workshop / "run" / "checkpoint.pt")["live"]["book.codes"]
    np.testing.assert_array_equal(codes[1].numpy(), made.styles[1].code.astype(np.float16))


def test_a_model_that_does_not_fit_is_refused(recipe: Recipe, workshop: Path) -> None:
    """A trunk of other sizes, and a library without its styles, are errors that name it."""
    made = make_easel(workshop / "easel")
    with pytest.raises(ModelError, match="no style of this trunk"):
        Trainer(recipe).start_from(made.model.folder, Library([workshop]))
    smaller = dataclasses.replace(recipe, trunk=dataclasses.replace(recipe.trunk, widths=(8, 8)))
    with pytest.raises(ModelError, match="cannot grow"):
        Trainer(smaller).start_from(made.model.folder, Library([workshop]))


def test_a_run_stops_in_time(recipe: Recipe, workshop: Path) -> None:
    """A run with no time left saves where it is and reports nothing more."""
    long = dataclasses.replace(recipe, schedule=Schedule(steps=1000))
    assert not list(train(long, RunSettings(workshop / "run", seconds=0.0)))
    assert load_checkpoint(workshop / "run/checkpoint.pt")["step"] <= 1


def test_another_recipes_checkpoint_is_refused(recipe: Recipe, workshop: Path) -> None:
    """A checkpoint does not continue a recipe with another seed, and is left as it is."""
    run(recipe, workshop / "run", steps=1)
    before = (workshop / "run/checkpoint.pt").read_bytes()
    with pytest.raises(RecipeError, match=r"checkpoint\.pt"):
        run(dataclasses.replace(recipe, seed=2), workshop / "run", steps=2)
    assert (workshop / "run/checkpoint.pt").read_bytes() == before


def test_a_damaged_checkpoint_is_named(recipe: Recipe, workshop: Path) -> None:
    """A truncated checkpoint is an error that names the file."""
    run(recipe, workshop / "run", steps=1)
    path = workshop / "run/checkpoint.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"checkpoint\.pt"):
        run(recipe, workshop / "run", steps=2)


def test_a_loss_that_is_not_finite_stops_the_run(recipe: Recipe, workshop: Path) -> None:
    """NaN weights end the run with the term's name; the checkpoint on disk is the last good one.

    It is no wrong usage: the call ends with 1.
    """
    run(recipe, workshop / "run", steps=1)
    path = workshop / "run/checkpoint.pt"
    state = load_checkpoint(path)
    state["live"]["trunk.stem.weight"].fill_(float("nan"))
    torch.save(state, path)
    before = path.read_bytes()
    with pytest.raises(NumericalError, match="loss is nan"):
        run(recipe, workshop / "run", steps=3)
    words = (workshop / "recipe.toml", "--run", workshop / "run")
    assert main(["train", *map(str, words)]) == 1
    assert path.read_bytes() == before


def test_a_held_out_painting_is_refused(recipe: Recipe) -> None:
    """A style image on the held-out list is an error, not a silent leak."""
    leaking = dataclasses.replace(recipe, held_out=["styles/rocket.jpg"])
    with pytest.raises(RecipeError, match=r"rocket\.jpg"):
        Trainer(leaking)


def test_the_rate_rises_stays_and_falls() -> None:
    """Warm-up to the full rate, a constant middle, and a linear fall to nothing."""
    schedule = Schedule(steps=100, warmup=10, decay=20)
    factors = [rate_factor(schedule, step) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[10:80] == [1.0] * 70
    assert factors[90] == pytest.approx(0.5)
    assert factors[100] == 0
