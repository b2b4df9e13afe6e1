"""Damaged videos: whatever the bytes, frames or one VideoError, and never a crash or a hang."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ..clips import Clip, save_clip

pytest.importorskip("av")

COUNT = 200
LIMIT = 10
"""Seconds for a file; they take hundredths."""

CLIPS = {
    "a.mp4": Clip(times=range(8), chapters=True),
    "b.mkv": Clip(times=range(8), sound=("libopus",), text="subrip"),
    "c.webm": Clip(times=range(6), codec="libvpx-vp9", sound=("libopus",)),
    "d.avi": Clip(times=range(8), codec="mpeg4", sound=("mp2",)),
    "e.ts": Clip(times=range(8), codec="mpeg2video", sound=("aac",)),
    "f.gif": Clip(times=range(4), codec="gif", pix_fmt="rgb8", sound=()),
    "g.nut": Clip(times=range(4), codec="ffv1", sound=()),
    "h.mov": Clip(times=range(6), codec="libx265", options={"x265-params": "log-level=none"}),
}

# The watchdog is Python's own: it ends the process where a file takes too long.
CHILD = f"""
import faulthandler, sys
from pathlib import Path
from impasto.core.errors import VideoError
from impasto.media.decode import ReadLimits
from impasto.media.video_reader import VideoFile

for name in sorted(Path(sys.argv[1]).iterdir()):
    faulthandler.dump_traceback_later({LIMIT}, exit=True)
    print(name.name, end=" ", flush=True)
    try:
        with VideoFile(name, limits=ReadLimits(max_pixels=1_000_000)) as video:
            pixels = [frame.pixels() for frame in video.frames()]
            print(len(pixels), video.damage)
            assert all(each.shape == (video.info.height, video.info.width, 3) for each in pixels)
    except VideoError as error:
        print(error)
        assert name.name in str(error), error
    faulthandler.cancel_dump_traceback_later()
print("all")
"""


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes cut off, with some of them changed, or with a stretch moved or missing."""
    kind, size = rng.integers(4), len(data)
    start, end = sorted(rng.integers(0, size, 2))
    if kind == 0:
        return data[: rng.integers(size)]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:
        return data[:start] + data[start:end] * 2 + data[end:]
    changed = np.frombuffer(data, np.uint8).copy()
    # Half of the damage where the headers are.
    reach = size if rng.random() < 0.5 else min(size, 600)
    places = rng.integers(0, reach, 1 + rng.integers(30))
    changed[places] = rng.choice([0, 1, 127, 128, 255, *rng.integers(0, 256, 3)], places.size)
    return changed.tobytes()


def test_damaged_files_neither_crash_nor_hang(tmp_path: Path) -> None:
    """Each of 200 damaged files of eight kinds gives frames, or one error that names it."""
    rng = np.random.default_rng(7)
    seeds = {name: save_clip(tmp_path / name, clip).read_bytes() for name, clip in CLIPS.items()}
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number in range(COUNT):
        name = list(seeds)[number % len(seeds)]
        (folder / f"{number:03d}-{name}").write_bytes(damaged(seeds[name], rng))
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", CHILD, str(folder)],
        capture_output=True,
        check=False,
        env={**os.environ, "IMPASTO_DEBUG": "1"},
    )
    told = ended.stdout.decode(errors="replace").splitlines()
    assert ended.returncode == 0, (told[-1:], ended.stderr[-2000:])
    assert len(told) == COUNT + 1
    assert sum("cannot read" in line for line in told) > 10
    assert sum(line.endswith("None") for line in told) > 10
