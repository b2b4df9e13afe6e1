"""The options --mask and --feather, called in this process on the fake backend."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.cli.options import complete_mask
from impasto.engine import strokes
from impasto.engine.fake_backend import FakeBackend
from impasto.media.image import read_record

from .conftest import Call, save_photo


@pytest.fixture
def photo(folder: Path) -> np.ndarray:
    """The pixels of `a.png`, beside which lies `left.png`, white on its left half."""
    save_photo(folder / "a.png")
    mask = np.zeros((30, 40), np.uint8)
    mask[:, :20] = 255
    Image.fromarray(mask).save(folder / "left.png")
    return pixels_of("a.png")


def pixels_of(path: Path | str) -> np.ndarray:
    """A picture as an array."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_each_part_has_its_style(
    call: Call, folder: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside the mask one style, outside the other; the name and the metadata tell both."""
    monkeypatch.setattr(strokes, "SMALLEST", 1)  # no enlarging, which would look across the edge
    ended = call("paint", "a.png", "-s", "plain", "--mask", "bold=./left.png")
    assert ended.code == 0
    painted = pixels_of("a.plain+bold.png")
    for name, columns in (("bold", slice(20)), ("plain", slice(20, 40))):
        Image.fromarray(photo[:, columns]).save("half.png")
        assert call("paint", "half.png", "-s", name, "-o", "alone.png", "--overwrite").code == 0
        np.testing.assert_array_equal(painted[:, columns], pixels_of("alone.png"))
    record = read_record("a.plain+bold.png")
    assert record is not None
    assert (record["style"], record["masks"]) == ("plain", "bold=left.png")
    assert record["feather"] == "0"


def test_the_rest_can_stay_a_photo(call: Call, photo: np.ndarray) -> None:
    """`--style photo` paints the masks alone, and `--mask photo=` all but them."""
    words = ["paint", "a.png", "--style", "photo", "--mask", "bold=left.png"]
    assert call(*words, "-o", "inside.png").code == 0
    words = ["paint", "a.png", "--style", "bold", "--mask", "photo=left.png"]
    assert call(*words, "-o", "outside.png").code == 0
    inside, outside = pixels_of("inside.png"), pixels_of("outside.png")
    np.testing.assert_array_equal(inside[:, 20:], photo[:, 20:])
    np.testing.assert_array_equal(outside[:, :20], photo[:, :20])
    assert (inside[:, :20] != photo[:, :20]).any()
    assert (outside[:, 20:] != photo[:, 20:]).any()


def test_a_feather_softens(call: Call, photo: np.ndarray) -> None:
    """With a feather the edge is soft, and far from it nothing changes; it is recorded."""
    words = ["paint", "a.png", "--style", "photo", "--mask", "bold=left.png"]
    assert call(*words, "-o", "hard.png").code == 0
    assert call(*words, "-o", "soft.png", "--feather", "4.5").code == 0
    hard, soft = pixels_of("hard.png"), pixels_of("soft.png")
    np.testing.assert_array_equal(soft[:, 30:], photo[:, 30:])
    assert (soft[:, 20:23] != hard[:, 20:23]).any()
    record = read_record("soft.png")
    assert record is not None
    assert record["feather"] == "4.5"


def test_a_folder_shares_its_masks(call: Call, folder: Path, photo: np.ndarray) -> None:
    """Every photo of a folder has the same masks, at its own size; --json tells them."""
    for side in (40, 60, 90):
        save_photo(folder / "trip" / f"{side}.png", side, side)
    words = ["--mask", "bold=left.png", "--mask", "plain:1,bold:1=left.png"]
    ended = call("paint", "trip", "-s", "photo", *words, "-o", "new", "--json")
    assert ended.code == 0
    report = json.loads(ended.out)
    assert report["painted"] == 3
    assert report["masks"] == [
        {"style": "bold", "file": "left.png"},
        {"style": "plain:1,bold:1", "file": "left.png"},
    ]
    for side in (40, 60, 90):
        before, after = (pixels_of(f"{name}/{side}.png") for name in ("trip", "new"))
        np.testing.assert_array_equal(after[:, side // 2 + 1 :], before[:, side // 2 + 1 :])
        assert (after[:, : side // 2] != before[:, : side // 2]).any()


def test_a_package_has_a_mask(call: Call, home: Path, photo: np.ndarray) -> None:
    """What stands before the `=` may be a style package."""
    package = home / "styles" / "bold.safetensors"
    assert call("paint", "a.png", "-s", "plain", "--mask", f"{package}=left.png").code == 0
    by_name = call("paint", "a.png", "-s", "plain", "--mask", "bold=left.png", "-o", "b.png")
    assert by_name.code == 0
    np.testing.assert_array_equal(pixels_of("a.plain+bold.png"), pixels_of("b.png"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mask", "bold"], "--mask 'bold' has no style and file: write --mask udnie=mask.png"),
        (["--mask", "=left.png"], "has no style and file"),
        (["--mask", "bold="], "has no style and file"),
        (["--mask", "bold=gone.png"], "--mask bold=gone.png: cannot read gone.png: No such file"),
        (["--mask", "bold=text.png"], "--mask bold=text.png: text.png is not a JPEG"),
        (["--mask", "bald=left.png"], "no style 'bald': did you mean bold"),
        (["--mask", "Bo ld=left.png"], "'Bo ld' is no style name"),
        (["--mask", "bold=left.png", "--feather", "-1"], "feather is -1"),
        (["--mask", "bold:1,photo:1=left.png"], "'photo' stands for the photo itself"),
        (["--feather", "3"], "--feather softens the edges of masks: give a --mask"),
    ],
)
def test_bad_masks_are_wrong_usage_of_one_line(
    call: Call, folder: Path, photo: np.ndarray, words: list[str], said: str
) -> None:
    """Each mistake is named in one line, before anything is painted or written."""
    (folder / "text.png").write_text("Dear diary")
    before, backend = sorted(folder.iterdir()), FakeBackend()
    ended = call("paint", "a.png", "-s", "plain", *words, backend=backend)
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert said in ended.lines[0]
    assert sorted(folder.iterdir()) == before
    assert not backend.runs


def test_a_mask_is_never_overwritten(call: Call, folder: Path, photo: np.ndarray) -> None:
    """A result may not replace a mask of the call, as it may not replace a photo."""
    before = (folder / "left.png").read_bytes()
    words = ["-s", "plain", "--mask", "bold=left.png", "-o", "left.png", "--overwrite"]
    ended = call("paint", "a.png", *words)
    assert ended.code == 1
    assert "left.png is an input of this call" in ended.lines[0]
    assert (folder / "left.png").read_bytes() == before


def test_what_is_painted_in_strips_has_no_masks(
    call: Call, folder: Path, photo: np.ndarray
) -> None:
    """A picture too large for the memory is refused with a line that says what to do."""
    pytest.importorskip("pyvips")
    save_photo(folder / "large.png", 400, 300)
    words = ["-s", "plain", "--mask", "bold=left.png", "--memory", "3M"]
    ended = call("paint", "large.png", *words)
    assert (ended.code, len(ended.lines)) == (1, 1)
    assert "large.png: too large to be painted with masks" in ended.lines[0]
    assert not (folder / "large.plain+bold.png").exists()


def test_shells_complete_masks(home: Path) -> None:
    """The names of styles are completed up to the file."""
    assert complete_mask("bol") == ["bold="]
