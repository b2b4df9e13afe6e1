"""`impasto video --camera -o`: whatever ends it, what was recorded is kept.

A named pipe through which a clip comes slowly stands in for the device.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from ..clips import Clip, look, save_clip
from .conftest import Call, Failing

pytest.importorskip("av")

from impasto.media import video_camera

pytestmark = pytest.mark.skipif(os.name != "posix", reason="named pipes and signals of POSIX")
PROGRAM = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from impasto.cli.app import main
from impasto.engine import outputs
from impasto.engine.fake_backend import FakeBackend
from impasto.media import video_camera

video_camera.device_of = lambda name: ("camera", "matroska")
join = outputs.join

def joined(*arguments):
    if {again}:
        os.kill(os.getpid(), signal.SIGINT)
    join(*arguments)

outputs.join = joined

class Backend(FakeBackend):
    def load(self, *arguments, **options):
        if len(self.loads) == 12:
            os.kill(os.getpid(), {signal})
        return super().load(*arguments, **options)

sys.exit(main(sys.argv[1:], backend=Backend()))
"""
WORDS = ("video", "--camera", "0", "-s", "plain", "-o", "a.mp4")


@pytest.fixture
def camera(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A camera that shows 200 frames within five seconds, once."""
    data = save_clip(folder / "seen.mkv", Clip(times=range(200), sound=())).read_bytes()
    os.mkfifo("camera")
    monkeypatch.setattr(video_camera, "device_of", lambda name: ("camera", "matroska"))

    def feed() -> None:
        with suppress(BrokenPipeError), Path("camera").open("wb", buffering=0) as pipe:
            for start in range(0, len(data), len(data) // 100):
                pipe.write(data[start : start + len(data) // 100])
                time.sleep(0.05)

    Thread(target=feed, daemon=True).start()
    return folder / "camera"


def start(
    model: Path, number: int, *, again: bool = False, blocks: int | str = "unlimited"
) -> subprocess.CompletedProcess[str]:
    """Record in a process that gets a signal soon, again at its end, or has a small disk."""
    program = PROGRAM.format(signal=int(number), again=again)
    shell = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", sys.executable, "-c", program]
    words = [*shell, "video", "--model", str(model), *WORDS[1:]]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=240)


def test_an_error_keeps_what_was_recorded(camera: Path, call: Call) -> None:
    """An error while painting ends the file, which plays, and the call ends with 1."""
    ended = call(*WORDS, backend=Failing(12))
    assert (ended.code, len(ended.lines)) == (1, 2), ended.err
    count = len(look(Path("a.mp4")).times)
    assert count > 0
    assert f"{count} frames are kept in a.mp4" in ended.lines[0]
    assert "the engine broke" in ended.lines[1]
    assert not Path("a.mp4.unfinished").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["int", "term", "hup"],
)
def test_signals_end_a_recording(
    model: Path, home: Path, camera: Path, number: int, code: int
) -> None:
    """Ctrl-C is how a recording ends; SIGTERM and SIGHUP make a file of it, too."""
    ended = start(model, number)
    assert ended.returncode == code, ended.stderr
    assert len(look(Path("a.mp4")).times) > 0
    assert "a.mp4" in ended.stderr
    assert not Path("a.mp4.unfinished").exists()


def test_a_second_interrupt_keeps_the_pieces(
    model: Path, home: Path, camera: Path, call: Call
) -> None:
    """Ctrl-C while the file is made leaves pieces that play, which no later call throws away."""
    ended = start(model, signal.SIGINT, again=True)
    assert ended.returncode == 130, ended.stderr
    assert "kept in" in ended.stderr
    assert "a.mp4.unfinished" in ended.stderr
    assert not Path("a.mp4").exists()
    (piece,) = Path("a.mp4.unfinished").glob("piece-*")
    assert len(look(piece).times) > 0
    Path("camera").unlink()
    Path("seen.mkv").rename("camera")
    refused = call(*WORDS, "--overwrite")
    assert (refused.code, len(refused.lines)) == (1, 1)
    assert "a.mp4.unfinished holds a recording that was not ended" in refused.err
    assert piece.exists()


def test_a_full_disk_keeps_the_pieces(model: Path, home: Path, camera: Path) -> None:
    """A disk that takes no more is told, and so is where the pieces are."""
    ended = start(model, 0, blocks=2)
    assert ended.returncode == 1, ended.stderr
    assert "File too large" in ended.stderr
    assert "a.mp4.unfinished" in ended.stderr
    assert any(Path("a.mp4.unfinished").glob("piece-*"))


def test_a_camera_that_breaks_off(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a camera gives no more, what it gave is in the file, and the call says why."""
    path = save_clip(folder / "seen.mkv", Clip(times=[*range(40), 25 * 3600 * 25], sound=()))
    monkeypatch.setattr(video_camera, "device_of", lambda name: (str(path), "matroska"))
    ended = call(*WORDS, "-q")
    assert (ended.code, len(ended.lines)) == (1, 1), ended.err
    assert "camera 0: a frame's time is damaged; painted what there is" in ended.err
    assert len(look(Path("a.mp4")).times) > 0
