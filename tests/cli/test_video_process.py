"""The verb `video` in processes of its own: kill, interrupts, full disks and pipes."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ..clips import Clip, look, picture, save_clip
from .conftest import Call
from .test_process import read_terminal

pytest.importorskip("av")
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

LONG = Clip(times=range(85), sound=("aac", "aac"))
PROGRAM = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from impasto.cli.app import main
from impasto.engine.fake_backend import FakeBackend

class Backend(FakeBackend):
    def load(self, *arguments, **options):
        if len(self.loads) == {runs}:
            os.kill(os.getpid(), {signal})
        return super().load(*arguments, **options)

sys.exit(main(sys.argv[1:], backend=Backend()))
"""


def start(
    model: Path, words: Sequence[object], runs: int = -1, number: int = 9, **options: object
) -> subprocess.CompletedProcess[bytes]:
    """Run the program on the fake backend; after so many runs it gets a signal, as from outside."""
    program = PROGRAM.format(runs=runs, signal=int(number))
    call = [sys.executable, "-c", program, "video", "--model", model, "-s", "plain", *words]
    return subprocess.run(
        [str(word) for word in call],
        capture_output=True,
        check=False,
        timeout=240,
        **options,  # type: ignore[call-overload]
    )


@pytest.fixture
def long(home: Path, folder: Path) -> Path:
    """A clip of 85 frames with sound."""
    return save_clip(folder / "in.mp4", LONG)


@posix
def test_a_killed_call_goes_on(model: Path, long: Path, call: Call) -> None:
    """After kill -9, --resume gives the frames, times and sound of a call that was not killed."""
    words = [long, "--segment", "300ms", "--window", "0.2", "-o"]
    killed = start(model, [*words, "b.mp4"], 150, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    assert not Path("b.mp4").exists()
    journal = Path("b.mp4.unfinished/journal.jsonl")
    with journal.open("a") as file:  # a line that was being written
        file.write('{"piece": {"pa')
    assert start(model, [*words, "b.mp4", "--resume"]).returncode == 0
    assert call("video", "-s", "plain", *words, "whole.mp4").code == 0
    resumed, whole = look(Path("b.mp4")), look(Path("whole.mp4"))
    assert np.array_equal(np.stack(resumed.frames), np.stack(whole.frames))
    assert resumed.times == whole.times == look(long).times
    assert resumed.sound == whole.sound == look(long).sound
    assert sorted(path.name for path in Path().iterdir()) == ["b.mp4", "in.mp4", "whole.mp4"]


@posix
def test_an_interrupted_call_goes_on(model: Path, long: Path) -> None:
    """Ctrl-C ends cleanly, tells how to go on, and leaves nothing under the final name."""
    words = [long, "--segment", "300ms", "--window", "0.2", "-o", "b.mp4"]
    ended = start(model, words, 150, signal.SIGINT)
    assert ended.returncode == 130
    assert b"Traceback" not in ended.stderr
    assert b"--resume goes on" in ended.stderr
    assert not Path("b.mp4").exists()
    assert start(model, [*words, "--resume"]).returncode == 0
    assert look(Path("b.mp4")).times == look(long).times


@posix
def test_an_interrupt_before_the_first_piece_leaves_nothing(model: Path, long: Path) -> None:
    """Nothing is kept where nothing is worth it."""
    ended = start(model, [long, "-o", "b.mp4"], 5, signal.SIGTERM)
    assert ended.returncode == 143
    assert [path.name for path in Path().iterdir()] == ["in.mp4"]


@posix
@pytest.mark.parametrize("blocks", [2, 24])
def test_a_full_disk(model: Path, long: Path, blocks: int) -> None:
    """A disk that takes no more, in a piece or in the result, is one line; no broken file is left.

    When there is room again, --resume goes on.
    """
    words = ["video", "--model", model, "-s", "plain", long, "--segment", "300ms", "-o", "b.mp4"]
    program = PROGRAM.format(runs=-1, signal=9)
    shell = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", sys.executable, "-c", program]
    ended = subprocess.run(
        [*shell, *map(str, words)], capture_output=True, check=False, timeout=240
    )
    assert ended.returncode == 1, ended.stderr
    assert b"File too large" in ended.stderr
    assert not Path("b.mp4").exists()
    if Path("b.mp4.unfinished").exists():
        assert b"--resume goes on" in ended.stderr
        assert start(model, [*map(str, words[5:]), "--resume"]).returncode == 0
        assert look(Path("b.mp4")).times == look(long).times


def test_a_pipe_in_keeps_the_sound(model: Path, home: Path, folder: Path) -> None:
    """Through standard input come pictures, sound and chapters, though nothing can be sought."""
    clip = Clip(sound=("aac", "libopus"), text="subrip", chapters=True)
    source = save_clip(folder / "in.mkv", clip)
    with subprocess.Popen(["cat", source], stdout=subprocess.PIPE) as cat:
        ended = start(model, ["-", "-o", "b.mkv"], stdin=cat.stdout)
    assert ended.returncode == 0, ended.stderr
    before, after = look(source), look(Path("b.mkv"))
    assert after.times == before.times
    assert after.sound == before.sound
    assert after.starts == before.starts
    assert after.text == before.text
    assert after.chapters == before.chapters
    assert sorted(path.name for path in Path().iterdir()) == ["b.mkv", "in.mkv"]


@posix
def test_an_index_at_the_end_wants_a_file(model: Path, home: Path, folder: Path) -> None:
    """An MP4 whose index comes last is read from a file on standard input, and by no pipe."""
    # Of a small one FFmpeg has the index in its buffer.
    large = Clip(times=range(40), width=320, height=240, options={"qp": "0"})
    source = save_clip(folder / "in.mp4", large)
    with source.open("rb") as file:
        words = ["-", "-o", "b.mkv", "--size", "64", "--duration", "0.2"]
        assert start(model, words, stdin=file).returncode == 0
    by_pipe = start(model, ["-", "-o", "c.mkv"], input=source.read_bytes())
    os.mkfifo("pipe")
    with subprocess.Popen(["sh", "-c", "cat in.mp4 > pipe"], stderr=subprocess.DEVNULL) as cat:
        by_name = start(model, ["pipe", "-o", "d.mkv"])
        cat.kill()
    for ended in (by_pipe, by_name):
        assert (ended.returncode, ended.stderr.count(b"\n")) == (1, 1), ended.stderr
        assert b"its index is not at its start: give this MP4 or MOV as a file" in ended.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["b.mkv", "in.mp4", "pipe"]


@posix
@pytest.mark.parametrize("out", ["b.mkv", "-"])
def test_a_closed_standard_input_is_named(model: Path, home: Path, folder: Path, out: str) -> None:
    """A standard input that is not there is a failure in one line, and nothing is left behind."""
    program = [sys.executable, "-c", PROGRAM.format(runs=-1, signal=9)]
    words = ["video", "--model", str(model), "-s", "plain", "-", "-o", out]
    shell = ["sh", "-c", '"$@" <&-', "sh", *program, *words]
    ended = subprocess.run(shell, capture_output=True, check=False, timeout=240)
    line = b"impasto: standard input is closed: there is nothing to read\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", line)
    assert list(folder.iterdir()) == []


