"""`impasto video --camera`; a file stands in for the device."""

from pathlib import Path

import pytest

from ..clips import Clip, look, save_clip
from .conftest import Call

pytest.importorskip("av")

from impasto.media import video_camera


@pytest.fixture
def camera(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that shows 40 frames as fast as they are read, and is then unplugged."""
    path = save_clip(folder / "seen.mkv", Clip(times=range(40)))
    monkeypatch.setattr(video_camera, "device_of", lambda name: (str(path), "matroska"))


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_a_camera_is_recorded(camera: None, call: Call, suffix: str) -> None:
    """What was painted in time is in the file, in one size, at rising times."""
    ended = call("video", "--camera", "0", "-s", "plain", "-o", f"a{suffix}", "--size", "32")
    assert ended.code == 0, ended.err
    after = look(Path(f"a{suffix}"))
    assert after.size == (32, 24)
    assert after.times == sorted(set(after.times))
    assert sorted(path.name for path in Path().iterdir()) == [f"a{suffix}", "seen.mkv"]


def test_a_camera_that_is_not_there(folder: Path, call: Call) -> None:
    """An absent camera is one line and 1, and nothing is left behind."""
    ended = call("video", "--camera", "97", "-s", "plain", "-o", "a.mp4")
    assert (ended.code, len(ended.lines)) == (1, 1), ended.err
    assert "no camera 97" in ended.err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--camera", "0"], "needs -o FILE, --preview, or both"),
        (["in.mp4", "--camera", "0", "-o", "a.mp4"], "or else --camera"),
        (["--camera", "0", "-o", "a.mp4", "--resume"], "of no use with --camera"),
        (["-o", "a.mp4"], "give a video"),
        (["--camera", "0", "-o", "frames"], "no ending of a video"),
    ],
)
def test_wrong_usage(folder: Path, call: Call, words: list[str], message: str) -> None:
    """What cannot be is told before a camera is opened."""
    ended = call("video", *words, "-s", "plain")
    assert (ended.code, len(ended.lines)) == (2, 1), ended.err
    assert message in ended.err


@pytest.mark.parametrize(
    ("name", "system", "device"),
    [
        ("0", "linux", ("/dev/video0", "v4l2")),
        ("/dev/video2", "linux", ("/dev/video2", "v4l2")),
        ("1", "darwin", ("1", "avfoundation")),
        ("HD Webcam", "win32", ("video=HD Webcam", "dshow")),
    ],
)
def test_what_systems_call_a_camera(name: str, system: str, device: tuple[str, str]) -> None:
    """Each system has its interface and names."""
    assert video_camera.device_of(name, system) == device
