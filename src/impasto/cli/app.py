"""The command `impasto`: how a call runs, and how it ends."""

import gc
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import typer

from impasto.cli.ends import BY_SIGNAL, ENDING, INTERRUPTED, PARTLY_FAILED, WRONG_USAGE
from impasto.cli.report import unexpected
from impasto.cli.streams import drop_lost_terminal, drop_standard_output, say, standard_output
from impasto.cli.verbs import make_app
from impasto.core.errors import ImpastoError, ImpastoWarning, InputError, OutputError

if TYPE_CHECKING:
    from impasto.engine.backend import Backend


def main(argv: Sequence[str] | None = None, *, backend: "Backend | None" = None) -> int:
    """Run one call and return its exit code; every error becomes one line on stderr.

    Args:
        argv: the arguments without the program's name; by default those of the process.
        backend: runs the graphs instead of the engine that --engine names.
    """
    try:
        with _quiet_end_on_signals(), _warnings_as_lines():
            code = _run(argv, backend)
            return code if _flushed() else PARTLY_FAILED
    except BrokenPipeError:
        drop_standard_output()  # nobody reads on
        return PARTLY_FAILED
    except KeyboardInterrupt:
        return _interrupted()


def _run(argv: Sequence[str] | None, backend: "Backend | None") -> int:
    words = sys.argv[1:] if argv is None else list(argv)
    command = typer.main.get_command(make_app(words[0] if words else None))
    try:
        code = command.main(words, prog_name="impasto", standalone_mode=False, obj=backend)
    except typer.TyperException as error:
        return _wrong_usage(error)
    except ImpastoError as error:
        say(str(error))
        return WRONG_USAGE if isinstance(error, InputError) else PARTLY_FAILED
    except BrokenPipeError:
        raise
    except Exception as error:
        # A mistake of ours, or of a library below us; a user can do nothing with a traceback.
        if os.environ.get("IMPASTO_DEBUG"):
            raise
        say(unexpected(error))
        return PARTLY_FAILED
    # Typer turns Ctrl-C into this code.
    return _interrupted() if code == INTERRUPTED else code if isinstance(code, int) else 0


def _interrupted() -> int:
    say("interrupted")
    return INTERRUPTED


def _wrong_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    message = " ".join(error.format_message().split()).rstrip(".")
    if message:  # a verb group without a verb has shown its help instead
        say(f"{message} (see {context.command_path if context else 'impasto'} --help)")
    return error.exit_code


def _flushed() -> bool:
    """Whether all of standard output got out; a full disk shows only now."""
    try:
        if sys.stdout is not None:  # closed by the caller
            with standard_output():
                sys.stdout.flush()
    except OutputError as error:
        say(str(error))
        return False
    return True


@contextmanager
def _quiet_end_on_signals() -> Iterator[None]:
    """Unwind when the process is told to end, so that no half-written file stays behind.

    A closed terminal or connection tells so, too.
    """

    def end(number: int, frame: FrameType | None) -> NoReturn:
        if number != signal.SIGTERM:  # both the system and the shell tell of a closed terminal
            signal.signal(number, signal.SIG_IGN)
            drop_lost_terminal()
        raise SystemExit(BY_SIGNAL + number)

    # What is ignored stays so: `nohup` lets a call outlive its terminal.
    heard = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    before = [(each, signal.signal(each, end)) for each in heard]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show our warnings as lines of ours, each once, and those of libraries not at all."""
    said: set[str] = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in said:
            said.add(str(message))
            say(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ImpastoWarning)
        warnings.showwarning = show
        yield


def process() -> NoReturn:
    """A process of its own for `main`."""
    code = main()
    # As it ends, the interpreter would look through all objects for cycles once more.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    process()
