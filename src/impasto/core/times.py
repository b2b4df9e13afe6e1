"""Times as people write them."""

import re
from fractions import Fraction

from impasto.core.errors import SettingsError
from impasto.core.records import short_repr

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,9})?)", re.ASCII)
_UNITS = re.compile(
    r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,7}(?:\.\d{1,9})?)s?)?", re.ASCII | re.IGNORECASE
)
_MILLISECONDS = re.compile(r"(\d{1,9})ms", re.ASCII | re.IGNORECASE)


def parse_time(text: str) -> Fraction:
    """Seconds of `90`, `90s`, `1.5s`, `250ms`, `1m30s`, `2h`, `1:30` or `1:02:03.5`; exact.

    Raises:
        SettingsError: the text is no such time.
    """
    stripped = text.strip()
    if found := _MILLISECONDS.fullmatch(stripped):
        return Fraction(int(found[1]), 1000)
    found = _CLOCK.fullmatch(stripped) or _UNITS.fullmatch(stripped)
    if not stripped or found is None:
        raise SettingsError(f"{short_repr(text)} is no time: write 90s, 1m30s, 1:30 or 1:02:03.5")
    hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds
