"""The window that shows a painting, on a display without a screen."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..clips import look, save_clip

pytest.importorskip("tkinter")
pytest.importorskip("av")

CHILD = """
import numpy as np
from PIL import ImageGrab
from impasto.cli.preview import Preview

pixels = np.zeros((90, 160, 3), np.uint8)
pixels[:, :80] = (200, 60, 30)
with Preview() as window:
    window.show(pixels, "painting")
    window.show(pixels)
    grabbed = np.asarray(ImageGrab.grab().convert("RGB"))
    assert ((grabbed == (200, 60, 30)).all(axis=2)).sum() == 80 * 90, grabbed.shape
    window.close()
    window.show(pixels)
    assert not window.is_open
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A display of its own; skips where there is no Xvfb."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("needs Xvfb")
    reader, writer = os.pipe()
    words = [program, "-displayfd", str(writer), "-screen", "0", "320x240x24", "-nolisten", "tcp"]
    with subprocess.Popen(words, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as ready:
            yield f":{ready.readline().strip()}"  # written when it takes clients
        server.terminate()


def test_a_picture_is_shown_as_it_is(display: str) -> None:
    """Each pixel is on the screen in its own colour; a closed window takes no more, and no harm."""
    ended = subprocess.run(
        [sys.executable, "-c", CHILD],
        capture_output=True,
        check=False,
        env={**os.environ, "DISPLAY": display},
    )
    assert ended.returncode == 0, ended.stderr.decode()


VIDEO = """
import sys
from impasto.cli.app import main
from impasto.engine.fake_backend import FakeBackend

sys.exit(main(sys.argv[1:], backend=FakeBackend()))
"""


def test_a_video_is_shown_while_it_is_painted(
    display: str, model: Path, home: Path, folder: Path
) -> None:
    """--preview changes nothing about the result."""
    source = save_clip(folder / "in.mp4")
    words = ["video", "--model", model, "-s", "plain", source, "-o", "b.mp4", "--preview"]
    ended = subprocess.run(
        [sys.executable, "-c", VIDEO, *map(str, words)],
        capture_output=True,
        check=False,
        env={**os.environ, "DISPLAY": display},
    )
    assert ended.returncode == 0, ended.stderr.decode()
    assert look(Path("b.mp4")).times == look(source).times
