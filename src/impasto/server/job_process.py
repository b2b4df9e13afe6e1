"""The process of a job: a verb of the command line, in the folder of the job, and what it says."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any, Final

from impasto.core.files import cache_home, data_home
from impasto.server.job_store import Job
from impasto.server.settings import PREFIX, ServeSettings, environment
from impasto.styles.package import SUFFIX

INPUT: Final = "input"
PICTURES: Final = "pictures"
PREVIEWS: Final = "previews"
HOME: Final = "home"
"""What the command takes for the user's data, in a video's folder: the styles as they were."""

_LONGEST: Final = 64 * 1024
"""Bytes of a line."""
_PATIENCE: Final = 30.0
"""Seconds to end in order; then it is killed."""

Line = tuple[float, str]
"""Progress from 0 to 1, and a word about it."""


@dataclass(frozen=True)
class Command:
    """A process to start in the folder of a job."""

    args: tuple[str, ...]
    result: str
    """The file that it leaves, by its name."""
    read: Callable[[str], Line | None]
    """What a line that it says tells of its progress."""
    end_with: int
    """The signal that ends it in order."""
    memory: int
    minutes: float
    """Then it is ended, done or not: others wait for its place."""
    own_home: bool = False


def command_of(job: Job, settings: ServeSettings, model: Path) -> Command:
    """The process of a job.

    Args:
        job: its settings were checked.
        settings: limits.
        model: the folder of the model; may be relative, though the process runs elsewhere.
    """
    model = model.absolute()
    if job.kind == "video":
        return _video(job.settings, settings, model)
    return _fit(job.settings, settings, model)


def _video(asked: Any, settings: ServeSettings, model: Path) -> Command:
    result = f"result.{asked['format']}"
    options = ["--style", asked["style"], "--strength", str(asked["strength"])]
    options += ["--colors", asked["colors"], "--flow", str(asked["flow"])]
    for name in ("size", "stroke_reference", "fps", "quality"):
        if asked.get(name) is not None:
            options += [f"--{name.replace('_', '-')}", str(asked[name])]
    options += ["--max-megapixels", str(settings.max_pixels / 1e6), "--model", str(model)]
    options += ["--resume", "--progress-json", "--quiet"]

    def read(line: str) -> Line | None:
        facts = json.loads(line)
        done, total = facts["frames"], facts["total"]
        if max(done, total or 0) > settings.max_video_frames:
            raise TooMuchError(f"the video has more than {settings.max_video_frames} frames")
        return (min(done / total, 1.0) if total else 0.0), f"{done} frames painted"

    args = ("-m", "impasto.cli.app", "video", INPUT, "-o", result, *options)
    most = settings.video_memory, settings.max_job_minutes
    return Command((sys.executable, *args), result, read, SIGINT, *most, own_home=True)


def _fit(asked: Any, settings: ServeSettings, model: Path) -> Command:
    result, started = f"{asked['name']}{SUFFIX}", time.monotonic()
    options = ["--name", asked["name"], "--title", asked["title"], "--minutes"]
    options += [str(asked["minutes"]), "--model", str(model)]
    options += ["--progress", PREVIEWS, "--out", result, "--overwrite"]

    def read(line: str) -> Line | None:
        share = (time.monotonic() - started) / (60 * asked["minutes"])
        return min(share, 0.99), line.removeprefix("impasto: ")

    args = ("-m", "impasto.cli.app", "fit", PICTURES, *options)
    most = settings.video_memory, settings.max_job_minutes + asked["minutes"]
    # Ctrl-C would keep the best so far; whoever cancels wants nothing of it.
    return Command((sys.executable, *args), result, read, SIGTERM, *most)


class TooMuchError(Exception):
    """A job turns out to be more than is allowed."""


class JobProcess:
    """Runs a command in a folder.

    Args:
        command: what runs.
        folder: where; absolute.
    """

    def __init__(self, command: Command, folder: Path) -> None:
        self._command, self._folder = command, folder
        self._process: asyncio.subprocess.Process | None = None
        self._ending = False
        self.last_words = "the process ended without a word"
        """The last line that it said."""

    def end(self) -> None:
        """Let it end in order, and by force if it takes too long."""
        self._ending = True
        if self._process is not None:
            self._signal(self._command.end_with)
            asyncio.get_running_loop().call_later(_PATIENCE, self._signal, SIGKILL)

    async def lines(self) -> AsyncIterator[Line]:
        """What it says about its progress, until it has ended.

        Raises:
            TooMuchError: it is more than is allowed; it was ended.
        """
        if self._ending:
            return
        process = self._process = await self._started()
        until = asyncio.get_running_loop().time() + 60 * self._command.minutes
        if self._ending:  # meanwhile
            self.end()
        try:
            while process.stdout and (line := await self._line(process.stdout, until)):
                told = self._read(line.decode("utf-8", "replace").strip())
                if told is not None:
                    yield told
        finally:
            if self._ending:
                await process.wait()
            self._signal(SIGKILL)
            await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "impasto.server.child"),
            *(str(os.getpid()), str(self._command.memory)),
            *self._command.args,
            cwd=self._folder,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=_LONGEST,
        )

    def _environment(self) -> dict[str, str]:
        """The styles as they were when the job came; paths that hold in its folder, too."""
        home = self._folder / HOME if self._command.own_home else data_home().absolute()
        cache = cache_home().absolute()
        return environment(IMPASTO_HOME=str(home), IMPASTO_CACHE=str(cache), PYTHONUNBUFFERED="1")

    async def _line(self, said: asyncio.StreamReader, until: float) -> bytes:
        """The next that it says; nothing when it has closed its mouth."""
        try:
            async with asyncio.timeout_at(until):
                return await said.readline()
        except TimeoutError:
            raise TooMuchError(
                f"the job was not done within {self._command.minutes:g} minutes: "
                f"{PREFIX}MAX_JOB_MINUTES of the server allows no more"
            ) from None

    def _read(self, text: str) -> Line | None:
        """Its progress, if the line tells it; else it may be its last word."""
        if text and not text.startswith(("{", "impasto: warning:")):
            words = text.removeprefix("impasto: ").replace(f"{self._folder}{os.sep}", "")
            self.last_words = words[:500]
        try:
            return self._command.read(text)
        except (ValueError, KeyError, TypeError):
            return None

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
