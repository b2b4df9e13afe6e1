"""A folder that one process holds."""

import os
import sqlite3
from pathlib import Path

import pytest

from impasto.core.errors import OutputError
from impasto.core.folder_lock import FolderLock


def test_one_holds_a_folder(tmp_path: Path) -> None:
    """The second one is told so until the first lets go; the file may stay."""
    first = FolderLock(tmp_path / "new", "a.lock", "it is held")
    with pytest.raises(OutputError, match="it is held"):
        FolderLock(tmp_path / "new", "a.lock", "it is held")
    first.release()
    assert (tmp_path / "new" / "a.lock").exists()
    FolderLock(tmp_path / "new", "a.lock", "it is held").remove()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    """What cannot be locked is one error that names the folder."""
    (tmp_path / "a.lock").mkdir()
    with pytest.raises(OutputError, match=f"cannot lock {tmp_path}"):
        FolderLock(tmp_path, "a.lock", "it is held")


@pytest.mark.skipif(os.name != "posix", reason="Windows removes no open file")
def test_a_lock_of_a_file_that_is_gone_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opened the file before its holder removed it does not hold the folder beside the next."""
    connect = sqlite3.connect

    def late(path: Path, **options: object) -> sqlite3.Connection:
        file = connect(path, **options)  # type: ignore[call-overload]
        file.execute("PRAGMA schema_version")  # opens it
        path.unlink()
        return file  # type: ignore[no-any-return]

    monkeypatch.setattr(sqlite3, "connect", late)
    with pytest.raises(OutputError, match="it is held"):
        FolderLock(tmp_path, "a.lock", "it is held")
