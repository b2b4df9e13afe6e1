"""Cameras, as the system's own capture interface gives them to FFmpeg."""

import sys
from pathlib import Path
from typing import BinaryIO

from impasto.core.errors import VideoError
from impasto.media.decode import ReadLimits
from impasto.media.video_av import av, why
from impasto.media.video_reader import VideoFile

_LIMITS = ReadLimits()


class Camera(VideoFile):
    """Frames of a camera, for as long as they are asked for.

    Args:
        name: a number from 0 on, or what the system calls a device.
        limits: the most pixels of a frame.

    Raises:
        VideoError: it is not there, or another program uses it.
    """

    def __init__(self, name: str, limits: ReadLimits = _LIMITS) -> None:
        super().__init__(Path(name), f"camera {name}", limits=limits)
        self._is_file = False

    @property
    def damage(self) -> str | None:
        """Why it gave no more frames, if it did not; a frame that is spoiled is nothing unusual."""
        return self._broken or None

    def _open(self, source: Path | BinaryIO) -> "av.container.InputContainer":
        device, format = device_of(str(source))
        try:
            return av.open(device, "r", format=format, timeout=(10.0, None))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise VideoError(f"there is no camera {source} to read: {why(error)}") from error


def device_of(name: str, system: str = sys.platform) -> tuple[str, str]:
    """What FFmpeg calls a camera and the interface to it; DirectShow knows no numbers."""
    if system == "win32":
        return f"video={name}", "dshow"
    if system == "darwin":
        return name, "avfoundation"
    return (f"/dev/video{name}" if name.isdecimal() else name), "v4l2"
