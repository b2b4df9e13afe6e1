"""A folder that one process holds."""

import os
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
def test_a_lock_of_a_file_that_is_gone_is_none(tmp_path: Path) -> None:
    """Who comes while a holder removes the file holds the folder: nobody after that does."""
    going = FolderLock(tmp_path, "a.lock", "it is held")
    (tmp_path / "a.lock").unlink()  # the first half of `remove`
    coming = FolderLock(tmp_path, "a.lock", "it is held")
    going.release()
    with pytest.raises(OutputError, match="it is held"):
        FolderLock(tmp_path, "a.lock", "it is held")
    coming.release()
    FolderLock(tmp_path, "a.lock", "it is held").release()


def test_folders_may_lie_deep(tmp_path: Path) -> None:
    """A path may be as long as the system allows, which is more than 512 bytes."""
    deep = tmp_path.joinpath(*["a" * 200] * 4)
    FolderLock(deep, "a.lock", "it is held").remove()
    assert list(deep.iterdir()) == []
