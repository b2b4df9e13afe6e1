"""The verb `video`: inputs that fail, where results go, and what is told of them."""

import json
from pathlib import Path

import pytest

from ..clips import Clip, look, save_clip
from .conftest import Call, Failing, save_photo

pytest.importorskip("av")


def test_a_truncated_file_is_painted_as_far_as_it_goes(folder: Path, call: Call) -> None:
    """What there is comes out whole, the damage is told, and the call ends with 1."""
    source = save_clip(folder / "a.mkv", Clip(times=range(50)))
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    ended = call("video", source, "-s", "plain", "-o", "b.mp4")
    assert ended.code == 1
    assert any("painted what there is" in line for line in ended.lines)
    assert 5 < len(look(Path("b.mp4")).times) < 50


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gone.mp4", "-s", "plain"], "gone.mp4: no such file"),
        (["text.mp4", "-s", "plain"], "text.mp4"),
        (["empty.mp4", "-s", "plain"], "empty.mp4"),
        (["nothing", "-s", "plain"], "no picture in the folder nothing"),
    ],
)
def test_bad_inputs_fail_in_one_line(
    folder: Path, call: Call, words: list[str], message: str
) -> None:
    """An input that cannot be read ends with 1, one line, and nothing left behind."""
    (folder / "text.mp4").write_text("hello")
    (folder / "empty.mp4").touch()
    (folder / "nothing").mkdir()
    before = sorted(folder.iterdir())
    ended = call("video", *words)
    assert (ended.code, len(ended.lines)) == (1, 1), ended.err
    assert message in ended.err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "a.xyz"], "no ending of a video"),
        (["-o", "a.webm", "--codec", "h264"], "does not fit"),
        (["-o", "a.gif", "--codec", "h264"], "--codec h264 is for .mp4"),
        (["-o", "a.webp", "--codec", "av1"], "--codec av1 is for .mp4"),
        (["-o", "frames/", "--codec", "vp9"], "--codec vp9 is for .mp4"),
        (["-o", "-", "--codec", "vp9"], "--codec vp9 is for .mp4"),
        (["-o", "a.mp4", "--format", "jpeg"], "--format jpeg is for a folder"),
        (["-o", "a.gif", "--format", "png"], "--format png is for a folder"),
        (["-o", "-", "--format", "png"], "--format png is for a folder"),
        (["-o", "a.mp4", "--fps", "0"], "frames a second"),
        (["-o", "a.mp4", "--fps", "many"], "no rate"),
        (["-o", "a.mp4", "--start", "soon"], "no time"),
        (["-o", "a.mp4", "--duration", "0"], "above 0"),
        (["-o", "a.mp4", "--segment", "0"], "above 0"),
        (["-o", "a.mp4", "--quality", "101"], "quality"),
        (["-o", "a.mp4", "-s", "bold"], "has no time beside others"),
        (["-o", "a.mp4", "--window", "-1"], "window"),
        (["-o", "a.mp4", "--window", "nan"], "window is nan"),
        (["-o", "a.mp4", "--window", "inf"], "window is inf"),
        (["-o", "new/folder/a.mp4", "--quality", "101"], "quality"),
        (["-o", "a.mp4", "--skip", "--overwrite"], "exclude each other"),
        (["-o", "-", "--json"], "--json"),
    ],
)
def test_wrong_usage(source: Path, call: Call, words: list[str], message: str) -> None:
    """Options that cannot be are told before anything is written."""
    ended = call("video", source, "-s", "plain", *words)
    assert (ended.code, len(ended.lines)) == (2, 1), ended.err
    assert message in ended.err
    assert [path.name for path in Path().iterdir()] == ["in.mkv"]


@pytest.mark.parametrize("out", ["b.mp4", "-", "frames"])
def test_an_empty_input_is_wrong_usage(folder: Path, call: Call, out: str) -> None:
    """A variable that is not set is no standard input."""
    ended = call("video", "", "-s", "plain", "-o", out)
    assert (ended.code, ended.out) == (2, "")
    assert ended.lines == ["impasto: an input is empty: name a video or a folder, '.' for this one"]
    assert list(folder.iterdir()) == []


