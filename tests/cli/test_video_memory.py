"""A long video needs no more memory than a short one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..clips import Clip, look, save_clip

pytest.importorskip("av")
pytest.importorskip("resource")

PROGRAM = """
import resource, sys
from impasto.cli.app import main
from impasto.engine.fake_backend import FakeBackend

class Backend(FakeBackend):
    def load(self, graph, shapes, *, exact=False):
        session = super().load(graph, shapes, exact=exact)
        self.loads.clear()
        self.runs.clear()
        return session

code = main(sys.argv[1:], backend=Backend())
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(code)
"""
UNIT = 2**10 if sys.platform == "linux" else 1


def peak(model: Path, source: Path, target: str) -> int:
    """The most bytes that painting a video took."""
    words = ["video", "--model", model, "-s", "plain", source, "-o", target, "-q"]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)], capture_output=True, check=True
    )
    found = re.search(rb"peak (\d+)", ended.stdout)
    assert found is not None
    return int(found[1]) * UNIT


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["mp4", "gif"])
def test_memory_does_not_grow_with_length(
    model: Path, home: Path, folder: Path, suffix: str
) -> None:
    """5,000 frames are painted within 24 MiB of what 300 frames take."""
    short = save_clip(folder / "short.mp4", Clip(times=range(300), gop=50))
    long = save_clip(folder / "long.mp4", Clip(times=range(5000), gop=50))
    small = peak(model, short, f"a.{suffix}")
    large = peak(model, long, f"b.{suffix}")
    assert len(look(Path(f"b.{suffix}")).times) == 5000
    assert large - small < 24 * 2**20, (small, large)
