"""What a measurement of speed may be told, with ranges and defaults in one place."""

from dataclasses import dataclass

from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings

MIN_SIZE = 16
"""The peer pads its smallest maps by reflection and takes no smaller picture."""


@dataclass(frozen=True)
class SpeedSettings:
    """What `impasto bench speed` measures.

    Raises:
        SettingsError: a value is out of its range.
    """

    sizes: tuple[int, ...] = (512,)
    """Sides of the square photos, in pixels."""

    repeats: int = 20
    """Timings of each thing; new processes are a quarter as many."""

    style: str = "scream"
    """A style spec."""

    engine: EngineSettings = EngineSettings()

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise SettingsError(f"repeats is {self.repeats}: it must be at least 1")
        for size in self.sizes:
            if size < MIN_SIZE:
                raise SettingsError(f"size is {size}: it must be at least {MIN_SIZE}")

    @property
    def processes(self) -> int:
        """How many new processes of a kind are timed."""
        return max(1, self.repeats // 4)
