"""One process a folder: two that worked in one would mix what they do."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from impasto.core.errors import OutputError
from impasto.core.files import make_folder, shown


class FolderLock:
    """Holds a folder for this process; also one that is killed lets it go.

    The lock is one of SQLite, which takes it from the system: it works on every system, and the
    file that stays behind means nothing by itself.

    Args:
        folder: is made if it is missing.
        name: of the file that carries the lock.
        held: what is said where another process holds the folder.

    Raises:
        OutputError: another process holds it, or it cannot be written.
    """

    def __init__(self, folder: Path, name: str, held: str) -> None:
        make_folder(folder)
        self._path = folder / name
        try:
            self._file = sqlite3.connect(
                self._path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise OutputError(f"cannot lock {shown(folder)}: {error}") from error
        try:
            self._take(held)
        except BaseException:
            self._file.close()
            raise

    def _take(self, held: str) -> None:
        try:
            self._file.execute("PRAGMA journal_mode = MEMORY")  # no second file beside it
            self._file.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise OutputError(held) from error
            raise OutputError(f"cannot lock {shown(self._path.parent)}: {error}") from error
        if not self._path.exists():  # its holder removed it after it was opened here
            raise OutputError(held)

    def release(self) -> None:
        """Let the folder go."""
        self._file.close()

    def remove(self) -> None:
        """Let the folder go, without the file."""
        try:
            # First: who takes the lock of a file that is gone sees that, and never two hold one.
            self._path.unlink()
        except OSError:  # Windows removes only closed files, and none that another has opened
            self.release()
            with suppress(OSError):
                self._path.unlink()
        self.release()