@posix
@pytest.mark.parametrize("out", ["b.mkv", "-"])
def test_a_named_pipe_is_a_pipe(model: Path, home: Path, folder: Path, out: str) -> None:
    """A named pipe is read once, and keeps the sound, as standard input does."""
    source = save_clip(folder / "in.mkv", Clip(text="subrip", chapters=True))
    os.mkfifo("pipe")
    with subprocess.Popen(["sh", "-c", "cat in.mkv > pipe"]):
        ended = start(model, ["pipe", *(["-o", out] if out != "-" else [])])
    assert ended.returncode == 0, ended.stderr
    if out == "-":
        assert ended.stdout.count(b"FRAME\n") == 25
        return
    before, after = look(source), look(Path(out))
    assert after.times == before.times
    assert after.sound == before.sound
    assert after.text == before.text
    assert sorted(path.name for path in Path().iterdir()) == ["b.mkv", "in.mkv", "pipe"]


def test_a_pipe_out_is_y4m(model: Path, home: Path, folder: Path) -> None:
    """Standard output carries YUV4MPEG2 and nothing else; it goes through a second call."""
    source = save_clip(folder / "in.mp4")
    first = start(model, [source, "-o", "-", "--strength", "0"])
    assert first.stdout.startswith(b"YUV4MPEG2 W64 H48 F25:1 Ip A1:1 C420mpeg2")
    assert first.stdout.count(b"FRAME\n") == 25
    second = start(model, ["-", "-o", "b.mp4", "--strength", "0"], input=first.stdout)
    assert second.returncode == 0, second.stderr
    after = look(Path("b.mp4"))
    assert after.times == look(source).times
    assert all(
        np.abs(frame.astype(int) - picture(n)).mean() < 5 for n, frame in enumerate(after.frames)
    )


@posix
def test_a_reader_that_left(model: Path, home: Path, folder: Path) -> None:
    """A broken pipe ends the call without a word."""
    source = save_clip(folder / "in.mp4", Clip(times=range(60)))
    reader, writer = os.pipe()
    os.close(reader)
    program = PROGRAM.format(runs=-1, signal=9)
    words = [sys.executable, "-c", program, "video", "--model", str(model), "-s", "plain"]
    ended = subprocess.run(
        [*words, str(source), "-o", "-", "-q"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=240,
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


@posix
def test_progress_shows_frames_a_second_on_a_terminal(
    model: Path, home: Path, folder: Path
) -> None:
    """On a terminal there is a bar with the count, the rate and the time left."""
    pty = pytest.importorskip("pty")
    source = save_clip(folder / "in.mp4")
    program = PROGRAM.format(runs=-1, signal=9)
    words = [sys.executable, "-c", program, "video", "--model", model, "-s", "plain", source]
    ours, theirs = pty.openpty()
    with subprocess.Popen([str(word) for word in words], stderr=theirs) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: read_terminal(ours), b""))
    assert process.returncode == 0
    assert b"25/25" in shown
    assert b"frames/s" in shown


def test_no_display_is_one_line(model: Path, home: Path, folder: Path) -> None:
    """--preview without a display fails at once, and says what it needs."""
    source = save_clip(folder / "in.mp4")
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ended = start(model, [source, "-o", "b.mp4", "--preview"], env=environment)
    assert ended.returncode == 1
    (line,) = ended.stderr.decode().splitlines()
    assert "--preview needs a display" in line
    assert [path.name for path in Path().iterdir()] == ["in.mp4"]
