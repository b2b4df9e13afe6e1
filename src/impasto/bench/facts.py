"""Of what, where and when a measurement was made: model, date, commit, versions and machine."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from impasto.core.cpu import cpu_features
from impasto.core.errors import MissingExtraError
from impasto.core.notice import warn
from impasto.engine.model import Model

_LIBRARIES = ("impasto", "openvino", "numpy", "onnx")
_PACKAGE = Path(__file__).resolve().parents[1]
_QUIET = 10.0
"""Percent of all cores that others may take without a warning."""


@dataclass(frozen=True)
class Commit:
    """The commit that the running program comes from."""

    id: str
    dirty: bool
    """The program's files differ from it."""


@dataclass(frozen=True)
class Machine:
    """What was measured on; the CPU's own name is with the engine."""

    system: str
    cpu_features: list[str]
    cores: int
    physical_cores: int | None
    memory_bytes: int
    busy_percent: float
    """How much of all cores other work took just before the measurement."""


@dataclass(frozen=True)
class ModelFacts:
    """The model that painted, as its manifest tells."""

    name: str
    trunk_id: str
    recipe: str
    parameters: int
    gmac_512: float


def date() -> str:
    """Now, in UTC, as ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions(*more: str) -> dict[str, str]:
    """Versions of Python and of the libraries that a measurement depends on, and of `more`."""
    names = (*_LIBRARIES, *more)
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def model_facts(model: Model) -> ModelFacts:
    """The facts of a model."""
    return ModelFacts(model.name, model.trunk_id, model.recipe, model.parameters, model.gmac_512)


def commit(package: Path = _PACKAGE) -> Commit | None:
    """The commit of the checkout that `package` lies in; None outside of one.

    To be asked before long work, as the checkout may change meanwhile.

    An installed package in a folder that git ignores, such as a virtual environment inside some
    other project, is not in a checkout.
    """
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    head = _git(package, "rev-parse", "HEAD")
    changes = _git(package, "status", "--porcelain", "--", ".")
    return Commit(head, dirty=changes != "") if head else None


def _git(folder: Path, *words: str) -> str | None:
    """What git says in a folder; None if it is not installed or refuses."""
    git = shutil.which("git")
    if git is None:
        return None
    # Without the lock, so that a git of the user's at the same moment is not disturbed.
    command = [git, "-C", str(folder), "--no-optional-locks", *words]
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # ours
    return ended.stdout.decode().strip() if ended.returncode == 0 else None


def machine() -> Machine:
    """Look at the machine for half a second; warns if it is busy with other work.

    Raises:
        MissingExtraError: psutil is not installed.
    """
    psutil = _import_psutil()
    busy = float(psutil.cpu_percent(interval=0.5))
    if busy > _QUIET:
        warn(f"other work takes {busy:.0f} % of this machine: measure again when it is quiet")
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        cpu_features=cpu_features(),
        cores=os.cpu_count() or 1,
        physical_cores=psutil.cpu_count(logical=False),
        memory_bytes=psutil.virtual_memory().total,
        busy_percent=busy,
    )


def _import_psutil() -> Any:
    try:
        import psutil
    except ImportError as error:
        raise MissingExtraError("impasto bench", "bench") from error
    return psutil
