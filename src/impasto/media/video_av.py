"""PyAV, which is FFmpeg: imported here alone, opened safely, and its errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO

from impasto.core.errors import MissingExtraError, OutputError, VideoError
from impasto.core.files import reason, shown

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


@cache
def _allowed() -> str:
    """The formats that a file from a stranger may be in, as FFmpeg wants them."""
    names = {name for each in av.formats_available for name in each.split(",")}
    allowed = names - set(_REFUSED.split())
    return ",".join(sorted(name for name in allowed if not name.endswith("_pipe")))


def open_input(source: Path | BinaryIO) -> "av.container.InputContainer":
    """Open a video for reading; nothing but the file itself is ever opened.

    Raises FFmpeg's errors and OSError: use it within `opening`.
    """
    options = {"format_whitelist": _allowed()}
    if not isinstance(source, Path):
        return av.open(source, "r", options=options, metadata_errors="replace")
    # The prefix keeps a name like `http:x.mp4` a name.
    name = f"file:{source}"
    options["protocol_whitelist"] = "file"
    return av.open(name, "r", options=options, metadata_errors="replace")


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
        return "it is no video, or its data are damaged"
    if isinstance(error, av.EOFError):
        return "it ends too early"
    if isinstance(error, av.FFmpegError) and error.strerror:
        return shown(error.strerror)
    return reason(error)
