"""The settings of painting and of the engine, with their ranges and defaults in one place."""

import math
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Literal, get_args

from impasto.core.errors import SettingsError

Colors = Literal["style", "content"]
"""Whose colours the painting has: the style's, or the photo's own."""

Precision = Literal["auto", "float32", "bfloat16"]
"""What the engine computes in; `auto` takes what is fastest on this machine."""

Device = Literal["auto", "cpu", "gpu", "npu", "cuda", "tensorrt", "coreml", "directml"]
"""What computes. `auto` is the CPU: other devices are taken only when they are asked for."""

STROKE_REFERENCES = (64, 16_384)
"""The smallest and the largest long side that strokes can be sized for, in pixels: below, a picture
has room for no stroke, and above, the small picture is larger than memory."""


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

    stroke_reference: int | None = None
    """Strokes are as large as they would be at this long side in pixels; None: as at the size of
    the result."""

    def __post_init__(self) -> None:
        if not _is_number(self.strength) or not 0.0 <= self.strength <= 1.0:
            raise SettingsError(f"strength is {self.strength!r}: it must be from 0 to 1")
        if self.colors not in get_args(Colors):
            raise SettingsError(f"colors is {self.colors!r}: it must be 'style' or 'content'")
        if self.size is not None and not _is_count(self.size):
            raise SettingsError(f"size is {self.size!r}: it must be a whole number of at least 1")
        lowest, highest = STROKE_REFERENCES
        reference = self.stroke_reference
        if reference is not None and not (_is_count(reference) and lowest <= reference <= highest):
            raise SettingsError(
                f"stroke reference is {reference!r}: it must be a whole number from {lowest} to "
                f"{highest}"
            )


MOST_FEATHER = 1000
"""Pixels; a softer edge than that is better drawn."""


def checked_feather(feather: float) -> float:
    """The softness of masks in pixels; raises SettingsError if it is out of its range."""
    if not _is_number(feather) or not 0.0 <= feather <= MOST_FEATHER:
        raise SettingsError(f"feather is {feather!r}: it must be from 0 to {MOST_FEATHER} pixels")
    return float(feather)


@dataclass(frozen=True)
class EngineSettings:
    """How the engine runs.

    Raises:
        SettingsError: a value is out of its range.
    """

    precision: Precision = "auto"

    threads: int | None = None
    """CPU threads; None lets the runtime take the machine's cores."""

    streams: int = 1
    """Pictures that are painted at once; they share the threads."""

    device: Device = "auto"

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            choices = ", ".join(get_args(Precision))
            raise SettingsError(f"precision is {self.precision!r}: it must be one of {choices}")
        if self.threads is not None and not _is_count(self.threads):
            raise SettingsError(f"threads is {self.threads!r}: it must be at least 1")
        if not _is_count(self.streams):
            raise SettingsError(f"streams is {self.streams!r}: it must be at least 1")
        if self.device not in get_args(Device):
            choices = ", ".join(get_args(Device))
            raise SettingsError(f"device is {self.device!r}: it must be one of {choices}")

    def steady(self) -> "EngineSettings":
        """The same for video: float32 where no precision is asked for.

        In bfloat16 the affine moves in steps of 1/256, and colours of a still scene jump by 1 to 2
        levels where its statistics creep; in float32 by 0.2.
        """
        return replace(self, precision="float32") if self.precision == "auto" else self


def _is_number(value: object) -> bool:
    # NumPy's numbers are Real and Integral too.
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
