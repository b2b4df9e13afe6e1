"""The verb `bake`, and the verbs `bench profile` and `bench int8`."""

import json
from pathlib import Path

import pytest

from .conftest import Call, real, save_photo

pytest.importorskip("onnx")


def test_a_style_becomes_one_file(folder: Path) -> None:
    """`bake` writes SPEC.onnx and tells how it differs, in real work on the bundled model."""
    save_photo(folder / "photos" / "a.png")
    ended = real("bake", "scream", "-o", "out", "--photos", "photos", "--json", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    facts = json.loads(ended.stdout)
    assert facts["levels"] <= 1
    assert facts["photos"] == 1
    assert Path(facts["graph"]) == Path("out/scream.onnx")
    assert [path.name for path in (folder / "out").iterdir()] == ["scream.onnx"]
    again = real("bake", "scream", "-o", "out", "--photos", "photos", "--overwrite", cwd=folder)
    assert again.returncode == 0, again.stderr


def test_a_graph_is_not_replaced_unasked(call: Call, folder: Path, model: Path) -> None:
    """A graph that is there already stays, unless --overwrite is given."""
    (folder / "out").mkdir()
    graph = folder / "out" / "plain.onnx"
    graph.write_bytes(b"mine")
    ended = call("bake", "plain", "-o", "out", "--model", model)
    assert (ended.code, len(ended.lines)) == (1, 1)
    assert "plain.onnx is there already: use --overwrite" in ended.err
    assert graph.read_bytes() == b"mine"


@pytest.mark.slow
def test_a_style_becomes_int8(folder: Path) -> None:
    """`--precision int8` names its file so, and tells speed and difference beside float32."""
    pytest.importorskip("nncf")
    # The photos of scikit-image: ranges that come from a single synthetic picture fit no other.
    words = ("bake", "scream", "-o", "out", "--precision", "int8", "--json")
    ended = real(*words, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    facts = json.loads(ended.stdout)
    assert [path.name for path in (folder / "out").iterdir()] == ["scream.int8.onnx"]
    assert facts["int8_ratio"] > 0
    assert facts["photos"] == 4
    assert facts["int8_psnr"] > 40


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["no-such-style", "-o", "out"], "no-such-style"),
        (["plain", "-o", "out", "--photos", "empty"], "empty: no photos"),
        (["plain", "-o", "out", "--precision", "int4"], "int4"),
        (["plain"], "--out"),
    ],
)
def test_wrong_usage(call: Call, folder: Path, model: Path, words: list[str], told: str) -> None:
    """What cannot be baked is one line and exit code 2, and nothing is written."""
    (folder / "empty").mkdir()
    ended = call("bake", *words, "--model", model)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.lines
    assert told in line
    assert not (folder / "out").exists()


@pytest.mark.parametrize("verb", ["profile", "int8"])
def test_measuring_needs_a_repeat(call: Call, verb: str) -> None:
    """No timings at all are refused."""
    ended = call("bench", verb, "--repeats", "0")
    assert ended.code == 2
    assert "repeats" in ended.err
