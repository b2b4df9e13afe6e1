"""What runs beside a server."""

from pathlib import Path

import psutil


def works_in(folder: Path) -> bool:
    """Whether a process runs in a folder."""
    return any(each.info["cwd"] == str(folder) for each in psutil.process_iter(["cwd"]))
