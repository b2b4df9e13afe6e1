"""The verb `bench throughput`."""

import json
from pathlib import Path

import pytest

from .conftest import Call, save_photo

pytest.importorskip("psutil")

SMALL = ("bench", "throughput", "trip", "--repeats", "1", "--precision", "float32", "--threads", 1)


def test_a_table_and_a_file(call: Call, folder: Path) -> None:
    """People get lines with each step and the share, and --out writes the same as JSON."""
    for width in (20, 30):
        save_photo(folder / "trip" / f"{width}.png", width)
    ended = call(*SMALL, "--out", "report.json")
    assert ended.code == 0, ended.err
    record = json.loads((folder / "report.json").read_text())
    assert (record["benchmark"], record["photos"], record["crowd"]) == ("throughput", 2, 1)
    for word in (
        "2 photos",
        "decode",
        "measure",
        "paint",
        "encode",
        f"{100 * record['share']:.0f} %",
    ):
        assert word in ended.out
    assert all(line.startswith("impasto: ") for line in ended.lines)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trip"], "there are no photos"),
        (["nowhere"], "nowhere: no such folder"),
        (["trip", "--repeats", "0"], "repeats is 0"),
        (["trip", "--threads", "0"], "threads is 0"),
    ],
)
def test_wrong_usage(call: Call, folder: Path, words: list[str], told: str) -> None:
    """What cannot be measured is one line and exit code 2."""
    (folder / "trip").mkdir()
    ended = call("bench", "throughput", *words, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.lines[-1]
