"""One way to say that something was done a little differently from what was asked."""

import warnings

from impasto.core.errors import ImpastoWarning


def warn(message: str) -> None:
    """Warn with `message`, which starts with what it is about, so that each one is shown once."""
    warnings.warn(message, ImpastoWarning, stacklevel=4)
