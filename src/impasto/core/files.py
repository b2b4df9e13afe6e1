"""Files: written whole or not at all, hashed, and the folders that belong to impasto."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import BinaryIO

import platformdirs

from impasto.core.errors import OutputError

BUNDLED_DATA = Path(__file__).resolve().parents[1] / "data"
"""What is installed with the program: models, styles and a photo."""

BUNDLED_PAGE = BUNDLED_DATA.parent / "web"
"""The page as it is installed: `impasto serve` hands it out, `impasto web export` copies it."""


@contextmanager
def atomic_write(path: Path | str, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a binary file that takes the name `path` only when the block ends without an error.

    The bytes go to a temporary file in the same folder, reach the disk, and replace `path` in one
    step; on any failure the temporary file is removed and what was at `path` stays. A link is
    followed. A device or pipe cannot be replaced and is written directly.

    Raises `OutputError` naming `path` for any OSError in the block, for a missing folder, and,
    without `overwrite`, for a `path` that exists.
    """
    try:
        target = Path(os.path.realpath(path))
        _check_target(target, path, overwrite)
        if target.exists() and not target.is_file():
            with target.open("wb") as device:
                yield device
            return
        with _temporary_beside(target) as (file, temporary):
            yield file
            _flush_to_disk(file)
            _check_target(target, path, overwrite)
            temporary.replace(target)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise OutputError(f"cannot write {shown(path)}: {reason(error)}") from error


def _check_target(target: Path, path: Path | str, overwrite: bool) -> None:
    if target.is_dir():
        raise OutputError(f"cannot write {shown(path)}: it is a folder")
    if not target.parent.is_dir():
        raise OutputError(f"cannot write {shown(path)}: there is no folder {shown(target.parent)}")
    if not overwrite and target.exists():
        raise OutputError(f"{shown(path)} exists already and is not overwritten")


def check_writable(path: Path, *, overwrite: bool = False) -> None:
    """Find out before long work whether a file can be written at its end.

    Raises `OutputError` as `atomic_write` would: for a missing folder or one that takes no file,
    and, without `overwrite`, for a `path` that exists.
    """
    try:
        target = Path(os.path.realpath(path))
        _check_target(target, path, overwrite)
        if target.is_file() or not target.exists():  # a device needs nothing beside it
            with TemporaryFile(dir=target.parent):
                pass
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {shown(path)}: {reason(error)}") from error


def check_takes_files(folder: Path) -> None:
    """Find out whether files can be put into a folder that is there or can be made; makes none.

    Raises `OutputError` naming `folder`.
    """
    try:
        places = (folder.absolute(), *folder.absolute().parents)
        with TemporaryFile(dir=next(each for each in places if os.path.lexists(each))):
            pass
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write to the folder {shown(folder)}: {reason(error)}") from error


@contextmanager
def _temporary_beside(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    # Plain open and not tempfile: the result gets the permissions that any new file gets.
    temporary = target.parent / f".impasto-{secrets.token_hex(8)}.tmp"
    file = temporary.open("xb")
    try:
        with file:
            yield file, temporary
    finally:
        with suppress(OSError):  # gone after a success, under its final name
            temporary.unlink()


def _flush_to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()  # Windows renames only closed files


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A new folder that takes the name `folder`, and its place, when the block ends without error.

    Folders above it are made. On any failure what was at `folder` stays, and nothing is left.

    Raises `OutputError` naming `folder` for any OSError in the block.
    """
    parent = folder.absolute().parent
    make_folder(parent)
    try:
        with TemporaryDirectory(dir=parent, prefix=".impasto-") as name:
            # The inner one gets the permissions that any new folder gets; the outer is private.
            new = Path(name) / "new"
            new.mkdir()
            yield new
            _replace_folder(folder, new, aside=Path(name) / "old")
    except OSError as error:
        raise OutputError(f"cannot write {shown(folder)}: {reason(error)}") from error


def _replace_folder(folder: Path, new: Path, *, aside: Path) -> None:
    """Move a new folder into the place of another, which comes back if that fails."""
    try:
        if folder.exists():
            folder.rename(aside)
        new.rename(folder)
    except BaseException:  # Ctrl-C between the two, too
        if aside.exists():
            aside.rename(folder)
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless it is there; raises `OutputError` naming it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise OutputError(f"cannot make the folder {shown(folder)}: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """Return why `error` happened, in one printable line without the file's name."""
    if isinstance(error, MemoryError):  # mostly without words of its own
        return "there is not enough memory"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _one_line(text) or type(error).__name__


def shown(path: Path | str) -> str:
    """Return `path` as one printable line, whatever characters a stranger put in it."""
    return _one_line(str(path))


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def sha256_file(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes as 64 lower-case hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def data_home() -> Path:
    """Return the folder of what the user installs: `IMPASTO_HOME`, or the system's place for it."""
    return Path(os.environ.get("IMPASTO_HOME") or platformdirs.user_data_dir("impasto"))


def cache_home() -> Path:
    """Return the folder of what may be deleted at any time: `IMPASTO_CACHE`, or the system's."""
    return Path(os.environ.get("IMPASTO_CACHE") or platformdirs.user_cache_dir("impasto"))
