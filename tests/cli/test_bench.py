"""The verb `bench speed`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Call

pytest.importorskip("onnx")
pytest.importorskip("psutil")

SMALL = ("bench", "speed", "--size", "24", "--repeats", "1", "--precision", "float32")
SMALL += ("--no-rivals",)


def test_json_on_standard_output_and_in_a_file(call: Call, folder: Path) -> None:
    """--json prints one line with one object, and --out writes the same into a file."""
    ended = call(*SMALL, "--size", "16", "--threads", 1, "--json", "--out", "speed.json")
    assert ended.code == 0, ended.err
    (line,) = ended.out.splitlines()
    record = json.loads(line)
    assert json.loads((folder / "speed.json").read_text()) == record
    assert [size["size"] for size in record["sizes"]] == [24, 16]
    assert (record["threads"], record["engine"]["precision"]) == (1, "float32")
    assert [path.name for path in folder.iterdir()] == ["speed.json"]


def test_a_table_for_people(call: Call, folder: Path) -> None:
    """Without --json there is a table with the ratio, and lines for processes and machine."""
    ended = call(*SMALL)
    assert ended.code == 0, ended.err
    for word in ("24 x 24", "measure", "compose", "paint", "ratio", "1 MP", "import impasto"):
        assert word in ended.out
    assert all(line.startswith("impasto: ") for line in ended.lines)


def test_tables_and_a_plot_in_files(call: Call, folder: Path) -> None:
    """--table writes Markdown and --plot a PNG, beside what is printed."""
    pytest.importorskip("matplotlib")
    ended = call(*SMALL, "--table", "speed.md", "--plot", "speed.png")
    assert ended.code == 0, ended.err
    assert (folder / "speed.md").read_text().startswith("| side | impasto |")
    assert (folder / "speed.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_rivals_are_in_the_report(call: Call) -> None:
    """By default two more networks are timed, and the first one in eager torch."""
    ended = call(*SMALL[:-1], "--json")
    assert ended.code == 0, ended.err
    rivals = json.loads(ended.out)["rivals"]
    assert [rival["runtime"] for rival in rivals] == ["openvino"] * 2 + ["eager torch"]
    assert all(rival["ratio"] or rival["note"] for rival in rivals)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--size", "8"], "size is 8"),
        (["--repeats", "0"], "repeats is 0"),
        (["--threads", "0"], "threads is 0"),
        (["--style", "udni"], "did you mean udnie?"),
        (["--precision", "int4"], "int4"),
    ],
)
def test_wrong_usage(call: Call, words: list[str], told: str) -> None:
    """What cannot be measured is one line and exit code 2, and nothing is measured."""
    ended = call("bench", "speed", *words)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.lines
    assert told in line


def test_measuring_does_not_import_torch() -> None:
    """Speed is measured without torch: its memory and threads would be in the numbers."""
    code = "import sys, impasto.bench.speed, impasto.bench.peers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


LOSSES = ("bench", "losses", "--recipe", "recipe.toml", "--photos", "1", "--crops", "4")


def test_losses_as_json_and_in_a_file(call: Call, laboratory: Path) -> None:
    """--json prints one line with one object, and --out writes the same into a file."""
    ended = call(*LOSSES, "--json", "--out", "losses.json")
    assert ended.code == 0, ended.err
    (line,) = ended.out.splitlines()
    record = json.loads(line)
    assert json.loads((laboratory / "losses.json").read_text()) == record
    assert (record["benchmark"], record["photos"]) == ("losses", 1)
    methods = [row["method"] for row in record["rows"] if row["style"] == "scream"]
    assert methods == ["unchanged photo", "colour-matched photo", "impasto"]
    assert [line for line in ended.lines if "pytorch/examples, udnie is not run" in line]


def test_losses_as_a_table(call: Call, laboratory: Path, tmp_path: Path) -> None:
    """Without --json there is a Markdown table; a folder of photos takes the recipe's place."""
    ended = call(*LOSSES, "--style", "scream", "--contents", tmp_path / "assets" / "styles")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("| style | method |")
    assert "| scream | impasto |" in ended.out
    assert "1 photos at long side 512" in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--photos", "0"], "photos is 0"),
        (["--crops", "1"], "crops is 1"),
        (["--strength", "2"], "strength is 2"),
        (["--style", "udnie"], "has no style 'udnie': it has scream"),
        (["--contents", "nowhere"], "nowhere: no such folder"),
        (["--recipe", "none.toml"], "none.toml: no such recipe"),
        (["--model", "nothing"], "no model 'nothing'"),
    ],
)
def test_losses_that_cannot_be_measured(
    call: Call, laboratory: Path, words: list[str], told: str
) -> None:
    """What cannot be measured is one line and exit code 2."""
    ended = call(*LOSSES, *words)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.lines
    assert told in line
