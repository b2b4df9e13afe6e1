"""The standard streams: what a call says and where, and what libraries may not say."""

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from impasto.core.errors import InputError, OutputError
from impasto.core.files import reason, shown

_STDERR = 2
"""The file descriptor of standard error, which C libraries write to."""


def say(message: str) -> None:
    """Write one line to stderr; whatever would break the line or the terminal is left out."""
    if sys.stderr is not None:  # closed by the caller: print would take stdout instead
        with suppress(OSError):
            print(f"impasto: {shown(message)}", file=sys.stderr)


def answer(text: object) -> None:
    """Write what was asked for to stdout; raises as `standard_output`.

    Files may have names that no text can hold, or not that of stdout: where it is UTF-8 they get
    out byte by byte as they are, elsewhere such characters are escaped.
    """
    with standard_output():
        try:
            print(text)
        except UnicodeEncodeError:
            is_utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"
            sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")  # type: ignore[union-attr]
            print(text)


def standard_input() -> BinaryIO:
    """The bytes of stdin; raises InputError where the caller has closed it."""
    if sys.stdin is None:
        raise InputError("standard input is closed: there is nothing to read")
    return sys.stdin.buffer


@contextmanager
def standard_output() -> Iterator[None]:
    """Run a block that writes to stdout.

    Raises `OutputError` if stdout takes no more, for example on a full disk, and lets the
    BrokenPipeError of a reader that left pass. In both cases what is still to be written is
    dropped: Python would try again at its end, complain, and change the exit code.
    """
    try:
        yield
    except BrokenPipeError:
        drop_standard_output()
        raise
    except OSError as error:
        drop_standard_output()
        raise OutputError(f"cannot write to standard output: {reason(error)}") from error


def drop_standard_output() -> None:
    """Let everything that is yet to be written to stdout vanish."""
    _redirect(sys.stdout.fileno())


def drop_lost_terminal() -> None:
    """Let all that is yet to be written to a terminal vanish, if it is gone.

    To write there is an error, which would hide how a call ends, and why.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError, ValueError):  # closed, or no file at all
            descriptor = stream.fileno()
            try:
                os.write(descriptor, b"")
            except OSError:
                _redirect(descriptor)


@contextmanager
def own_stderr() -> Iterator[None]:
    """Keep stderr for our own lines while a block runs, unless IMPASTO_DEBUG is set.

    Libraries in C write to the file descriptor past Python: libtiff tells what it thinks of a
    damaged file, OpenVINO of a damaged graph. Ours is one line that names the file.
    """
    ours = sys.stderr
    if ours is None or os.environ.get("IMPASTO_DEBUG"):
        yield
        return
    kept = os.dup(_STDERR)
    with open(  # noqa: PTH123  # a descriptor has no path
        kept, "w", buffering=1, encoding=ours.encoding, errors=ours.errors
    ) as duplicate:
        if _writes_to_stderr(ours):
            sys.stderr = duplicate
        _redirect(_STDERR)
        try:
            yield
        finally:
            sys.stderr = ours
            os.dup2(kept, _STDERR)


def _writes_to_stderr(stream: object) -> bool:
    """Whether a stream has the descriptor itself; in tests it may have another, or none."""
    with suppress(OSError, AttributeError):
        return bool(stream.fileno() == _STDERR)  # type: ignore[attr-defined]
    return False


def _redirect(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
