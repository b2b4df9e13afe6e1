"""What a report says of when and by which commit things were measured."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("torchmetrics")

from impasto.bench.facts import Commit
from impasto.bench.quality import provenance
from impasto.bench.quality.provenance import facts
from impasto.bench.quality.results import load_results
from impasto.bench.quality.run import Inputs, measure_quality
from impasto.bench.quality.settings import QualitySettings
from impasto.lab.recipe import Recipe

from .test_summary import add, painting, write

pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")


def test_each_method_tells_its_commit(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """A run that is extended later names day and commit of each method, and of no other."""
    settings = QualitySettings(("udnie",), photos=1, size=128, crops=6, sizes=())
    for method, commit, day in (("photo", "aaa", "2026-01-02"), ("colours", "bbb", "2026-03-04")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(provenance, "commit", lambda commit=commit: Commit(commit, dirty=False))
            patch.setattr(provenance, "date", lambda day=day: f"{day}T05:06:07+00:00")
            methods = replace(settings, methods=(method,))
            measure_quality(methods, Inputs(recipe, gallery), tmp_path)
    told = list(facts(load_results(tmp_path)))
    assert "photo: the unchanged photo; painted 2026-01-02, commit aaa." in told
    assert any("painted 2026-03-04, commit bbb." in each for each in told)


def test_a_method_of_two_commits_names_both(tmp_path: Path) -> None:
    """So does one that was timed by another commit than the one that painted."""
    write(tmp_path, {})
    for photo, day, commit in (("a", "2026-01-02", "aaa"), ("b", "2026-01-03", None)):
        record = painting("photo", 1.0, photo, "udnie", 0.0, 1.0)
        add(tmp_path, {**record, "date": f"{day}T05:06:07+00:00", "commit": commit})
    timed = {"kind": "resource", "method": "photo", "version": "1", "size": 256, "error": None}
    stamp = {"date": "2026-02-01T05:06:07+00:00", "commit": "ccc with changes"}
    add(tmp_path, {**timed, **stamp, "seconds": 1, "peak_bytes": None})
    assert list(facts(load_results(tmp_path)))[-1] == (
        "photo: a method; painted 2026-01-02 to 2026-01-03, commit aaa, not from a checkout; "
        "timed 2026-02-01, commit ccc with changes."
    )
