"""The verb `bench encoding`."""

import json
from pathlib import Path

import pytest
from safetensors.torch import save_file
from tests.lab.conftest import tiny_vgg

from .conftest import Call, save_photo

pytest.importorskip("onnx")
pytest.importorskip("psutil")

SMALL = ("--size", 16, "--style-size", 64, "--repeats", 1, "--contents", 1, "--style", "udnie")


@pytest.fixture
def pictures(folder: Path) -> Path:
    """Two pictures of a style, and the weights beside them."""
    for name in ("a.png", "b.png"):
        save_photo(folder / "pictures" / name, 64, 64)
    save_file(tiny_vgg(), folder / "vgg.safetensors")
    return folder / "pictures"


def test_json_and_a_table(call: Call, pictures: Path, folder: Path) -> None:
    """--json prints one object, --out writes the same; without there is a table and a sentence."""
    words = ("bench", "encoding", pictures, *SMALL, "--features", "vgg.safetensors")
    ended = call(*words, "--pictures", 1, "--pictures", 2, "--json", "--out", "encoding.json")
    assert ended.code == 0, ended.err
    record = json.loads(ended.out)
    assert json.loads((folder / "encoding.json").read_text()) == record
    assert [cell["pictures"] for cell in record["cells"]] == [1, 2]
    ended = call(*words, "--pictures", 2)
    assert ended.code == 0, ended.err
    assert "encoded each time" in ended.out
    assert "a content takes 1.00 times" in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pictures", "3"], "pictures is 3: pictures has 2"),
        (["--pictures", "0"], "pictures is 0"),
        (["--size", "8"], "size is 8"),
        (["--style", "udni"], "did you mean udnie?"),
        (["--features", "none.safetensors"], "none.safetensors: no such file"),
    ],
)
@pytest.mark.usefixtures("pictures")
def test_wrong_usage(call: Call, words: list[str], told: str) -> None:
    """What cannot be measured is one line and exit code 2."""
    given = ("--pictures", 1, *SMALL, "--features", "vgg.safetensors", *words)
    if words[0] == "--pictures":
        given = given[2:]
    ended = call("bench", "encoding", "pictures", *given)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.lines[-1]
