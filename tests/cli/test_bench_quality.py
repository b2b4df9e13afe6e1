"""The verbs `bench quality`, `bench report` and `bench baseline`."""

from pathlib import Path

import pytest

from .conftest import Call

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("torchmetrics")
pytest.importorskip("matplotlib")

QUALITY = ("bench", "quality", "--recipe", "recipe.toml", "--out", "results", "--crops", "4")
QUALITY += ("--size", "128", "--sizes", "0", "--photos", "1", "--style", "scream")


def test_results_and_a_report(call: Call, laboratory: Path) -> None:
    """One call measures and writes the report; another one adds a method, without a redo."""
    page = ("--html", "results/bench.html")  # in a folder that is not there yet
    ended = call(*QUALITY, "--method", "photo", "--report", "bench.md", *page)
    assert ended.code == 0, ended.err
    assert ended.out == "bench.md\n"
    assert "| photo | 1.000" in (laboratory / "bench.md").read_text()
    assert (laboratory / "results/bench.html").read_text().startswith("<!doctype html>")
    before = (laboratory / "results/results.jsonl").read_text()
    ended = call(*QUALITY, "--method", "colours", "--method", "photo")
    assert ended.code == 0, ended.err
    added = (laboratory / "results/results.jsonl").read_text().removeprefix(before)
    kinds = [line for line in added.splitlines() if '"kind": "painting"' in line]
    assert len(kinds) == 1
    ended = call("bench", "report", "results", "--out", "again.md")
    assert ended.code == 0, ended.err
    assert "| colours |" in (laboratory / "again.md").read_text()
    assert (laboratory / "again" / "front.png").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--method", "gan"], "there is no method 'gan'"),
        (["--photos", "0"], "photos is 0"),
        (["--sizes", "4"], "size is 4"),
        (["--style", "udnie"], "has no style 'udnie': it has scream"),
        (["--style", "scream=none.jpg"], "none.jpg"),
        (["--contents", "nowhere"], "nowhere: no such folder"),
        (["--recipe", "none.toml"], "none.toml: no such recipe"),
        (["--html", "bench.html"], "--html needs --report"),
    ],
)
def test_what_cannot_be_measured(call: Call, laboratory: Path, words: list[str], told: str) -> None:
    """Wrong usage is one line and exit code 2."""
    ended = call(*QUALITY, "--method", "photo", *words)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.lines
    assert told in line
    assert not (laboratory / "results/pictures").exists()


def test_a_report_that_cannot_be_written_is_told_before_measuring(
    call: Call, laboratory: Path
) -> None:
    """A folder that is not there is one line, and nothing is painted."""
    for words in (["--report", "nowhere/a.md"], ["--report", "a.md", "--html", "nowhere/a.html"]):
        ended = call(*QUALITY, "--method", "photo", *words)
        assert (ended.code, ended.out) == (1, "")
        (line,) = ended.lines
        assert "there is no folder" in line
    assert not (laboratory / "results").exists()


def test_a_report_of_nothing(call: Call, laboratory: Path) -> None:
    """A folder without results is one line and exit code 2."""
    ended = call("bench", "report", "nowhere")
    assert (ended.code, ended.out) == (2, "")
    assert "nowhere has no results" in ended.err


def test_a_baseline_without_its_recipe(call: Call, laboratory: Path) -> None:
    """A recipe that is not there, or is of another kind, is one line and exit code 2."""
    for name, told in (("none.toml", "no such recipe"), ("recipe.toml", "unknown keys")):
        ended = call("bench", "baseline", name)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