def test_results_that_are_there_already(source: Path, call: Call) -> None:
    """A result is not replaced unasked, may be passed over, and never replaces its input."""
    Path("b.mp4").write_bytes(b"mine")
    for words, code in (([], 1), (["--skip"], 0)):
        assert call("video", source, "-s", "plain", "-o", "b.mp4", *words).code == code
        assert Path("b.mp4").read_bytes() == b"mine"
    assert call("video", source, "-s", "plain", "-o", "b.mp4", "--overwrite").code == 0
    assert len(look(Path("b.mp4")).times) == 25
    ended = call("video", source, "-s", "plain", "-o", source, "--overwrite")
    assert (ended.code, "is the input" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("styles", "mark"),
    [
        (["plain"], "plain"),
        (["plain:0.6, bold:0.4"], "plain-0.6+bold-0.4"),
        (["plain:6,bold:4"], "plain-0.6+bold-0.4"),
        (["plain@0", "bold:1,plain:3 @0.1"], "plain-to-bold-0.25+plain-0.75"),
        (["my copy.safetensors"], "plain"),
    ],
)
def test_the_result_beside_its_input(
    source: Path, home: Path, call: Call, styles: list[str], mark: str
) -> None:
    """Without -o the result carries the styles' names and weights, as a painted photo does."""
    Path("my copy.safetensors").write_bytes((home / "styles/plain.safetensors").read_bytes())
    words = [word for style in styles for word in ("-s", style)]
    ended = call("video", source, *words, "--duration", "0.2")
    assert ended.code == 0, ended.err
    names = {path.name for path in Path().iterdir()} - {"in.mkv", "my copy.safetensors"}
    assert names == {f"in.{mark}.mkv"}
    assert "my copy" not in look(Path(names.pop())).metadata["comment"]


def test_frames_beside_their_folder(folder: Path, call: Call) -> None:
    """The weights of a mix are no ending of a file where the result is a folder."""
    save_photo(folder / "take.1" / "1.png")
    assert call("video", "take.1", "-s", "plain:0.6,bold:0.4").code == 0
    (made,) = Path("take.1-plain-0.6+bold-0.4").iterdir()
    assert made.name == "frame-000001.png"


def test_frames_of_an_earlier_call_go(source: Path, call: Call) -> None:
    """--overwrite leaves the new frames alone in their folder, and files of others as they are."""
    words = ["video", source, "-s", "plain", "-o", "frames"]
    assert call(*words, "--duration", "0.4s").code == 0
    others = {"notes.txt", "frame-000001 (copy).png", "frame-12.png"}
    for name in others:
        Path("frames", name).write_text("mine")
    before = {path: path.read_bytes() for path in Path("frames").iterdir()}
    broken = call(*words, "--overwrite", "--start", "0.2s", backend=Failing(20))
    assert broken.code == 1
    assert {path: path.read_bytes() for path in Path("frames").iterdir()} == before
    shorter = ["--duration", "0.2s", "--format", "jpeg", "--overwrite"]
    assert call(*words, *shorter).code == 0
    made = {f"frame-{number:06d}.jpg" for number in range(1, 6)}
    assert {path.name for path in Path("frames").iterdir()} == made | others


def test_folders_above_the_result_are_made(source: Path, call: Call) -> None:
    """A folder that is not there is made, as for photos, but not for a call that fails."""
    ended = call("video", source, "-s", "plain", "-o", "new/folder/a.mp4", backend=Failing(3))
    assert ended.code == 1
    assert not Path("new").exists()
    assert call("video", source, "-s", "plain", "-o", "new/folder/a.mp4").code == 0
    assert [path.name for path in Path("new/folder").iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("out", ["a.mp4", "-"])
def test_no_frame_in_the_part(source: Path, call: Call, out: str) -> None:
    """A part without a frame is an error wherever the result goes, and writes nothing."""
    ended = call("video", source, "-s", "plain", "-o", out, "--start", "1h")
    assert (ended.code, len(ended.lines), ended.out) == (1, 1, "")
    assert "in.mkv in the part" in ended.err
    assert [path.name for path in Path().iterdir()] == ["in.mkv"]


def test_what_is_passed_over_is_told(source: Path, call: Call) -> None:
    """--skip with --json prints a record, --quiet nothing; an empty folder is no result."""
    Path("frames").mkdir()
    words = ["video", source, "-s", "plain", "-o", "frames", "--skip", "--duration", "0.1s", "-q"]
    assert call(*words).code == 0
    made = {path: path.stat().st_mtime_ns for path in Path("frames").iterdir()}
    assert len(made) == 3
    ended = call(*words, "--json")
    told = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert (told["status"], told["output"], told["frames"]) == ("skipped", "frames", 0)
    assert {path: path.stat().st_mtime_ns for path in Path("frames").iterdir()} == made
    assert "frames is there already" in call(*words[:-1]).err


def test_progress_ends_with_all_frames(source: Path, call: Call) -> None:
    """The last line of --progress-json tells that all frames are done."""
    words = ["-o", "b.mp4", "--duration", "0.4s", "--progress-json", "-q"]
    ended = call("video", source, "-s", "plain", *words)
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert lines[0] == {"frames": 0, "total": 10}
    assert lines[-1] == {"frames": 10, "total": 10}


def test_json_tells_what_was_done(source: Path, call: Call) -> None:
    """--json is one object with the number of frames, the size and the engine."""
    ended = call("video", source, "-s", "plain", "-o", "b.mp4", "--json", "-q")
    told = json.loads(ended.out)
    assert (told["frames"], told["width"], told["height"]) == (25, 64, 48)
    assert (told["damage"], told["engine"]["name"]) == (None, "fake")
    assert ended.err == ""
