"""What a video is to the rest of impasto: facts about it, and frames with their times.

Times are whole ticks of a time base, in seconds a tick, and are never turned into floats on their
way from a file into another: rounding would let sound and picture drift apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from impasto.core.arrays import RGB

UNKNOWN = 2
"""What H.273 calls unspecified, for a matrix, primaries or a transfer."""


@dataclass(frozen=True)
class Colours:
    """How the colours of a video are stored, in the numbers of ITU-T H.273."""

    matrix: int = UNKNOWN
    primaries: int = UNKNOWN
    transfer: int = UNKNOWN

    @property
    def is_hdr(self) -> bool:
        """Whether light is stored as PQ or HLG."""
        return self.transfer in (16, 18)


@dataclass(frozen=True)
class VideoInfo:
    """Facts about a video that are known before its frames are read."""

    name: str
    """What messages call it."""
    width: int
    """Pixels of a frame when it stands upright."""
    height: int
    rate: Fraction
    """Mean frames a second, above 0."""
    time_base: Fraction
    """Seconds of a tick."""
    origin: Fraction = Fraction(0)
    """The time in seconds at which everything in it begins; 0 or more."""
    seconds: float | None = None
    """How long it says it is."""
    colours: Colours = field(default_factory=Colours)


@dataclass(frozen=True)
class Span:
    """Which part of the original is kept, in seconds of the original."""

    start: Fraction
    """Becomes 0."""
    end: Fraction | None = None


@dataclass(frozen=True)
class Frame:
    """A frame that was decoded; its pixels are made when they are asked for."""

    pts: int
    """When it is shown, in ticks; rises from frame to frame."""
    duration: int
    """How long, in ticks, at least 1; a guess, for the next frame may come later or earlier."""
    pixels: Callable[[], RGB]
    """Upright, sRGB or what the video holds instead; takes a while, from any thread."""


class VideoSource(Protocol):
    """Where frames come from: a file, a pipe, a camera or a folder."""

    @property
    def info(self) -> VideoInfo:
        """What is known of it."""
        ...

    @property
    def damage(self) -> str | None:
        """What was wrong with it, in words; complete only after the last frame."""
        ...

    def frames(self, since: int | None = None) -> Iterator[Frame]:
        """All frames in order, or with `since` those of that tick and later ones, and any before.

        Only sources that are files can be asked a second time, and with `since`.
        """
        ...

    def close(self) -> None:
        """Let go of the file or device."""
        ...
