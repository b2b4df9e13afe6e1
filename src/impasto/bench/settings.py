"""What a measurement of speed may be told, with ranges and defaults in one place."""

from dataclasses import dataclass

from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings

MIN_SIZE = 16
"""The peer pads its smallest maps by reflection and takes no smaller picture."""
MIN_LOSS_SIZE = 128
"""Losses of anything smaller say nothing about strokes."""


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


@dataclass(frozen=True)
class WideSettings:
    """What `impasto bench speed` measures beside the default engine and its first peer."""

    rivals: bool = True
    """Other networks, each in turns with impasto, at the sizes of `SpeedSettings`; with `full`, at
    `RIVAL_SIZES`."""

    full: bool = False
    """All of `FULL_SIZES` with every engine, precision and one and two threads; the memory of new
    processes; and how the time grows with the pixels to `FULL_SIDES`."""

    seconds: float = 20.0
    """How long the timings of one thing may take together; one is made however long it takes."""


FULL_SIZES = (
    (256, 256),
    (512, 512),
    (1024, 1024),
    (2048, 2048),
    (4096, 2160),
    (4096, 4096),
    (8192, 8192),
)
"""Width and height in pixels."""

RIVAL_SIZES = FULL_SIZES[:5]
"""Of other networks: none of them paints in tiles, and larger ones take minutes each."""

FULL_SIDES = (1000, 2000, 4000, 6000, 8000, 10_000)
"""Sides of squares from 1 to 100 million pixels."""


@dataclass(frozen=True)
class LossSettings:
    """What `impasto bench losses` measures.

    Raises:
        SettingsError: a value is out of its range.
    """

    styles: tuple[str, ...] = ()
    """Styles of the recipe; none are all."""

    model: str = "default"
    """The name or folder of the model that paints."""

    photos: int | None = None
    """How many of the photos, from all over their list; None takes all."""

    crops: int = 2000
    """At least so many crops of paintings, and as many of each style, are shown to the judge."""

    strengths: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9)
    """Beside 1, where a peer has painted the same picture and content losses are to be equal."""

    size: int = 512
    """Photos and style pictures are shrunk to this long side, in pixels."""

    def __post_init__(self) -> None:
        least = {"photos": 1, "crops": 2, "size": MIN_LOSS_SIZE}
        for name, lowest in least.items():
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise SettingsError(f"{name} is {value}: it must be at least {lowest}")
        for strength in self.strengths:
            if not 0 < strength <= 1:
                raise SettingsError(f"strength is {strength}: it must be above 0 and at most 1")

    @property
    def curve(self) -> tuple[float, ...]:
        """All strengths, the full one among them, from weak to strong."""
        return tuple(sorted({*self.strengths, 1.0}))


@dataclass(frozen=True)
class EncodingSettings:
    """What `impasto bench encoding` measures.

    Raises:
        SettingsError: a value is out of its range.
    """

    contents: tuple[int, ...] = (1, 2, 4)
    """How many contents are painted in a row."""

    pictures: tuple[int, ...] = (1, 50, 140)
    """Of how many pictures the style is made."""

    size: int = 512
    """Side of the square contents, in pixels."""

    style_size: int = 512
    """Long side at which style pictures are encoded, in pixels."""

    repeats: int = 3
    """Timings of each thing."""

    style: str = "scream"
    """A style spec: how long painting takes does not depend on it."""

    def __post_init__(self) -> None:
        least = {"contents": 1, "pictures": 1, "size": MIN_SIZE, "style_size": 64, "repeats": 1}
        for name, lowest in least.items():
            value = getattr(self, name)
            for one in value if isinstance(value, tuple) else (value,):
                if one < lowest:
                    raise SettingsError(f"{name} is {one}: it must be at least {lowest}")


@dataclass(frozen=True)
class ThumbnailSettings:
    """What `impasto bench thumbnail` measures.

    Raises:
        SettingsError: a value is out of its range.
    """

    styles: tuple[str, ...] = ("scream", "great-wave", "water-lilies")
    """Styles of the recipe."""

    ratios: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0)
    """How many times as long as its thumbnail a photo is."""

    windows: int = 2
    """How many windows of a photo are painted and looked at."""

    side: int = 512
    """Of a window, in pixels."""

    def __post_init__(self) -> None:
        if not self.styles or not self.ratios:
            raise SettingsError("at least one style and one ratio must be named")
        for name, lowest in {"windows": 1, "side": MIN_LOSS_SIZE}.items():
            if getattr(self, name) < lowest:
                raise SettingsError(f"{name} is {getattr(self, name)}: at least {lowest}")
        for ratio in self.ratios:
            if not 1.0 <= ratio <= 64.0:
                raise SettingsError(f"ratio is {ratio:g}: it must be from 1 to 64")


@dataclass(frozen=True)
class ThroughputSettings:
    """What `impasto bench throughput` measures.

    Raises:
        SettingsError: there is not at least one repeat.
    """

    repeats: int = 3
    """How often all photos are painted, in each of the two ways."""

    style: str = "scream"
    """A style spec."""

    engine: EngineSettings = EngineSettings()
    """Where it names threads, those are the cores."""

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise SettingsError(f"repeats is {self.repeats}: it must be at least 1")
