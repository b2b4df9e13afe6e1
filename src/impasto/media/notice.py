"""One way to say that a picture was read or written a little differently from what was asked."""

import warnings

from impasto.core.errors import ImpastoWarning


def warn(message: str) -> None:
    """Warn with `message`, which starts with the picture's name so that each one is shown once."""
    warnings.warn(message, ImpastoWarning, stacklevel=4)
