"""Finds the pictures below a folder."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from impasto.core.files import reason
from impasto.media.formats import SUFFIXES


@dataclass(frozen=True)
class Found:
    """Pictures in a fixed order, and folders that could not be listed with the reason."""

    pictures: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


def pictures_below(top: Path, leave_out: Path | None = None) -> Found:
    """Every picture in `top` and the folders below it, sorted folder by folder.

    A picture is a file whose suffix is one that can be read. Hidden files and folders, links to
    folders, and the folder `leave_out` (an output folder inside the input) are passed over.
    """
    found = Found()
    left_out = leave_out.resolve() if leave_out else None
    walk = os.walk(top, onerror=lambda error: found.unreadable.append(_named(error)))
    for folder, below, names in walk:
        below[:] = sorted(
            name
            for name in below
            if not name.startswith(".") and Path(folder, name).resolve() != left_out
        )
        found.pictures.extend(
            path for name in sorted(names) if _is_picture(path := Path(folder, name))
        )
    return found


def _named(error: OSError) -> tuple[Path, str]:
    return Path(str(error.filename)), reason(error)


def _is_picture(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
        return False
    # A pipe or device would block. A link that leads nowhere stays in, to be named as missing, and
    # so does what may not be looked at.
    try:
        return path.is_file() or not path.exists()
    except OSError:
        return True
