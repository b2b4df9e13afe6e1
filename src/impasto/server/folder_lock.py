"""One server a folder: two that shared the jobs of one would both run them."""

import sqlite3
from pathlib import Path

from impasto.core.errors import OutputError
from impasto.core.files import make_folder, shown


class FolderLock:
    """Holds a folder for this process; also one that is killed lets it go.

    The lock is one of SQLite, which takes it from the system: it works on every system, and the
    file `server.lock` that stays behind means nothing by itself.

    Args:
        folder: is made if it is missing.

    Raises:
        OutputError: another process holds it, or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        try:
            self._file = sqlite3.connect(
                folder / "server.lock", timeout=0, isolation_level=None, check_same_thread=False
            )
            self._file.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise OutputError(
                    f"another server keeps its jobs in {shown(folder)}: end it, or give this one "
                    "another folder by --data"
                ) from error
            raise OutputError(f"cannot keep jobs in {shown(folder)}: {error}") from error

    def release(self) -> None:
        """Let the folder go."""
        self._file.close()
