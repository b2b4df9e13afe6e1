"""A folder of pictures as a video, and a video as a folder of pictures."""

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from impasto.core.arrays import RGB
from impasto.core.errors import VideoError
from impasto.core.files import make_folder, reason, shown
from impasto.media.decode import ReadLimits
from impasto.media.formats import SUFFIXES
from impasto.media.image import Picture, WriteOptions, read_image, write_image
from impasto.media.resize import resize_to
from impasto.media.video import Frame, VideoInfo

RATE = Fraction(25)
"""Frames a second of a folder that nothing else is said of."""
_LIMITS = ReadLimits()


class FrameFolder:
    """The pictures of a folder in the order of the numbers in their names.

    Args:
        folder: its pictures are the frames; folders below it are passed over.
        rate: frames a second.
        limits: of each picture.

    Raises:
        VideoError: there is no picture in it, or it cannot be listed.
        ImageError: the first picture cannot be read.
    """

    damage = None

    def __init__(self, folder: Path, rate: Fraction = RATE, limits: ReadLimits = _LIMITS) -> None:
        self._pictures, self._limits = pictures_in(folder), limits
        height, width = read_image(self._pictures[0], limits).pixels.shape[:2]
        seconds = float(len(self._pictures) / rate)
        self.info = VideoInfo(str(folder), width, height, rate, 1 / rate, seconds=seconds)

    def frames(self, since: int | None = None) -> Iterator[Frame]:
        """All frames, or those from `since` on; a picture of another size is made to fit."""
        for number in range(since or 0, len(self._pictures)):
            yield Frame(number, 1, self._pixels(self._pictures[number]))

    def close(self) -> None:
        """Nothing is open."""

    def _pixels(self, path: Path) -> Callable[[], RGB]:
        size = self.info.width, self.info.height
        return lambda: resize_to(read_image(path, self._limits).pixels, *size)


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder in their order: the frames that are read, and no other files.

    Raises:
        VideoError: there is no picture in it, or it cannot be listed.
    """
    try:
        found = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
        ]
    except OSError as error:
        raise VideoError(f"cannot read {shown(folder)}: {reason(error)}") from error
    if not found:
        raise VideoError(f"there is no picture in the folder {shown(folder)}")
    return sorted(found, key=natural_key)


def natural_key(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts `2.png` before `10.png`."""
    parts = re.findall(r"\d+|\D+", path.name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts], path.name


class FolderWriter:
    """Writes frames as numbered pictures, each whole or not at all; use it in a `with` block.

    Args:
        folder: made if need be.
        number: that of the first frame; names count from 1.
        suffix: of the pictures, `.png` for example.
        options: of each picture.
    """

    depth = 0

    def __init__(self, folder: Path, number: int, suffix: str, options: WriteOptions) -> None:
        make_folder(folder)
        self.path, self._number = folder, number
        self._suffix, self._options = suffix, options

    def write(self, pixels: RGB, pts: int) -> None:
        """Write the next frame."""
        self._number += 1
        picture = Picture(np.asarray(pixels), None, None, None, "PNG")
        write_image(picture, self.path / frame_name(self._number, self._suffix), self._options)

    def close(self) -> None:
        """All pictures are on the disk already."""

    def abandon(self) -> None:
        """All pictures are on the disk already."""


def frame_name(number: int, suffix: str) -> str:
    """The name of a frame; sorted by name frames are in their order."""
    return f"frame-{number:06d}{suffix}"


def move_frames(folder: Path, target: Path, names: Sequence[str]) -> None:
    """Give a folder of frames its final name.

    What lies there already keeps its files, but for the frames of an earlier call.
    """
    if not target.exists():
        folder.rename(target)
        return
    for name in names:
        # What an earlier try moved is there already.
        if (folder / name).exists() or not (target / name).exists():
            (folder / name).replace(target / name)
    for path in _frames_in(target) - {target / name for name in names}:
        path.unlink()


def _frames_in(folder: Path) -> set[Path]:
    """What is named as a frame, in any format."""
    return {path for path in folder.iterdir() if _is_frame_name(path) and path.is_file()}


def _is_frame_name(path: Path) -> bool:
    return path.suffix in SUFFIXES and re.fullmatch(r"frame-\d{6,}", path.stem) is not None
