"""The option `--stroke-reference` of `paint`."""

import json
from pathlib import Path

import pytest
from PIL import Image

from impasto.media.image import read_record

from .conftest import Call, save_photo


def test_it_is_painted_at_the_reference(call: Call, folder: Path) -> None:
    """The result keeps the photo's size; its metadata and --json tell the reference."""
    save_photo(folder / "a.png")
    words = ("paint", "a.png", "-s", "plain", "--stroke-reference", 64, "-o", "b.png", "--json")
    ended = call(*words)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["stroke_reference"] == 64
    record = read_record("b.png")
    assert record is not None
    assert record["stroke_reference"] == "64"
    with Image.open("a.png") as photo, Image.open("b.png") as painted:
        assert photo.size == painted.size


@pytest.mark.parametrize("reference", ["0", "63", "16385"])
def test_a_reference_out_of_range(call: Call, folder: Path, reference: str) -> None:
    """What is no size for strokes is one line and exit code 2."""
    save_photo(folder / "a.png")
    ended = call("paint", "a.png", "-s", "plain", "--stroke-reference", reference)
    assert ended.code == 2
    (line,) = ended.lines
    assert f"stroke reference is {reference}" in line
