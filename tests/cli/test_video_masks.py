"""Masks of `impasto video`: the same for all frames."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import Call, Failing

pytest.importorskip("av")

from ..clips import look


@pytest.fixture
def left(folder: Path) -> Path:
    """A mask, white on its left half."""
    mask = np.zeros((48, 64), np.uint8)
    mask[:, :32] = 255
    Image.fromarray(mask).save(folder / "left.png")
    return folder / "left.png"


def frames_of(folder: str) -> np.ndarray:
    """The pictures of a folder."""
    paths = sorted(Path(folder).iterdir())
    return np.stack([np.asarray(Image.open(path)) for path in paths])


def test_all_frames_have_the_same_masks(source: Path, left: Path, call: Call) -> None:
    """The mask's part of each frame is painted and the rest stays, as it is without a mask."""
    for words in (["--mask", f"bold={left}", "-o", "part/"], ["-o", "none/"]):
        assert call("video", source, "-s", "photo", "--duration", "0.3", *words).code == 0
    part, none = frames_of("part"), frames_of("none")
    np.testing.assert_array_equal(part[:, :, 32:], none[:, :, 32:])
    assert all((a != b).any() for a, b in zip(part[:, :, :32], none[:, :, :32], strict=True))


def test_masks_are_named_and_recorded(source: Path, left: Path, call: Call) -> None:
    """The result's name and its metadata tell of them, and --json too."""
    words = ["--mask", f"bold={left}", "--feather", "3", "--duration", "0.2"]
    ended = call("video", source, "-s", "plain", *words, "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["masks"] == [{"style": "bold", "file": str(left)}]
    comment = look(Path("in.plain+bold.mkv")).metadata["comment"]
    assert "masks bold=left.png; feather 3" in comment


def test_masks_go_on_exactly(long: Path, left: Path, call: Call) -> None:
    """With masks --resume ends as if nothing had happened, and refuses to do so with others."""
    words = ["video", long, "-s", "plain", "--segment", "300ms", "--window", "0.2"]
    words += ["--mask", f"bold={left}", "-o"]
    assert call(*words, "whole/").code == 0
    assert call(*words, "b/", backend=Failing(300)).code == 1
    other = call(*words, "b/", "--resume", "--feather", "2")
    assert (other.code, "feather" in other.err) == (2, True)
    assert call(*words, "b/", "--resume").code == 0
    np.testing.assert_array_equal(frames_of("b"), frames_of("whole"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--flow", "1"], "--mask and --flow exclude each other"),
        (["--style", "photo@0", "--style", "plain@1"], "--style photo does not change with time"),
        (["--mask", "plain=gone.png"], "--mask plain=gone.png: cannot read gone.png"),
    ],
)
def test_masks_that_a_video_cannot_have(
    source: Path, left: Path, call: Call, words: list[str], said: str
) -> None:
    """Each is one line, and nothing is written."""
    style = [] if "--style" in words else ["-s", "plain"]
    ended = call("video", source, "--mask", f"bold={left}", "-o", "b.mp4", *style, *words)
    assert (ended.code, len(ended.lines)) == (2, 1), ended.err
    assert said in ended.err
    assert not Path("b.mp4").exists()
