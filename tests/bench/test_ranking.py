"""Ranking pictures by feature networks, on tiny ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("psutil")
stats = pytest.importorskip("scipy.stats")

import skimage  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from tests.lab.conftest import tiny_vgg  # noqa: E402

from impasto.bench.ranking import RankingSettings, measure_ranking, rank_correlation  # noqa: E402
from impasto.core.errors import InputError, SettingsError  # noqa: E402
from impasto.lab.recipe import Recipe, StyleSource  # noqa: E402
from impasto.lab.rivals import LAYERS  # noqa: E402
from impasto.lab.yardstick import DEEP_VGG, SHALLOW_VGG  # noqa: E402
from impasto.styles.library import Library  # noqa: E402

PICTURES = {
    "photos/coffee.png": "coffee.png",
    "photos/chelsea.png": "chelsea.png",
    "paintings/rocket.png": "rocket.jpg",
    "paintings/astronaut.png": "astronaut.png",
}


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Two held-out photos, a held-out painting and a style, and tiny networks for both VGGs."""
    for name, source in PICTURES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with Image.open(Path(skimage.data_dir) / source) as image:
            image.convert("RGB").resize((96, 80)).save(tmp_path / name)
    (tmp_path / "vgg").mkdir()
    for file in (SHALLOW_VGG, DEEP_VGG):
        save_file(tiny_vgg(), tmp_path / file)
    monkeypatch.setenv("IMPASTO_ASSETS", str(tmp_path))
    held_out = ["photos/coffee.png", "photos/chelsea.png", "paintings/rocket.png"]
    styles = {"space": StyleSource(["paintings/astronaut.png"], "Space")}
    return Recipe("tiny", styles, held_out=held_out, photos="photos")


def test_a_network_agrees_with_itself(recipe: Recipe, tmp_path: Path) -> None:
    """Where all networks are one, shallow ranks are equal; costs and pictures are told."""
    seen: list[tuple[int, int]] = []
    report = measure_ranking(
        RankingSettings(photos=2),
        recipe,
        tmp_path / SHALLOW_VGG,
        library=Library([]),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(number, 8) for number in range(1, 9)]
    assert report.pictures == 5
    ours, heads, slim = report.networks
    assert (ours.name, heads.name, slim.name) == ("features", "features, heads", "slim VGG")
    assert set(ours.styles) == {"rocket", "space"}
    assert [ours.held_out.all[name] for name in LAYERS[:3]] == [1, 1, 1]
    assert [heads.others.all[name] for name in LAYERS[3:]] == [1, 1]
    assert ours.parameters == slim.parameters > 0
    assert json.loads(json.dumps(report.as_dict()))["benchmark"] == "features"


def test_what_is_needed(recipe: Recipe, tmp_path: Path) -> None:
    """Without held-out paintings, or with impossible settings, an error says what is wrong."""
    recipe.held_out.remove("paintings/rocket.png")
    with pytest.raises(InputError, match="no paintings"):
        measure_ranking(RankingSettings(), recipe, tmp_path / SHALLOW_VGG, library=Library([]))
    for wrong in ({"photos": 0}, {"size": 64}, {"strengths": (0.0,)}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            RankingSettings(**wrong)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=20))
def test_rank_correlation_is_spearmans(pairs: list[tuple[int, int]]) -> None:
    """Equal to scipy's, ties included; 0 where there is no order."""
    first, second = np.array(pairs, dtype=np.float64).T
    found = rank_correlation(first, second)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert found == 0
    else:
        assert found == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-9)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20, unique=True))
def test_only_the_order_counts(values: list[float]) -> None:
    """A rising function of all values is 1, a falling one -1."""
    array = np.array(values)
    ranks = array.argsort().argsort().astype(np.float64)
    assert rank_correlation(array, np.exp(ranks / 10)) == pytest.approx(1)
    assert rank_correlation(array, -ranks) == pytest.approx(-1)
