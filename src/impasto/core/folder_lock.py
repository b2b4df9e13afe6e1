"""One process a folder: two that worked in one would mix what they do."""

from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from impasto.core.errors import OutputError
from impasto.core.files import make_folder, shown


class FolderLock:
    """Holds a folder for this process; also one that is killed lets it go.

    Args:
        folder: is made if it is missing.
        name: of the file that carries the lock. It means nothing by itself, and may stay behind.
        held: what is said where another process holds the folder.

    Raises:
        OutputError: another process holds it, or it cannot be written.
    """

    def __init__(self, folder: Path, name: str, held: str) -> None:
        make_folder(folder)
        self._path = folder / name
        self._lock = FileLock(self._path, blocking=False, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise OutputError(held) from error
        except OSError as error:
            raise OutputError(f"cannot lock {shown(folder)}: {error.strerror}") from error

    def release(self) -> None:
        """Let the folder go."""
        self._lock.release()

    def remove(self) -> None:
        """Let the folder go, without the file."""
        # First: who takes the lock of a file that is gone sees that, and never two hold one.
        # Windows removes no file that is open; there it goes as it is let go.
        with suppress(OSError):
            self._path.unlink()
        self.release()
