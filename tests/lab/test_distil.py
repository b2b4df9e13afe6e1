import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from impasto.core.errors import EngineError, InputError, ModelError, RecipeError
from impasto.lab.checkpoint import load_checkpoint
from impasto.lab.distil import distil, export_features
from impasto.lab.distil_recipe import DistilRecipe, load_distil_recipe
from impasto.lab.distiller import Distiller, Heads, distance_error, feature_error
from impasto.lab.features import load_features
from impasto.lab.lessons import Lesson
from impasto.lab.student import StudentSettings, new_student
from impasto.lab.train import RunSettings

LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]


@pytest.fixture
def recipe(workshop: Path) -> DistilRecipe:
    """The tiny distillation."""
    return load_distil_recipe(workshop / "features.toml")


def run(recipe: DistilRecipe, folder: Path, *, steps: int) -> dict:
    """Distils until a step and returns the checkpoint."""
    schedule = dataclasses.replace(recipe.schedule, steps=steps)
    list(distil(dataclasses.replace(recipe, schedule=schedule), RunSettings(folder, log_every=1)))
    return load_checkpoint(folder / "checkpoint.pt")


def test_a_resumed_run_is_the_unbroken_run(recipe: DistilRecipe, workshop: Path) -> None:
    """Five steps in one go, and three and two after a new start, end the same to the bit."""
    whole = run(recipe, workshop / "whole", steps=5)
    run(recipe, workshop / "parts", steps=3)
    parts = run(recipe, workshop / "parts", steps=5)
    assert whole["step"] == parts["step"] == 5
    for kind in ("live", "average"):
        for name, value in whole[kind].items():
            assert torch.equal(value, parts[kind][name]), name


def test_distilling_lowers_both_terms(recipe: DistilRecipe, workshop: Path) -> None:
    """On one batch, features and distances come nearer to the teachers'; each layer is logged."""
    schedule = dataclasses.replace(recipe.schedule, steps=40, decay=20)
    sampling = dataclasses.replace(recipe.sampling, kept=1, uses=40)
    one_batch = dataclasses.replace(recipe, schedule=schedule, sampling=sampling)
    reports = list(distil(one_batch, RunSettings(workshop / "run", log_every=5)))
    assert reports[-1].losses["features"] < reports[0].losses["features"]
    assert reports[-1].losses["distances"] < reports[0].losses["distances"]
    lines = [json.loads(line) for line in (workshop / "run/log.jsonl").read_text().splitlines()]
    assert {"step", "features", "distances", "relu1_1", "relu5_1"} <= lines[-1].keys()


