"""The settings of painting and of the engine, with their ranges and defaults in one place."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, get_args

from impasto.core.errors import SettingsError

Colors = Literal["style", "content"]
"""Whose colours the painting has: the style's, or the photo's own."""

Precision = Literal["auto", "float32", "bfloat16"]
"""What the engine computes in; `auto` takes what is fastest on this machine."""


@dataclass(frozen=True)
class PaintSettings:
    """How a picture is painted.

    Raises:
        SettingsError: a value is out of its range.
    """

    strength: float = 1.0
    """0 returns the photo's own pixels, 1 is the full style."""

    colors: Colors = "style"

    size: int | None = None
    """The longest side of the result in pixels; None keeps the photo's size. Never enlarges."""

    def __post_init__(self) -> None:
        if not _is_number(self.strength) or not 0.0 <= self.strength <= 1.0:
            raise SettingsError(f"strength is {self.strength!r}: it must be from 0 to 1")
        if self.colors not in get_args(Colors):
            raise SettingsError(f"colors is {self.colors!r}: it must be 'style' or 'content'")
        if self.size is not None and not _is_count(self.size):
            raise SettingsError(f"size is {self.size!r}: it must be a whole number of at least 1")


@dataclass(frozen=True)
class EngineSettings:
    """How the engine runs.

    Raises:
        SettingsError: a value is out of its range.
    """

    precision: Precision = "auto"

    threads: int | None = None
    """CPU threads for one picture; None lets the runtime take the machine's cores."""

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            choices = ", ".join(get_args(Precision))
            raise SettingsError(f"precision is {self.precision!r}: it must be one of {choices}")
        if self.threads is not None and not _is_count(self.threads):
            raise SettingsError(f"threads is {self.threads!r}: it must be at least 1")


def _is_number(value: object) -> bool:
    # NumPy's numbers are Real and Integral too.
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
