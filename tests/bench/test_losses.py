"""A whole measurement of losses, small: controls, what is left out, and what comes of it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

pytest.importorskip("onnx")
pytest.importorskip("torch")

from impasto.bench.losses import decibels, measure_losses
from impasto.bench.losses_report import COLOURS, IMPASTO, PEER, PHOTO, LossReport, LossRow
from impasto.bench.losses_table import markdown
from impasto.bench.peers import RELEASED, write_transformer_net
from impasto.bench.settings import LossSettings
from impasto.core.errors import ImageError, ImpastoWarning, InputError, ModelError, SettingsError
from impasto.lab.judge import JUDGE
from impasto.lab.recipe import Recipe, StyleSource
from impasto.lab.yardstick import SHALLOW_VGG

from .conftest import PAINTING

SMALL = LossSettings(crops=6, strengths=(0.5,), size=128)
Measured = tuple[LossReport, list[str], list[tuple[int, int]]]


@pytest.fixture(scope="module")
def assets(gallery: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The assets with a network of the peer's kind for udnie, and none for the other two."""
    folder = tmp_path_factory.mktemp("with-peer") / "assets"
    shutil.copytree(gallery, folder)
    weights = folder / RELEASED
    weights.parent.mkdir(parents=True)
    peer = write_transformer_net(tmp_path_factory.mktemp("peer"))
    shutil.copy(peer.graph.with_suffix(".safetensors"), weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_ASSETS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def measured(assets: Path, recipe: Recipe) -> Measured:
    """A measurement of two photos, the warnings on the way, and the progress it told."""
    steps: list[tuple[int, int]] = []
    with pytest.warns(ImpastoWarning) as warned:
        report = measure_losses(SMALL, recipe, progress=lambda *step: steps.append(step))
    return report, [str(each.message) for each in warned], steps


def find(report: LossReport, method: str, style: str = "udnie", strength: float = 1.0) -> LossRow:
    """The row of a method."""
    wanted = (method, style, strength if method == IMPASTO else None)
    (row,) = (row for row in report.rows if (row.method, row.style, row.strength) == wanted)
    return row


def test_the_unchanged_photo_is_the_measure(measured: Measured) -> None:
    """Its content loss is 0, and everything relative to it is 1."""
    row = find(measured[0], PHOTO)
    assert row.content == 0
    found = (row.style_normalised, row.judge_normalised, row.ssim, row.edges, row.lines)
    assert found == (1, 1, 1, 1, 1)


def test_every_method_is_measured(measured: Measured) -> None:
    """Colours, impasto at each strength, and the peer, all with numbers of their own."""
    report = measured[0]
    rows = [find(report, COLOURS), find(report, PEER)]
    rows += [find(report, IMPASTO, strength=strength) for strength in (0.5, 1.0)]
    for row in rows:
        assert row.content is not None
        assert row.content > 0
        assert None not in (row.style_normalised, row.judge_normalised, row.lines)
        assert row.ssim is not None
        assert row.ssim < 1
        assert row.note == ""
    assert len({row.style_loss for row in rows}) == 4
    contents = [find(report, IMPASTO, strength=strength).content or 0 for strength in (0.5, 1.0)]
    assert contents == sorted(contents)


def test_what_cannot_be_run_says_why(measured: Measured) -> None:
    """Networks without weights and a style that is not installed are rows with the reason."""
    report, warned, _ = measured
    left_out = [find(report, PEER, "candy"), find(report, PEER, "mosaic")]
    left_out.append(find(report, IMPASTO, "unborn"))
    for row in left_out:
        assert row.note.startswith("not run: ")
        assert (row.content, row.style_loss, row.judge) == (None, None, None)
        assert any(row.note.removeprefix("not run: ") in line for line in warned)
    assert find(report, PHOTO, "unborn").style_normalised == 1
    assert len(warned) == 3


def test_of_what_and_on_what(measured: Measured) -> None:
    """The report says how many photos, crops and straight ones, and which model."""
    report, _, steps = measured
    assert (report.photos, report.straight_photos, report.crops, report.size) == (2, 1, 6, 128)
    assert report.engine.precision == "float32"
    assert len(report.model.trunk_id) == 64
    assert {"torch", "scikit-image", "openvino"} <= set(report.versions)
    assert steps == [(1, 2), (2, 2)]
    assert 10 < report.identity.least_db <= report.identity.mean_db
    (equal,) = report.equal_content
    assert (equal.style, equal.content) == ("udnie", find(report, PEER).content)


def test_the_report_is_json_and_a_table(measured: Measured) -> None:
    """It survives strict JSON, and each row of the Markdown table has all cells."""
    report = measured[0]
    record = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert record["benchmark"] == "losses"
    assert len(record["rows"]) == len(report.rows) == 10
    table = [line for line in markdown(report).splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(report.rows)
    assert {line.count("|") for line in table} == {9}
    assert "| udnie | unchanged photo | 1.000 | 0.000 | 1.000 |" in "\n".join(table)
    assert "strength 0.5" in "\n".join(table)
    assert "Identity code: " in markdown(report)


def test_equal_calls_measure_equal_numbers(assets: Path, recipe: Recipe) -> None:
    """Crops and lines have seeds: a second call gives the same rows.

    The folder's only photo is the style's own picture, so it has no style loss.
    """
    with pytest.warns(ImpastoWarning):
        rows = [
            measure_losses(
                LossSettings(("unborn",), crops=4, size=128), recipe, assets / "styles"
            ).rows
            for _ in range(2)
        ]
    assert rows[0] == rows[1]
    photo = next(row for row in rows[0] if row.method == PHOTO)
    assert photo.style_loss is not None
    assert photo.style_loss < 1e-3


@pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")
def test_without_a_judge_or_pictures(
    gallery: Path, tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its weights the judge's column is empty; a style of mere features is not run."""
    folder = tmp_path / "assets"
    shutil.copytree(gallery, folder)
    (folder / JUDGE).unlink()
    monkeypatch.setenv("IMPASTO_ASSETS", str(folder))
    sources = {
        "udnie": StyleSource([PAINTING], "Udnie"),
        "school": StyleSource(["school.features.safetensors"], "A school"),
    }
    with pytest.warns(ImpastoWarning, match="the judge is left out"):
        report = measure_losses(
            LossSettings(photos=1, size=128), Recipe("r", sources, held_out=recipe.held_out)
        )
    assert report.crops == 0
    assert {row.judge for row in report.rows} == {None}
    assert find(report, IMPASTO, "school").note.startswith("not run: the recipe names its features")
    assert "no judge" in markdown(report)


def test_missing_networks_and_photos_end_at_once(
    gallery: Path, tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the VGG, with a damaged photo, an unknown style or model: an error names it."""
    monkeypatch.setenv("IMPASTO_ASSETS", str(tmp_path))
    folder = tmp_path / "photos"
    shutil.copytree(gallery / "content/photos", folder)
    with pytest.raises(ModelError, match=SHALLOW_VGG.name):
        measure_losses(SMALL, recipe, folder)
    with pytest.raises(InputError, match="has no style 'nobody': it has udnie, unborn"):
        measure_losses(LossSettings(("nobody",)), recipe, folder)
    with pytest.raises(ModelError, match="no model 'nothing'"):
        measure_losses(LossSettings(model="nothing"), recipe, folder)
    (folder / "zebra.jpg").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"zebra\.jpg"):
        measure_losses(SMALL, recipe, folder)


def test_decibels_of_known_pictures() -> None:
    """One step everywhere is 48.13 dB; equal pictures are finite, and better."""
    black = np.zeros((4, 5, 3), np.uint8)
    assert decibels(black, black + 1) == pytest.approx(48.13, abs=0.01)
    assert decibels(black, black) == pytest.approx(148.13, abs=0.01)


@pytest.mark.parametrize(
    "change", [{"photos": 0}, {"crops": 1}, {"size": 64}, {"strengths": (0.5, 1.5)}]
)
def test_settings_out_of_range(change: dict[str, object]) -> None:
    """A value that cannot be measured is refused with the value."""
    with pytest.raises(SettingsError, match=r"is (0|1|64|1\.5): it must be"):
        LossSettings(**change)  # type: ignore[arg-type]


def test_strengths_have_the_full_one_and_an_order() -> None:
    """Strength 1 is always measured, once, and last."""
    assert LossSettings(strengths=(0.9, 1.0, 0.3)).curve == (0.3, 0.9, 1.0)


def test_weights_of_another_network_are_not_run(
    gallery: Path, tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged file of a peer's weights costs its row and nothing else."""
    folder = tmp_path / "assets"
    shutil.copytree(gallery, folder)
    (folder / RELEASED).parent.mkdir(parents=True)
    save_file({"conv1.conv2d.bias": np.zeros(32, np.float16)}, folder / RELEASED)
    monkeypatch.setenv("IMPASTO_ASSETS", str(folder))
    with pytest.warns(ImpastoWarning):
        report = measure_losses(LossSettings(("udnie",), photos=1, crops=2, size=128), recipe)
    assert "not the weights of pytorch/examples" in find(report, PEER).note
    assert report.equal_content == []