def test_distilling_on_pictures_that_deceive(recipe: DistilRecipe, workshop: Path) -> None:
    """With rippled and lured variants every term is a number, and they fall as well."""
    schedule = dataclasses.replace(recipe.schedule, steps=40, decay=20)
    sampling = dataclasses.replace(recipe.sampling, kept=1, uses=40, rippled=0.5, lured=0.5)
    deceived = dataclasses.replace(recipe, schedule=schedule, sampling=sampling)
    reports = list(distil(deceived, RunSettings(workshop / "run", log_every=5)))
    assert reports[-1].losses["distances"] < reports[0].losses["distances"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there(recipe: DistilRecipe, workshop: Path) -> None:
    """It is named in one line, and no run's folder is made."""
    with pytest.raises(EngineError, match=r"device cuda: torch .* sees no such device"):
        list(distil(recipe, RunSettings(workshop / "run", device="cuda")))
    assert not (workshop / "run").exists()


def test_heads_are_the_best_linear_map() -> None:
    """Heads solved from one batch leave what least squares leaves, or hardly more."""
    generator = torch.Generator().manual_seed(0)
    student = new_student(StudentSettings((4, 4, 4, 4, 4)), {"relu1_1": 6})
    narrow = torch.rand(3, 4, 9, 9, generator=generator)
    wanted = 5 * torch.randn(3, 6, 9, 9, generator=generator) + 3
    Heads(student).learn({"relu1_1": narrow}, Lesson(narrow, {"relu1_1": wanted}, {}))
    x, y = (each.permute(0, 2, 3, 1).flatten(0, 2) for each in (narrow, wanted))
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    least = (x @ torch.linalg.lstsq(x, y).solution - y).square().mean()
    left = (student.heads["relu1_1"](narrow) - wanted).square().mean()
    assert least <= left < 1.01 * least


def test_heads_remember_earlier_batches() -> None:
    """After two batches with opposite targets the heads give about their mean."""
    student = new_student(StudentSettings((4, 4, 4, 4, 4)), {"relu1_1": 2})
    heads, narrow = Heads(student), torch.rand(2, 4, 9, 9)
    for value in (1.0, 3.0):
        wanted = torch.full((2, 2, 9, 9), value)
        heads.learn({"relu1_1": narrow}, Lesson(narrow, {"relu1_1": wanted}, {}))
    assert student.heads["relu1_1"](narrow).mean().item() == pytest.approx(2.0, abs=0.05)


def test_teachers_are_asked_once_a_batch(recipe: DistilRecipe) -> None:
    """A batch that is used again comes with the answers that are kept."""
    distiller = Distiller(recipe)
    for _ in range(recipe.sampling.kept * recipe.sampling.uses):
        distiller.train_step()
    assert distiller.lesson.cache_info().misses == recipe.sampling.kept


def test_errors_are_relative() -> None:
    """Guessing each channel's mean is an error of 1; a factor on all distances costs its log."""
    wanted = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    guess = wanted.mean(dim=(0, 2, 3), keepdim=True).expand_as(wanted)
    torch.testing.assert_close(feature_error(guess, wanted), torch.tensor(1.0))
    apart = torch.tensor([[0.0, 4.0], [6.0, 0.0]])
    assert distance_error(apart, apart) == 0
    torch.testing.assert_close(
        distance_error(2 * apart, apart).sqrt(), torch.tensor(0.69), atol=0.01, rtol=0
    )


def test_what_is_written_is_the_mean_network(recipe: DistilRecipe, workshop: Path) -> None:
    """The file holds the run's mean network to float16, loads, and says how it was made."""
    state, path = run(recipe, workshop / "run", steps=2), workshop / "small.safetensors"
    export_features(recipe, workshop / "run", path)
    network, plain = load_features(path), new_student(recipe.student, dict.fromkeys(LAYERS, 8))
    plain.load_state_dict(state["average"])
    image = torch.rand(1, 3, 32, 32)
    wanted = plain(image, LAYERS, heads=True)
    for name, found in network(image, LAYERS, heads=True).items():
        assert feature_error(found, wanted[name]) < 1e-3, name
    with safe_open(path, "pt") as file:
        record = json.loads(file.metadata()["impasto"])
        assert {file.get_tensor(key).dtype for key in file.keys()} == {torch.float16}  # noqa: SIM118
    assert (record["format_version"], record["name"], record["steps"]) == (1, "tiny", 2)
    (teacher,) = record["teachers"]
    assert (teacher["file"], len(teacher["sha256"])) == ("vgg.safetensors", 64)


def test_runs_that_do_not_fit(recipe: DistilRecipe, workshop: Path) -> None:
    """No checkpoint, and one of another recipe, are errors, and nothing is written."""
    path = workshop / "small.safetensors"
    with pytest.raises(ModelError, match="no such checkpoint"):
        export_features(recipe, workshop / "none", path)
    run(recipe, workshop / "run", steps=1)
    other = dataclasses.replace(recipe, seed=2)
    for use in (
        lambda: list(distil(other, RunSettings(workshop / "run"))),
        lambda: export_features(other, workshop / "run", path),
    ):
        with pytest.raises(RecipeError, match=r"checkpoint\.pt"):
            use()
    assert not path.exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("batch = 4", "batch = 5", "batch is 5"),
        ("crop = 32", "crop = 16", "crop is 16"),
        ("uses = 2", "uses = 0", "kept, uses"),
        ("uses = 2", "lured = 1.5", "rippled, lured"),
        ("widths = [4, 4, 4, 8, 8]", "widths = [4]", "widths"),
        ("[sampling]", "[sample]", "unknown keys"),
        ("[teachers]", "[masters]", "no teachers"),
    ],
)
def test_bad_recipes(workshop: Path, old: str, new: str, told: str) -> None:
    """A misspelt or impossible value is an error that names the file and the value."""
    path = workshop / "features.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=rf"features\.toml.*{told}"):
        load_distil_recipe(path)
