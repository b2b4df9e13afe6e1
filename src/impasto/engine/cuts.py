"""Where one shot of a video ends and the next begins.

Two things are compared, coarsely, which rarely change together within a shot. Motion, however
fast, leaves the colours nearly as they were; a flash or a fade changes the colours and leaves the
drawing. Only frames that differ in both are of two shots.
"""

from collections import deque
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float32

from impasto.core.arrays import RGB
from impasto.media.resize import thumbnail

_LONGEST = 32
"""Frames are compared at this long side, in pixels: less than that moves in most shots."""
_BINS = 8
"""Of each colour channel."""
_FLAT = 4.0
"""Levels: a frame whose luminance deviates by less is black, white or empty."""
_CUT = 0.4
"""Real shots, shown eight times as fast, stay below 0.36; different ones differ by 0.5 or more."""
_FLASH = 3
"""Frames to each side: what is as it was before after so many frames was a flash."""


@dataclass(frozen=True)
class FrameLook:
    """What of a frame is compared."""

    drawing: Float32[np.ndarray, " pixels"]
    """Luminance less its mean."""
    colours: Float32[np.ndarray, " bins"]
    """The share of each colour."""

    @property
    def is_flat(self) -> bool:
        """Whether there is no drawing to speak of."""
        return float(self.drawing @ self.drawing) < _FLAT**2 * len(self.drawing)


def look_at(frame: RGB) -> FrameLook:
    """What a frame looks like, coarsely."""
    small = thumbnail(frame, _LONGEST).reshape(-1, 3)
    plane = small.mean(axis=1, dtype=np.float32)
    index = (small // (256 // _BINS)).astype(np.int64) @ [_BINS**2, _BINS, 1]
    counts = np.bincount(index, minlength=_BINS**3)
    return FrameLook(plane - plane.mean(), (counts / len(index)).astype(np.float32))


def difference(first: FrameLook, second: FrameLook) -> float:
    """0 for frames that are equal in colours or in drawing, 1 with nothing in common.

    The geometric mean of the colours that are not shared and of 1 less the drawings' correlation.
    """
    if len(first.drawing) != len(second.drawing):
        return 1.0  # another size of frame
    a, b = first.drawing, second.drawing
    flat = _FLAT**2 * len(a)
    alike = (float(a @ b) + flat) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + flat)
    unshared = 0.5 * float(np.abs(first.colours - second.colours).sum())
    return float(np.sqrt(unshared * min(max(1.0 - alike, 0.0), 1.0)))


class CutDetector:
    """Tells of each frame of a video whether a shot begins with it; the first one does.

    Frames before and after are looked at, so that a flash of up to three frames is no cut, neither
    where it comes nor where it goes. Live there is no waiting, and a flash is a shot of its own.
    Black and empty frames belong to what was before them: what counts is whether the same shot
    goes on after them.

    Args:
        live: decide on each frame at once; otherwise decisions lag by three frames.
    """

    def __init__(self, *, live: bool = False) -> None:
        self._ahead = 0 if live else _FLASH
        self._before: deque[FrameLook] = deque(maxlen=1 if live else 1 + _FLASH)
        self._undecided: deque[FrameLook] = deque()
        self._is_first = True

    def push(self, frame: RGB) -> list[bool]:
        """Take a frame; return the answers that are known now, in order."""
        self._undecided.append(look_at(frame))
        return [self._decide()] if len(self._undecided) > self._ahead else []

    def finish(self) -> list[bool]:
        """Return the answers for the frames that are left."""
        return [self._decide() for _ in range(len(self._undecided))]

    def _decide(self) -> bool:
        is_cut = self._is_first or self._begins()
        self._is_first = False
        now = self._undecided.popleft()
        if not now.is_flat:
            self._before.append(now)
        return is_cut

    def _begins(self) -> bool:
        if self._undecided[0].is_flat:
            return False
        after = [look for look in self._undecided if not look.is_flat]
        # The nearest pair first: nearly always it is alike, and nothing else is compared.
        pairs = product(after, reversed(self._before))
        return all(difference(before, later) > _CUT for later, before in pairs)
