"""Styles that change while a video goes on: each has a time, and between two they cross-fade."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from impasto.core.arrays import Code
from impasto.core.errors import SettingsError
from impasto.core.times import parse_time
from impasto.styles.code import mix_codes
from impasto.styles.package import SUFFIX


@dataclass(frozen=True)
class KeyStyle:
    """A style as it was given, and the time at which it is there alone."""

    style: str
    seconds: Fraction


def parse_key_styles(texts: Sequence[str]) -> list[KeyStyle]:
    """Read `SPEC`, or several `SPEC@TIME`, in any order; the result is in the order of time.

    Raises:
        SettingsError: there are several and one has no time, or two have the same.
    """
    keys = [_parse(text) for text in texts]
    if len(keys) > 1 and (bare := [text for text in texts if not _has_time(text)]):
        raise SettingsError(f"--style {bare[0]} has no time beside others: write {bare[0]}@10s")
    times = [key.seconds for key in keys]
    if not keys or len(set(times)) < len(times):
        raise SettingsError("give at least one style, and no two at the same time")
    return sorted(keys, key=lambda key: key.seconds)


def _parse(text: str) -> KeyStyle:
    if not _has_time(text):
        return KeyStyle(text, Fraction(0))
    style, _, time = text.rpartition("@")
    return KeyStyle(style.strip(), parse_time(time))


def _has_time(text: str) -> bool:
    """Whether `@` stands before a time, and is not part of a file's name."""
    return "@" in text and not text.endswith(SUFFIX)


class KeyCodes:
    """The code at each time of a video.

    Args:
        seconds: rising.
        codes: one for each time.
    """

    def __init__(self, seconds: Sequence[Fraction], codes: Sequence[Code]) -> None:
        if not codes or len(codes) != len(seconds):
            raise ValueError(f"{len(codes)} codes do not fit {len(seconds)} times")
        self._seconds, self.codes = list(seconds), list(codes)

    def at(self, seconds: Fraction) -> Code:
        """The first code before its time, the last one after; between two, their mix by time."""
        after = bisect_right(self._seconds, seconds)
        if after == 0 or after == len(self._seconds):
            return self.codes[min(after, len(self.codes) - 1)]
        start, end = self._seconds[after - 1], self._seconds[after]
        share = float((seconds - start) / (end - start))
        if share == 0.0:
            return self.codes[after - 1]
        return mix_codes(self.codes[after - 1 : after + 1], [1.0 - share, share])
