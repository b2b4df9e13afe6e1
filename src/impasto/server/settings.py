"""What an operator can set: one dataclass, defaults written once, `IMPASTO_SERVE_*` beside it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from impasto.core.errors import SettingsError
from impasto.core.files import data_home
from impasto.core.memory import parse_memory
from impasto.core.records import short_repr

PREFIX = "IMPASTO_SERVE_"

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class ServeSettings:
    """How the server runs. Amounts of memory are bytes, times are seconds.

    Raises:
        SettingsError: a value is out of its range, or a host is not loopback and has no token.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes a free one."""
    token: str | None = None
    """Every call below /v1 must bring it; needed on any host but loopback."""
    allowed_hosts: tuple[str, ...] = ()
    """Names that a request may call this server by, beside localhost and addresses."""
    cors_origins: tuple[str, ...] = ()
    """Pages elsewhere that may call, such as https://example.org; none by default."""

    queue: int = 16
    """Requests that may wait for a painter; more are turned away."""
    deadline: float = 30.0
    """What a painting may take, with waiting and reading."""
    painters: int = 0
    """Pictures painted at once; 0: one a core."""
    decoders: int = 0
    """Processes that decode and encode; 0: one a core."""

    max_bytes: int = 64 * 2**20
    """Of the body of a request that paints a picture."""
    max_pixels: int = 50_000_000
    """Of a picture, all frames together, by what its header says."""
    max_regions: int = 8
    """Masks that one request may bring."""
    decoder_memory: int = 3 * 2**30
    """Of a process that decodes, beside what the pictures themselves take. Only writing 50
    megapixels as AVIF needs most of it."""
    decoder_seconds: float = 20.0
    """For one picture; then the process is ended and replaced."""
    body_seconds: float = 15.0
    """In which a body must have come; that of a job gets a second more for each 512 KB allowed."""
    cache_bytes: int = 128 * 2**20
    """Of paintings that are kept for the next time they are asked for."""

    library: Path | None = None
    """The folder of the user's styles; None is that of every other verb."""
    data: Path | None = None
    """Where jobs are kept; None is the folder `serve` of the user's data."""
    max_video_bytes: int = 2**30
    max_video_frames: int = 36_000
    """Of a video; 20 minutes of 30 a second."""
    video_memory: int = 4 * 2**30
    """Of the process that paints a video."""
    max_fit_minutes: float = 60.0
    max_job_minutes: float = 240.0
    """In which a job must be done; a fit may take the minutes that it asks for beside them."""
    job_hours: float = 24.0
    """How long a job and its result are kept after its end."""
    max_jobs: int = 32
    """Jobs that may wait or run."""
    max_live: int = 4
    """Cameras that are painted at once."""
    shutdown_seconds: float = 60.0
    """In which what was accepted is finished."""

    def __post_init__(self) -> None:
        for name, lowest in _LOWEST.items():
            if not getattr(self, name) >= lowest:
                value = getattr(self, name)
                raise SettingsError(f"{name} is {value}: it must be at least {lowest}")
        if not 0 <= self.port <= 65_535:
            raise SettingsError(f"port is {self.port}: it must be from 0 to 65535")
        if self.token is not None and (len(self.token) < 16 or not _is_plain(self.token)):
            raise SettingsError(
                "the token must be at least 16 characters from A-Z, a-z, 0-9, - and _"
            )
        if not self.is_loopback and self.token is None:
            raise SettingsError(
                f"host {self.host} can be reached from elsewhere, so it needs a token: set "
                "IMPASTO_SERVE_TOKEN to what `openssl rand -hex 16` prints"
            )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in _LOOPBACK

    @property
    def data_folder(self) -> Path:
        """Where jobs are kept; absolute, as their processes run in folders of their own."""
        return (self.data or data_home() / "serve").absolute()


_LOWEST: Mapping[str, float] = {
    "queue": 0,
    "deadline": 0.1,
    "painters": 0,
    "decoders": 0,
    "max_bytes": 1024,
    "max_pixels": 1,
    "max_regions": 0,
    "decoder_memory": 128 * 2**20,
    "decoder_seconds": 0.1,
    "body_seconds": 0.1,
    "cache_bytes": 0,
    "max_video_bytes": 1024,
    "max_video_frames": 1,
    "video_memory": 2**29,
    "max_fit_minutes": 0.1,
    "max_job_minutes": 0.01,
    "job_hours": 0,
    "max_jobs": 0,
    "max_live": 0,
    "shutdown_seconds": 0,
}
_AMOUNTS = {"max_bytes", "decoder_memory", "cache_bytes", "max_video_bytes", "video_memory"}


def settings_from(env: Mapping[str, str] = os.environ, **given: Any) -> ServeSettings:
    """The settings of environment variables, with what a call gives in front of them.

    Args:
        env: `IMPASTO_SERVE_QUEUE=32` and so on; lists are separated by commas, amounts of memory
            may be written as 512M.
        given: by the name of the setting; None is not given.

    Raises:
        SettingsError: a variable is unknown, or not of its kind, or out of its range.
    """
    known = {f"{PREFIX}{field.name.upper()}": field.name for field in fields(ServeSettings)}
    found = {key: text for key, text in env.items() if key.startswith(PREFIX)}
    for key in found:
        if key not in known:
            raise SettingsError(f"{key} is no setting: see docs/server.md")
    read = {known[key]: _parsed(key, known[key], text) for key, text in found.items() if text}
    return ServeSettings(
        **(read | {key: value for key, value in given.items() if value is not None})
    )


def environment(**given: str) -> dict[str, str]:
    """The variables of a process that the server starts: nothing secret of its settings is there.

    Args:
        given: stand in front of those of this process.
    """
    kept = {key: text for key, text in os.environ.items() if not key.startswith(PREFIX)}
    return {**kept, **given}


_KINDS = get_type_hints(ServeSettings)


def _parsed(key: str, name: str, text: str) -> Any:
    try:
        if name in _AMOUNTS:
            return parse_memory(text) if text.strip() != "0" else 0
        kind = _KINDS[name]
        if kind is int or kind is float:
            return kind(text)
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in text.split(",") if part.strip())
        return Path(text) if kind == Path | None else text
    except (ValueError, SettingsError) as error:
        raise SettingsError(f"{key} is {short_repr(text)}: {error}") from error


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()
