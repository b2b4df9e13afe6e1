"""Date, commit, versions and machine."""

import subprocess
import sys
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from impasto.bench import facts
from impasto.core.errors import ImpastoWarning, MissingExtraError


def git(folder: Path, *words: str) -> str:
    """Run git as somebody, in a folder."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package in a checkout, committed."""
    package = tmp_path / "src" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (tmp_path / ".gitignore").write_text("venv\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return package


def test_the_date_is_now() -> None:
    """The date is ISO 8601 in UTC."""
    told = datetime.fromisoformat(facts.date())
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60


def test_versions() -> None:
    """The versions are those that are installed."""
    pytest.importorskip("onnx")
    found = facts.versions()
    assert found["impasto"] == version("impasto")
    assert set(found) == {"python", "impasto", "openvino", "numpy", "onnx"}


def test_a_commit_and_its_changes(package: Path, tmp_path: Path) -> None:
    """A changed or a new file of the package makes it dirty, and a file elsewhere does not."""
    head = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "result.json").touch()
    assert facts.commit(package) == facts.Commit(head, dirty=False)
    (package / "new.py").touch()
    assert facts.commit(package) == facts.Commit(head, dirty=True)
    (package / "new.py").unlink()
    (package / "__init__.py").write_text("changed = True\n")
    assert facts.commit(package) == facts.Commit(head, dirty=True)


def test_no_checkout(package: Path, tmp_path: Path) -> None:
    """An installed package has no commit, even where its folder lies in another checkout."""
    installed = tmp_path / "venv" / "package"
    installed.mkdir(parents=True)
    (installed / "__init__.py").touch()
    assert facts.commit(installed) is None


def test_no_git(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git there is no commit, and no error."""
    monkeypatch.setenv("PATH", "")
    assert facts.commit(package) is None


@pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")
def test_the_machine() -> None:
    """The machine has cores and memory."""
    pytest.importorskip("psutil")
    found = facts.machine()
    assert found.cores >= 1
    assert found.memory_bytes > 2**28
    assert 0 <= found.busy_percent <= 100


@pytest.mark.parametrize("busy", [2.0, 60.0])
def test_a_busy_machine_is_warned_of(monkeypatch: pytest.MonkeyPatch, busy: float) -> None:
    """Numbers from a machine with other work come with a warning, and only those."""
    psutil = pytest.importorskip("psutil")
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: busy)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert facts.machine().busy_percent == busy
    assert [warning.category for warning in seen] == [ImpastoWarning] * (busy > 10)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psutil the error tells what to install."""
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[bench\]'"):
        facts.machine()
