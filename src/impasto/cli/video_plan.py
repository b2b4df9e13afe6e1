"""Plans a call of `impasto video`: what is read, and what it becomes."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from impasto.cli.jobs import PIPE
from impasto.core.errors import OutputError, SettingsError, VideoError
from impasto.core.files import shown
from impasto.media.video_coding import ANIMATIONS, TARGETS, target_named


@dataclass(frozen=True)
class VideoPlan:
    """What is read, and what it becomes."""

    source: Path | None
    """None is standard input."""
    target: Path | None
    """None is standard output."""
    is_folder: bool = False
    """Whether the result is a folder of frames."""
    is_stream: bool = False
    """Whether the input can be read only once: standard input, or a named pipe."""

    @property
    def name(self) -> str:
        """What messages call the input."""
        return shown(self.source) if self.source else "standard input"

    @property
    def work(self) -> Path:
        """The folder of the unfinished result, beside it."""
        target = Path(os.path.realpath(self.target or Path(PIPE)))
        return target.with_name(target.name + ".unfinished")


def plan_of(source: str | None, out: str | None, mark: str, *, preview: bool) -> VideoPlan:
    """The plan of a video, or, where no source is given, of a camera; raises as those do."""
    if source is None:
        return plan_camera(out, preview=preview)
    return plan_video(source, out, mark)


def plan_video(source: str, out: str | None, mark: str) -> VideoPlan:
    """Decide what is read and where the result goes.

    Args:
        source: as it was given.
        out: the value of -o.
        mark: what the styles add to the name of a result beside its input.

    Raises:
        SettingsError: the input is empty, or the ending of -o is none of a video.
        VideoError: there is no such input.
        OutputError: the result would replace its input.
    """
    if not source:  # as of a variable that is not set; Path would take it for this folder
        raise SettingsError("an input is empty: name a video or a folder, '.' for this one")
    path = None if source == PIPE else Path(source)
    if path is not None and not path.exists():
        raise VideoError(f"{shown(source)}: no such file or folder")
    from_folder = path is not None and path.is_dir()
    is_stream = path is None or not (from_folder or path.is_file())
    if out == PIPE or (out is None and is_stream):
        return VideoPlan(path, None, is_stream=is_stream)
    target = _beside(path, mark) if out is None and path else Path(str(out))
    is_folder = is_folder_name(target) or (out is None and from_folder)
    if str(out or "").endswith(("/", os.sep)) and target.suffix:
        raise SettingsError(
            f"-o {out}: a folder of frames has no ending; leave out {target.suffix}"
        )
    if not is_folder and target.suffix.lower() not in ANIMATIONS:
        target_named(target)
    if path is not None and target.exists() and target.samefile(path):
        raise OutputError(f"{shown(target)} is the input: name another -o")
    return VideoPlan(path, target, is_folder, is_stream)


def plan_camera(out: str | None, *, preview: bool) -> VideoPlan:
    """Decide where the paintings of a camera go; without -o to a window alone.

    Raises:
        SettingsError: they would go nowhere, or to what has no times.
    """
    if out is None and not preview:
        raise SettingsError("--camera needs -o FILE, --preview, or both")
    target = Path(out) if out else None
    if target is not None and target.suffix.lower() not in ANIMATIONS:
        target_named(target)
    return VideoPlan(None, target)


def is_folder_name(path: Path) -> bool:
    """Whether a result of this name is a folder of frames."""
    return path.is_dir() or not path.suffix


def _beside(source: Path, mark: str) -> Path:
    named = source if source.name not in ("", "..") else source.resolve()
    if source.is_dir():
        # A dot before it would be read as the ending of a file.
        return named.with_name(f"{named.name}-{mark[1:]}")
    suffix = source.suffix.lower()
    kept = suffix if suffix in TARGETS or suffix in ANIMATIONS else ".mp4"
    return named.with_name(f"{named.stem}{mark}{kept}")


def check_target(plan: VideoPlan, *, overwrite: bool) -> None:
    """Raise `OutputError` if the result is there already, or can never be there."""
    target = plan.target
    if target is None:
        return
    if target.exists() and target.is_dir() != plan.is_folder:
        kind = "no folder for frames" if plan.is_folder else "a folder"
        raise OutputError(f"{shown(target)} is {kind}: name another -o")
    if not overwrite and is_there(target):
        raise OutputError(f"{shown(target)} is there already: use --overwrite, or another -o")


def check_kind(plan: VideoPlan, codec: str | None, format: str | None) -> None:
    """Raise `SettingsError` if an option that was given is none of this kind of result."""
    suffix = plan.target.suffix.lower() if plan.target else ""
    if codec and (plan.is_folder or suffix not in TARGETS):
        known = " ".join(TARGETS)
        raise SettingsError(f"--codec {codec} is for {known} alone: leave it out, or change -o")
    if format and not plan.is_folder:
        raise SettingsError(
            f"--format {format} is for a folder of frames alone: leave it out, or change -o"
        )


def check_streams(plan: VideoPlan, as_json: bool, is_live: bool) -> None:
    """Raise `SettingsError` if a video cannot go to standard output."""
    if plan.target is not None or is_live:
        return
    if as_json:
        raise SettingsError("--json and the video cannot both go to standard output: use -o FILE")
    if sys.stdout is None or sys.stdout.isatty():
        raise SettingsError("a video is not written to a terminal: use -o FILE or a pipe")


def is_there(target: Path) -> bool:
    """Whether there is a result already; a folder that is empty may be filled."""
    return os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir()))
