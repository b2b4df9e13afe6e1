"""Two calls of `impasto video` on one result: the second one touches nothing of the first."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..clips import look
from .conftest import Call, Failing

pytest.importorskip("av")
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX, open files that move")
WORDS = ("-s", "plain", "--segment", "300ms", "--window", "0.2", "-o", "b.mp4")
PROGRAM = """
import sys, time
from pathlib import Path
from impasto.cli.app import main
from impasto.engine.fake_backend import FakeBackend

class Backend(FakeBackend):
    def load(self, *arguments, **options):
        if len(self.loads) == 150:
            Path("waits").touch()
            while not Path("go").exists():
                time.sleep(0.01)
        return super().load(*arguments, **options)

sys.exit(main(sys.argv[1:], backend=Backend()))
"""


@contextmanager
def working(model: Path, source: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A call in a process of its own that waits in its middle until there is a file `go`."""
    words = ["video", "--model", model, source, *WORDS]
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *map(str, words)]) as process:
        try:
            while not Path("waits").exists():
                assert process.poll() is None
                time.sleep(0.01)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("option", ["--overwrite", "--resume"])
def test_a_second_call_is_refused(model: Path, long: Path, call: Call, option: str) -> None:
    """It ends with 1 and one line; the first call ends as if it had been alone."""
    assert call("video", long, *WORDS[:-1], "whole.mp4").code == 0
    with working(model, long) as first:
        before = set(Path("b.mp4.unfinished").iterdir())
        ended = call("video", long, *WORDS, option)
        assert (ended.code, len(ended.lines)) == (1, 1), ended.err
        assert "another call works in" in ended.err
        assert before <= set(Path("b.mp4.unfinished").iterdir())
        Path("go").touch()
        assert first.wait(240) == 0
    assert Path("b.mp4").read_bytes() == Path("whole.mp4").read_bytes()
    assert not Path("b.mp4.unfinished").exists()


@posix
def test_a_killed_call_holds_nothing(model: Path, long: Path, call: Call) -> None:
    """After kill -9 the next call works there at once."""
    with working(model, long) as first:
        first.send_signal(signal.SIGKILL)
        first.wait(240)
    assert call("video", long, *WORDS, "--resume").code == 0
    assert look(Path("b.mp4")).times == look(long).times
    assert not Path("b.mp4.unfinished").exists()


class Moving(Failing):
    """Breaks after so many runs, when somebody has moved the unfinished video."""

    def load(self, *arguments: object, **options: object) -> object:
        """Load a graph, or break."""
        if not self.left:
            Path("b.mp4.unfinished").rename("elsewhere")
        return super().load(*arguments, **options)


@posix
def test_frames_that_are_gone_are_not_promised(long: Path, call: Call) -> None:
    """Where somebody took the unfinished video away, nobody is told to go on with it."""
    ended = call("video", long, *WORDS, backend=Moving(150))
    assert (ended.code, len(ended.lines)) == (1, 1), ended.err
    assert "--resume" not in ended.err
    assert not Path("b.mp4.unfinished").exists()
    assert Path("elsewhere/journal.jsonl").exists()
    assert call("video", long, *WORDS).code == 0
