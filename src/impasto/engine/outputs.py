"""What pieces become: a video file, a moving picture, or a folder of pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from impasto.core.errors import OutputError
from impasto.core.files import reason, shown
from impasto.core.notice import warn
from impasto.engine.pieces import Done, FrameWriter
from impasto.media.image import WriteOptions
from impasto.media.video import Span, VideoInfo
from impasto.media.video_animation import animate
from impasto.media.video_coding import Coding, Target
from impasto.media.video_frames import FolderWriter, frame_name, move_frames
from impasto.media.video_join import Joined, join
from impasto.media.video_writer import PieceWriter

_WHOLE = "whole"
"""The name of a result before it has its own."""


class Output(Protocol):
    """What a video is painted into."""

    def begin(self, path: Path, number: int) -> FrameWriter:
        """Start a piece of `WorkFolder`."""
        ...

    def complete(self, done: Sequence[Done], folder: Path, target: Path) -> None:
        """Make the result of all pieces and give it its name in one step."""
        ...


@dataclass(frozen=True)
class VideoOutput:
    """A video file with the sound, subtitles and chapters of the original."""

    target: Target
    info: VideoInfo
    """Of the painted frames."""
    coding: Coding
    span: Span
    original: Path | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    strip: bool = False
    """Leave the original's metadata out."""

    def begin(self, path: Path, number: int) -> FrameWriter:
        """A piece that is compressed as the result will be."""
        if number == 0 and (self.info.width % 2 or self.info.height % 2):
            warn("the video's odd side is doubled to make it even, as its codec needs")
        return PieceWriter(path, self.info, self.coding)

    def complete(self, done: Sequence[Done], folder: Path, target: Path) -> None:
        """Join the pieces; nothing is compressed again."""
        whole = folder / f"{_WHOLE}{target.suffix}"
        codec = self.coding.codec or self.target.codecs[0]
        pieces = [each.piece for each in done]
        joined = Joined(
            pieces, self.info, done[-1].end, self.span, codec, self.metadata, self.strip
        )
        join(joined, self.original, whole, self.target)
        put(whole, target)


@dataclass(frozen=True)
class AnimationOutput:
    """A moving GIF or WebP, which has no sound."""

    info: VideoInfo
    quality: int | None = None

    def begin(self, path: Path, number: int) -> FrameWriter:
        """A piece without loss."""
        return PieceWriter(path, self.info, Coding(None))

    def complete(self, done: Sequence[Done], folder: Path, target: Path) -> None:
        """Compress all pieces."""
        whole = folder / f"{_WHOLE}{target.suffix.lower()}"
        animate([each.piece for each in done], self.info, done[-1].end, whole, self.quality)
        put(whole, target)


@dataclass(frozen=True)
class FolderOutput:
    """A folder of numbered pictures."""

    suffix: str
    options: WriteOptions

    def begin(self, path: Path, number: int) -> FrameWriter:
        """All pieces share a folder."""
        return FolderWriter(path.parent / "frames", number, self.suffix, self.options)

    def complete(self, done: Sequence[Done], folder: Path, target: Path) -> None:
        """Give the folder its name, or move its pictures into the one that is there."""
        count = done[-1].restart.painted
        names = [frame_name(number, self.suffix) for number in range(1, count + 1)]
        try:
            move_frames(done[-1].piece.path, target, names)
        except OSError as error:
            raise OutputError(f"cannot write {shown(target)}: {reason(error)}") from error


def put(whole: Path, target: Path) -> None:
    """Give a file on the disk its final name in one step.

    Raises:
        OutputError: it cannot have that name.
    """
    try:
        whole.replace(target.resolve())
    except OSError as error:
        raise OutputError(f"cannot write {shown(target)}: {reason(error)}") from error
