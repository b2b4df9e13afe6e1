"""PyAV, which is FFmpeg: imported here alone, opened safely, and its errors in our words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EINVAL
from functools import cache
from pathlib import Path
from typing import BinaryIO

from impasto.core.errors import MissingExtraError, OutputError, VideoError
from impasto.core.files import reason, shown
from impasto.media.formats import HEAD_BYTES, WEBP, sniff

try:
    import av
except ImportError:
    raise MissingExtraError("video", "video") from None

__all__ = ["av", "open_input", "opening", "why", "writing"]

# Lists that lead to other files or into the network, captures of screens, and text as video.
_REFUSED = """
concat concatf dash hls applehttp imf sdp rtp rtsp rtp_mpegts srt webm_dash_manifest lavfi tty
ffmetadata image2 image2pipe fbdev x11grab xcbgrab kmsgrab video4linux2 v4l2 alsa oss pulse jack
dshow gdigrab vfwcap avfoundation android_camera libcdio iec61883 openal sndio
"""

_NO_VIDEO = "it is no video, or its data are damaged"
_MOVES = 2
"""The flag of a WebP that holds several pictures."""


@cache
def _allowed() -> str:
    """The formats that a file from a stranger may be in, as FFmpeg wants them."""
    names = {name for each in av.formats_available for name in each.split(",")}
    allowed = names - set(_REFUSED.split())
    return ",".join(sorted(name for name in allowed if not name.endswith("_pipe")))


def open_input(source: Path | BinaryIO) -> "av.container.InputContainer":
    """Open a video for reading; nothing but the file itself is ever opened.

    Raises FFmpeg's errors, OSError, and ValueError for what is known not to be read: use it within
    `opening`.
    """
    head = b"" if isinstance(source, Path) else _peeked(source)  # FFmpeg takes it away
    try:
        return _open(source)
    except (av.ArgumentError, OSError) as error:
        if error.errno != EINVAL:  # which tells of a format that is not allowed, and of no bytes
            raise
        told = _what_is(_head_of(source) if isinstance(source, Path) else head)
        raise ValueError(told) from error


def _open(source: Path | BinaryIO) -> "av.container.InputContainer":
    options = {"format_whitelist": _allowed()}
    if not isinstance(source, Path):
        return av.open(source, "r", options=options, metadata_errors="replace")
    # The prefix keeps a name like `http:x.mp4` a name.
    name = f"file:{source}"
    options["protocol_whitelist"] = "file"
    return av.open(name, "r", options=options, metadata_errors="replace")


def _peeked(source: BinaryIO) -> bytes:
    """The first bytes, which are still there to read; none where that cannot be."""
    peek: Callable[[int], bytes] = getattr(source, "peek", lambda _: b"")
    try:
        return peek(HEAD_BYTES)[:HEAD_BYTES]
    except (OSError, ValueError):
        return b""


def _head_of(path: Path) -> bytes:
    """The first bytes of a file; none of a pipe, which has given them away."""
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file.read(HEAD_BYTES)
    except OSError:
        pass
    return b""


def _what_is(head: bytes) -> str:
    format = sniff(head)
    if format is None:
        return _NO_VIDEO
    if format is WEBP and head[12:16] == b"VP8X" and len(head) > 20 and head[20] & _MOVES:
        return "it is a moving WebP, which FFmpeg cannot read: make a GIF or a video of it first"
    return "it is a picture: `impasto paint` paints it"


@contextmanager
def opening(name: str) -> Iterator[None]:
    """Turn whatever goes wrong while a video is read into a `VideoError` that names it."""
    try:
        yield
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise VideoError(f"cannot read {shown(name)}: {why(error)}") from error


@contextmanager
def writing(target: Path | str) -> Iterator[None]:
    """Turn whatever goes wrong while a video is written into an `OutputError` that names it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise OutputError(f"cannot write {shown(target)}: {why(error)}") from error


def why(error: BaseException) -> str:
    """What went wrong, in one line without names of files."""
    if isinstance(error, av.InvalidDataError):
        return _NO_VIDEO
    if isinstance(error, av.EOFError):
        return "it ends too early"
    if isinstance(error, av.FFmpegError) and error.strerror:
        return shown(error.strerror)
    return reason(error)
