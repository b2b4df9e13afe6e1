"""The folders of jobs: what each was sent, works on and leaves, for no other user to read."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from impasto.core.errors import OutputError
from impasto.core.files import atomic_write, make_folder, reason, shown
from impasto.core.folder_lock import FolderLock
from impasto.server.job_process import PREVIEWS
from impasto.server.job_store import Job

_ID: Final = re.compile(r"[0-9a-f]{32}")


class JobFolders:
    """A folder for each job, by its id.

    Args:
        home: holds them; is made if it is missing.

    Raises:
        OutputError: it cannot be made, or not kept from other users.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        private_folder(home)

    def path(self, id: str) -> Path:
        """Where the files of a job lie."""
        return self._home / id

    def make(self) -> tuple[str, Path]:
        """An id and an empty folder for the files of a job that is to come."""
        id = secrets.token_hex(16)
        private_folder(self.path(id))
        return id, self.path(id)

    def drop(self, *ids: str) -> None:
        """Remove the files of what became no job, or of jobs that have ended."""
        for id in ids:
            shutil.rmtree(self.path(id), ignore_errors=True)

    def drop_needless(self, job: Job) -> None:
        """Keep of a job that has ended only what came of it; an upload may be a gigabyte."""
        if not job.result:
            self.drop(job.id)
            return
        for path in self.path(job.id).iterdir():
            if path.is_dir() and path.name != PREVIEWS:
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_file() and path.name != job.result:
                with suppress(OSError):
                    path.unlink()

    def orphans(self, is_known: Callable[[str], bool]) -> list[str]:
        """Folders of what never became a job, as the server was killed while it was sent."""
        names = (path.name for path in self._home.iterdir())
        return [name for name in names if _ID.fullmatch(name) and not is_known(name)]


def lock_folder(folder: Path) -> FolderLock:
    """The folder that holds all of it, for one server: two would both run the jobs of one.

    A folder that was there stays as it is, for it may hold more than jobs; what is put into it
    keeps other users out by itself.

    Raises:
        OutputError: another server has it, or it cannot be made.
    """
    if not folder.exists():
        private_folder(folder)
    held = (
        f"another server keeps its jobs in {shown(folder)}: end it, or give this one another "
        "folder by --data"
    )
    return FolderLock(folder, "server.lock", held)


def private_folder(folder: Path) -> None:
    """Make a folder that no other user may look into; one that is there becomes such a one.

    Raises:
        OutputError: that cannot be done.
    """
    make_folder(folder)
    try:
        folder.chmod(0o700)
    except OSError as error:
        kept = f"cannot keep other users out of {shown(folder)}: {reason(error)}"
        raise OutputError(kept) from error


@contextmanager
def private_write(path: Path) -> Iterator[BinaryIO]:
    """As `atomic_write`, and no other user may read the file."""
    with atomic_write(path) as file:
        os.chmod(file.name, 0o600)  # noqa: PTH101  # the file has no name as a path
        yield file
