"""Time and memory in new processes."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("psutil")
pytest.importorskip("torch")

from impasto.bench.contender import StyleImage
from impasto.bench.quality import resources
from impasto.bench.quality.controls import Unchanged
from impasto.bench.quality.resources import measure_resources
from impasto.bench.quality.results import load_results
from impasto.bench.quality.run import Inputs
from impasto.bench.quality.settings import QualitySettings
from impasto.bench.quality.store import Store, read_results
from impasto.bench.quality.tables import left_out
from impasto.core.errors import ImpastoError, InputError
from impasto.lab.recipe import Recipe

SETUP = {"photos": [], "lined": [], "size": 384, "crops": 6, "features": "tiny"}
pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")


def test_time_and_memory_of_a_process(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Impasto is measured once at each size; a method that cannot be made is passed over."""
    settings = QualitySettings(
        styles=("unborn", "udnie"), methods=("photo", "impasto", "wct"), sizes=(32,), repeats=1
    )
    Store(tmp_path, SETUP)
    told: list[str] = []
    for _ in range(2):
        measure_resources(settings, Inputs(recipe, gallery), tmp_path, tell=told.append)
    (found,) = (each for each in read_results(tmp_path) if each["kind"] == "resource")
    assert (found["method"], found["size"], found["error"]) == ("impasto", 32, None)
    assert found["seconds"] > 0
    assert found["peak_bytes"] is None or found["peak_bytes"] > 2**24
    assert told == ["impasto: time and memory at 32 x 32"]
    assert any(each["kind"] == "machine" for each in read_results(tmp_path))


def test_what_failed_is_tried_again(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """A process that failed is measured by the next call, and only by that one."""
    settings = QualitySettings(styles=("udnie",), methods=("impasto",), sizes=(32,), repeats=1)
    Store(tmp_path, SETUP)

    def failing(command: list[str]) -> None:
        raise ImpastoError("it was killed")

    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources, "run_process", failing)
        measure_resources(settings, Inputs(recipe, gallery), tmp_path)
    for _ in range(2):
        measure_resources(settings, Inputs(recipe, gallery), tmp_path, tell=told.append)
    (found,) = (each for each in read_results(tmp_path) if each["kind"] == "resource")
    assert found["error"] is None
    assert len(told) == 1


def test_whatever_fails_is_recorded(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """A process that leaves no answer is a record with the reason and a row, not the end."""
    settings = QualitySettings(styles=("udnie",), methods=("impasto",), sizes=(32, 48), repeats=1)
    Store(tmp_path, SETUP)
    key = {"method": "impasto", "about": "ours", "parameters": 1, "gmac_512": 1.0}
    Store(tmp_path, SETUP).add({"kind": "method", **key, "version": "of before"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources, "run_process", lambda command: None)
        measure_resources(settings, Inputs(recipe, gallery), tmp_path)
    found = [each for each in read_results(tmp_path) if each["kind"] == "resource"]
    assert [(each["size"], each["seconds"]) for each in found] == [(32, None), (48, None)]
    assert "No such file" in found[0]["error"]
    Store(tmp_path, SETUP).add({"kind": "method", **key, "version": found[0]["version"]})
    rows = left_out(load_results(tmp_path)).rows
    why = f"time and memory at 48 x 48 failed: {found[1]['error']}"
    assert ("impasto", "all", why) in rows


def test_a_method_that_cannot_look_at_a_style(
    gallery: Path, recipe: Recipe, tmp_path: Path
) -> None:
    """Weights of a wrong shape are told by torch, in its own words: the others are measured."""
    settings = QualitySettings(styles=("udnie",), methods=("impasto", "wct"), sizes=(32,))
    Store(tmp_path, SETUP)

    class Broken(Unchanged):
        def check(self, style: StyleImage) -> None:
            raise RuntimeError("Given groups=1, expected 32 channels")

    make, answer = resources.Workshop.make, {"seconds": 1.0, "peak_bytes": 1, "runtime": "engine"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            resources.Workshop,
            "make",
            lambda self, name: Broken() if name == "wct" else make(self, name),
        )
        patch.setattr(resources._Desk, "_taken", lambda *args: answer)
        measure_resources(settings, Inputs(recipe, gallery), tmp_path)
    (found,) = (each for each in read_results(tmp_path) if each["kind"] == "resource")
    assert (found["method"], found["seconds"]) == ("impasto", 1.0)


def test_a_folder_without_results_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    """Nothing is measured into a folder whose photos and sizes nobody knows."""
    with pytest.raises(InputError, match="has no results"):
        measure_resources(QualitySettings(sizes=(32,)), Inputs(recipe, None), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_process_does_not_import_torch() -> None:
    """Its memory would count for methods that have no use for it."""
    code = "import sys, impasto.bench.quality.once; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
