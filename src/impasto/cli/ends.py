"""How a call may end: exit codes and the words that explain them, and signals that end it."""

import signal

PARTLY_FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
BY_SIGNAL = 128
"""Is added to the number of the signal that ended a call: 143 for SIGTERM, 129 for SIGHUP."""

ENDING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""End a call in order: somebody asks for it, or the terminal is closed (not on Windows)."""

EXIT_CODES = (
    "Exit codes: 0 all done; 1 something failed, each named on stderr, the rest done; "
    "2 wrong usage, nothing done; 130 interrupted."
)
