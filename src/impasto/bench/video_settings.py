"""What a measurement of video may be told, and who is measured."""

from dataclasses import dataclass

from impasto.core.errors import SettingsError

PLAIN = "frame by frame"
STATISTICS = "statistics"
FLOW = "statistics + flow"
MICROAST = "MicroAST"
TRANSFORMER = "pytorch/examples"
"""Names of methods."""


@dataclass(frozen=True)
class VideoSettings:
    """What `impasto bench video` measures.

    Raises:
        SettingsError: a value is out of its range.
    """

    style: str = "udnie"
    """A style of the recipe."""

    frames: int = 30
    """The first ones of each clip."""

    size: int = 854
    """Frames are shrunk to this long side, in pixels."""

    window: float = 1.0
    """Seconds to each side over which statistics are smoothed."""

    flow: float = 0.75
    """How much the painting before shows through; at 1 there is more calm and less style."""

    every: int = 10
    """Style loss is looked at on every so many-th frame, neighbours three times as often."""

    timed: tuple[tuple[int, int], ...] = ((854, 480), (1920, 1080))
    """Width and height at which throughput is measured."""

    timed_frames: int = 144
    """Frames that each timing takes; the first window of them is read before painting begins."""

    turns: int = 5
    """Timings of which the median counts."""

    def __post_init__(self) -> None:
        least = {"frames": 2, "size": 64, "every": 1, "timed_frames": 2, "turns": 1}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                value = getattr(self, name)
                raise SettingsError(f"{name} is {value}: it must be at least {lowest}")
        for side in (side for size in self.timed for side in size):
            if side < 64 or side % 2:
                raise SettingsError(f"a side of {side} cannot be timed: use even ones from 64 on")
