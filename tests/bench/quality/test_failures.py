"""What a method does that nobody expects, and what ends a run."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("torchmetrics")

from impasto.bench.contender import StyleImage
from impasto.bench.quality import public_run
from impasto.bench.quality.controls import ColourTransfer
from impasto.bench.quality.resources import measure_resources
from impasto.bench.quality.results import load_results
from impasto.bench.quality.run import Inputs, measure_quality
from impasto.bench.quality.settings import QualitySettings
from impasto.bench.quality.tables import left_out
from impasto.lab.public import PublicMeasures
from impasto.lab.recipe import Recipe

SMALL = QualitySettings(("udnie",), ("photo", "colours"), photos=2, size=128, crops=6, sizes=())
pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")


def test_a_method_may_fail_in_any_way(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Looking at a style raises what no one expects: it is recorded, and the others are run."""

    def failing(self: ColourTransfer, style: StyleImage) -> None:
        raise RuntimeError("shapes [3, 4] and [5, 6] cannot be\nmultiplied")

    settings = replace(SMALL, methods=("photo", "colours", "style"), sizes=(32,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ColourTransfer, "check", failing)
        assert measure_quality(settings, Inputs(recipe, gallery), tmp_path) == 0
        measure_resources(settings, Inputs(recipe, gallery), tmp_path)
    results = load_results(tmp_path)
    (found,) = results.of("not run")
    assert (found["method"], found["style"]) == ("colours", "udnie")
    assert found["why"] == "shapes [3, 4] and [5, 6] cannot be multiplied"
    assert len(results.of("painting", method="style", error=None)) == 2


def test_ending_it_by_hand_ends_it(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Ctrl-C is no failure of a method: nothing is recorded of it, and a later call goes on."""

    def interrupted(self: ColourTransfer, *args: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ColourTransfer, "paint", interrupted)
        with pytest.raises(KeyboardInterrupt):
            measure_quality(SMALL, Inputs(recipe, gallery), tmp_path)
    assert load_results(tmp_path).of("painting", method="colours") == []
    assert measure_quality(SMALL, Inputs(recipe, gallery), tmp_path) == 0
    assert len(load_results(tmp_path).of("painting", method="colours", error=None)) == 2


def test_a_damaged_painting_stops_no_run(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """The judge and the public measures say why they have nothing, and a later call tries again."""
    (tmp_path / "out").mkdir()
    measures = PublicMeasures({}, {"lpips": lambda painting, photo: 0.5}, {})
    measure_quality(SMALL, Inputs(recipe, gallery), tmp_path / "out")
    path = next((tmp_path / "out/controls/colours/udnie").iterdir())
    whole = path.read_bytes()
    lines = (tmp_path / "out/results.jsonl").read_text().splitlines(keepends=True)
    kept = [each for each in lines if '"kind": "set"' not in each]
    (tmp_path / "out/results.jsonl").write_text("".join(kept))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(public_run, "public_measures", lambda: measures)
        path.write_bytes(whole[:100])
        assert measure_quality(SMALL, Inputs(recipe, gallery), tmp_path / "out") == 0
        found = left_out(load_results(tmp_path / "out")).rows
        assert [(method, style) for method, style, _ in found] == [
            ("colours", "udnie"),
            ("colours", "all"),
        ]
        assert found[0][2].startswith("the judge cannot look at strength 1: ")
        assert found[1][2].startswith("public measures failed: ")
        path.write_bytes(whole)
        measure_quality(SMALL, Inputs(recipe, gallery), tmp_path / "out")
    results = load_results(tmp_path / "out")
    assert left_out(results).rows == []
    assert [each["values"] for each in results.of("public")] == [{"lpips": 0.5}] * 2


def test_no_method_at_all(recipe: Recipe, tmp_path: Path) -> None:
    """A run in which nothing can be made ends in order, with the reasons."""
    settings = replace(SMALL, methods=("wct", "per-style"))
    assert measure_quality(settings, Inputs(recipe, None), tmp_path) == 0
    assert '"not run"' in (tmp_path / "results.jsonl").read_text()
