"""Plans a call of `impasto video`: what is read, and what it becomes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.cli.jobs import PIPE
from impasto.cli.names import style_suffix
from impasto.core.errors import OutputError, SettingsError, VideoError
from impasto.core.files import shown
from impasto.engine.key_times import KeyStyle
from impasto.media.video_coding import ANIMATIONS, TARGETS, target_named


@dataclass(frozen=True)
class VideoPlan:
    """What is read, and what it becomes."""

    source: Path | None
    """None is standard input."""
    target: Path | None
    """None is standard output."""

    @property
    def is_folder(self) -> bool:
        """Whether the result is a folder of frames."""
        return self.target is not None and is_folder_name(self.target)

    @property
    def work(self) -> Path:
        """The folder of the unfinished result, beside it."""
        target = Path(os.path.realpath(self.target or Path(PIPE)))
        return target.with_name(target.name + ".unfinished")


def plan_video(source: str, out: str | None, keys: Sequence[KeyStyle], more: str = "") -> VideoPlan:
    """Decide what is read and where the result goes.

    Args:
        source: as it was given.
        out: the value of -o.
        keys: the styles, which name a result beside its input.
        more: what masks add to that name.

    Raises:
        SettingsError: the ending of -o is none of a video.
        VideoError: there is no such input.
        OutputError: the result would replace its input.
    """
    path = None if source == PIPE else Path(source)
    if path is not None and not path.exists():
        raise VideoError(f"{shown(source)}: no such file or folder")
    if out == PIPE or (out is None and path is None):
        return VideoPlan(path, None)
    target = _beside(path, keys, more) if out is None and path else Path(str(out))
    if str(out or "").endswith(("/", os.sep)) and target.suffix:
        raise SettingsError(
            f"-o {out}: a folder of frames has no ending; leave out {target.suffix}"
        )
    if not is_folder_name(target) and target.suffix.lower() not in ANIMATIONS:
        target_named(target)
    if path is not None and target.exists() and target.samefile(path):
        raise OutputError(f"{shown(target)} is the input: name another -o")
    return VideoPlan(path, target)


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


def _beside(source: Path, keys: Sequence[KeyStyle], more: str) -> Path:
    mark = style_suffix("-to-".join(Path(key.style).stem for key in keys)) + more
    named = source if source.name not in ("", "..") else source.resolve()
    if source.is_dir():
        # A dot would be read as the ending of a file.
        return named.with_name(f"{named.name}-{mark[1:]}")
    suffix = source.suffix.lower()
    kept = suffix if suffix in TARGETS or suffix in ANIMATIONS else ".mp4"
    return named.with_name(f"{named.stem}{mark}{kept}")


def check_target(plan: VideoPlan, *, overwrite: bool) -> None:
    """Raise `OutputError` if the result is there already, or its folder is not.

    A folder that is there and empty may be filled.
    """
    target = plan.target
    if target is None:
        return
    if not target.absolute().parent.is_dir():
        raise OutputError(
            f"cannot write {shown(target)}: there is no folder {shown(target.parent)}"
        )
    if overwrite or not os.path.lexists(target):
        return
    if not target.is_dir() or any(target.iterdir()):
        raise OutputError(f"{shown(target)} is there already: use --overwrite, or another -o")
