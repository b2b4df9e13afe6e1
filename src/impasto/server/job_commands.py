"""What runs for each kind of job: the command line's own verbs, in the folder of the job."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any, Final

from impasto.server.job_store import Job
from impasto.server.settings import ServeSettings
from impasto.styles.package import SUFFIX

INPUT: Final = "input"
PICTURES: Final = "pictures"
PREVIEWS: Final = "previews"
HOME: Final = "home"
"""What the command takes for the user's data, in a video's folder: the styles as they were."""

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
    own_home: bool = False


def command_of(job: Job, settings: ServeSettings, model: Path) -> Command:
    """The process of a job.

    Args:
        job: its settings were checked.
        settings: limits.
        model: the folder of the model.
    """
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
    memory = settings.video_memory
    return Command((sys.executable, *args), result, read, SIGINT, memory, own_home=True)


def _fit(asked: Any, settings: ServeSettings, model: Path) -> Command:
    result, started = f"{asked['name']}{SUFFIX}", time.monotonic()
    options = ["--name", asked["name"], "--title", asked["title"], "--minutes"]
    options += [str(asked["minutes"]), "--model", str(model)]
    options += ["--progress", PREVIEWS, "--out", result, "--overwrite"]

    def read(line: str) -> Line | None:
        share = (time.monotonic() - started) / (60 * asked["minutes"])
        return min(share, 0.99), line.removeprefix("impasto: ")

    args = ("-m", "impasto.cli.app", "fit", PICTURES, *options)
    # Ctrl-C would keep the best so far; whoever cancels wants nothing of it.
    return Command((sys.executable, *args), result, read, SIGTERM, settings.video_memory)


class TooMuchError(Exception):
    """A job turns out to be more than is allowed."""
