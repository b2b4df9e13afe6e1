"""How a call may end: exit codes and the words that explain them."""

PARTLY_FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
TERMINATED = 143

EXIT_CODES = (
    "Exit codes: 0 all done; 1 something failed, each named on stderr, the rest done; "
    "2 wrong usage, nothing done; 130 interrupted."
)
