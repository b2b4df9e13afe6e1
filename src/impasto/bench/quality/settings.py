"""What `impasto bench quality` may be told, with ranges and defaults in one place."""

from dataclasses import dataclass

from impasto.bench.settings import MIN_LOSS_SIZE, MIN_SIZE
from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings

STYLES = ("scream", "great-wave", "minotaur", "udnie", "starry-night", "water-lilies")

METHODS = (
    "photo",
    "colours",
    "style",
    "impasto",
    "per-style",
    "microast",
    "wct",
    "adain",
    "lst",
    "optimisation",
)
"""In the order that they are run in: the slowest comes last."""

CONTROLS = METHODS[:3]
"""What no one would use: the unchanged photo, the photo in other colours, the style's picture."""

OURS = "impasto"

EXACT = EngineSettings(precision="float32")
"""Graphs of all methods run in it: no one gains by rounding."""


@dataclass(frozen=True)
class QualitySettings:
    """What is measured.

    Raises:
        SettingsError: a value is out of its range.
    """

    styles: tuple[str, ...] = STYLES
    """Of the recipe."""

    methods: tuple[str, ...] = METHODS

    model: str = "default"
    """The name or folder of the model that paints."""

    photos: int = 12
    """How many of the photos, from all over their list."""

    slow_photos: int = 2
    """Of these so many for a method that takes a minute a painting."""

    size: int = 384
    """Photos are shrunk to this long side, in pixels, and so are the styles' pictures."""

    crops: int = 2000
    """At least so many crops of each set of paintings, whatever the number of its photos, and as
    many of the style."""

    sizes: tuple[int, ...] = (256, 512, 1024)
    """Sides of the squares that time and memory are measured at; none measure neither."""

    repeats: int = 3
    """Timings of each method at each size."""

    def __post_init__(self) -> None:
        least = {"photos": 1, "slow_photos": 1, "crops": 2, "repeats": 1, "size": MIN_LOSS_SIZE}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise SettingsError(
                    f"{name} is {getattr(self, name)}: it must be at least {lowest}"
                )
        for size in self.sizes:
            if size < MIN_SIZE:
                raise SettingsError(f"size is {size}: it must be at least {MIN_SIZE}")
        for name in self.methods:
            if name not in METHODS:
                known = ", ".join(METHODS)
                raise SettingsError(f"there is no method {name!r}: there are {known}")
