"""Clips to measure on: videos, folders of frames, or the sequences in the assets folder."""

from contextlib import closing
from itertools import islice
from pathlib import Path

from impasto.bench.video_marks import SMALLEST_SIDE
from impasto.core.arrays import RGB
from impasto.core.errors import InputError, VideoError
from impasto.core.files import shown
from impasto.media.resize import fit_long_side
from impasto.media.video import VideoSource
from impasto.media.video_frames import FrameFolder
from impasto.media.video_reader import VideoFile

CLIPS = Path("video") / "davis480"
"""Where sequences, each a folder of frames, lie in the assets folder."""


def default_clips(assets: Path) -> list[Path]:
    """The sequences of the assets folder.

    Raises:
        InputError: there are none.
    """
    folder = assets / CLIPS
    clips = sorted(path for path in folder.glob("*") if path.is_dir())
    if not clips:
        raise InputError(f"{shown(folder)}: no clips there: name some, or set IMPASTO_ASSETS")
    return clips


def open_clip(path: Path) -> VideoSource:
    """A video file or a folder of frames, to be closed.

    Raises:
        VideoError: it cannot be read.
    """
    return FrameFolder(path) if path.is_dir() else VideoFile(path)


def read_clip(path: Path, count: int, size: int) -> list[RGB]:
    """The first frames of a clip, with their long side at most `size` pixels.

    Raises:
        VideoError: it cannot be read, has fewer than two frames, or they are too small.
    """
    with closing(open_clip(path)) as source:
        frames = [fit_long_side(each.pixels(), size) for each in islice(source.frames(), count)]
    if len(frames) < 2 or min(frames[0].shape[:2]) < SMALLEST_SIDE:
        raise VideoError(
            f"{shown(path)} has {len(frames)} frames of {frames[0].shape[1]}x{frames[0].shape[0]}: "
            f"calm is measured on at least 2 of at least {SMALLEST_SIDE} pixels on each side"
        )
    return frames
