"""Starts a program that ends with the server, takes no more memory than allowed, and stands back.

`python -m impasto.server.child PARENT MEMORY COMMAND...`: this process becomes the command.
"""

import ctypes
import os
import resource
import signal
import sys

from impasto.core.cpu import stand_back

_SET_PARENT_DEATH_SIGNAL = 1


def main(argv: list[str]) -> None:
    """Become the command."""
    parent, memory, *command = argv
    _end_with(int(parent))
    stand_back()
    os.umask(0o077)  # what it makes of an upload is for no other user to read
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.execv(command[0], command)  # noqa: S606  # the command is the server's own


def _end_with(parent: int) -> None:
    """A server that was killed leaves no painter behind, which the next one would run into.

    Only Linux knows this; elsewhere such a painter goes on to its end.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it has ended meanwhile
            sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
