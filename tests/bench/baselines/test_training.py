"""Training of baselines, on a few small photos."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import save_file

from impasto.bench.baselines.recipe import (
    BaselineRecipe,
    BaselineSampling,
    BaselineSchedule,
    load_baseline_recipe,
)
from impasto.bench.baselines.slim import WIDTHS, load_into
from impasto.bench.baselines.training import (
    BaselineLearner,
    export_baseline,
    new_net,
    read_curve,
    train_baseline,
)
from impasto.core.errors import RecipeError, SettingsError
from impasto.lab.train import RunSettings
from impasto.lab.yardstick import DEEP_VGG

ROOT = Path(__file__).resolve().parents[3]
TINY = BaselineRecipe(
    "tiny",
    "adain",
    schedule=BaselineSchedule(steps=4, warmup=1, decay=1),
    sampling=BaselineSampling(batch=2, crop=32, photos=1),
)


@pytest.fixture(scope="module")
def assets(gallery: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos and a painting, and an encoder as wide as the slim VGG."""
    folder = tmp_path_factory.mktemp("slim") / "assets"
    (folder / DEEP_VGG).parent.mkdir(parents=True)
    for name in ("content", "styles"):
        (folder / name).symlink_to(gallery / name)
    generator, weights, inputs = torch.Generator().manual_seed(0), {}, 3
    for block, count in enumerate((2, 2, 4, 1), start=1):
        for index in range(1, count + 1):
            shape = (WIDTHS[block - 1], inputs, 3, 3)
            scale = (2 / (9 * inputs)) ** 0.5
            weights[f"conv{block}{index}.weight"] = torch.randn(shape, generator=generator) * scale
            weights[f"conv{block}{index}.bias"] = torch.zeros(shape[0])
            inputs = shape[0]
    weights["conv0.weight"] = torch.eye(3)[..., None, None].contiguous()
    weights["conv0.bias"] = torch.zeros(3)
    save_file(weights, folder / DEEP_VGG)
    return folder


@pytest.fixture(autouse=True)
def _assets(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_ASSETS", str(assets))


@pytest.mark.parametrize("method", ["adain", "lst"])
def test_a_step_lowers_the_loss(method: str) -> None:
    """After some steps on the same batch the sum of the terms is lower."""
    learner = BaselineLearner(replace(TINY, method=method, schedule=BaselineSchedule(warmup=1)))
    batch = learner.batch(0)
    learner.batch = lambda step: batch  # type: ignore[method-assign]
    found = [sum(float(each.detach()) for each in learner.train_step().values()) for _ in range(8)]
    assert found[-1] < found[0]


def test_a_resumed_run_is_as_an_unbroken_one(tmp_path: Path) -> None:
    """A run that is left at its second step ends with the weights of a whole one, and its curve."""
    whole, broken = (RunSettings(tmp_path / name, log_every=2) for name in ("whole", "broken"))
    list(train_baseline(TINY, whole))
    assert next(train_baseline(TINY, replace(broken, checkpoint_seconds=0))).step == 2
    assert (broken.folder / "checkpoint.pt").is_file()
    list(train_baseline(TINY, broken))
    states = []
    for each in (whole, broken):
        path = each.folder / "adain.safetensors"
        export_baseline(TINY, each.folder, path)
        net = new_net("adain")
        load_into(net, path)
        states.append(net.state_dict())
        assert [point["step"] for point in read_curve(each.folder)] == [2, 4]
    for name, each in states[0].items():
        assert torch.equal(states[1][name], each), name


def test_the_recipes_of_the_project_load() -> None:
    """Both say what they train, and hold out what every training holds out."""
    for method in ("adain", "lst"):
        recipe = load_baseline_recipe(ROOT / f"recipes/baseline-{method}.toml")
        assert recipe.method == method
        assert len(recipe.held_out) == 63


def test_recipes_that_say_nonsense(tmp_path: Path) -> None:
    """An unknown method or key, or an impossible value, is named."""
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\nmethod = "gan"\n')
    with pytest.raises(RecipeError, match="method is 'gan'"):
        load_baseline_recipe(path)
    path.write_text('name = "x"\nmethod = "lst"\n[weights]\nstile = 1\n')
    with pytest.raises(RecipeError, match="stile"):
        load_baseline_recipe(path)
    with pytest.raises(SettingsError, match="crop is 8"):
        BaselineSampling(crop=8)
