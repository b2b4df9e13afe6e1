"""Content statistics smoothed over the frames of one shot.

Means are averaged, and variances, not deviations. Within a steady shot every kind of mean makes
the affine vary equally little (deviations, their logarithms and the affines themselves were tried);
at a fade the bright frames then rule, whereas a mean of affines answers to the dark ones, whose
deviations are near the floor, and takes the contrast out of the rest.
"""

from collections import deque
from typing import Protocol

import numpy as np
from jaxtyping import Float64

from impasto.core.arrays import Stats

_Moments = Float64[np.ndarray, "2 channels"]


class Smoother(Protocol):
    """Takes the statistics of some frames of a shot, and tells smoothed ones for each frame."""

    def add(self, number: int, stats: Stats) -> None:
        """Take what was measured on a frame; numbers rise."""
        ...

    def at(self, number: int) -> Stats:
        """The statistics to paint a frame with; numbers rise, and something was added."""
        ...


class Window:
    """The mean over so many frames to each side, the nearest counting most (a triangle).

    With a triangle no frame enters or leaves with a jerk, and if every k-th frame was measured, k a
    divisor of the window, the weights sum to the same at every frame.

    Args:
        half: frames to each side, from 0 on.
    """

    def __init__(self, half: int) -> None:
        self._half = half
        self._measured: deque[tuple[int, _Moments]] = deque()

    def add(self, number: int, stats: Stats) -> None:
        """Take what was measured on a frame."""
        self._measured.append((number, _moments(stats)))

    def at(self, number: int) -> Stats:
        """The mean around a frame; what lies before its window is forgotten."""
        while len(self._measured) > 1 and self._measured[0][0] < number - self._half:
            self._measured.popleft()
        span = max(self._half, 1)
        weights = [max(span - abs(each - number), 0) for each, _ in self._measured]
        if not any(weights):  # nothing measured so near: the nearest there is
            gaps = [abs(each - number) for each, _ in self._measured]
            weights = [int(gap == min(gaps)) for gap in gaps]
        arrays = np.stack([array for _, array in self._measured])
        return _stats(np.tensordot(weights, arrays, axes=1) / sum(weights))


class Trail:
    """The mean over the past alone, for live video: old frames fade with a time constant.

    The first frames of a shot count equally, so that it does not begin with a habit of its own.

    Args:
        span: frames after which a change has come through to 63 %; from 0 on.
    """

    def __init__(self, span: int) -> None:
        self._share = 1.0 if span < 1 else 1.0 - float(np.exp(-1.0 / span))
        self._latest: _Moments | None = None
        self._mean: _Moments | None = None
        self._count = 0

    def add(self, number: int, stats: Stats) -> None:
        """Take what was measured on a frame."""
        self._latest = _moments(stats)

    def at(self, number: int) -> Stats:
        """The mean up to a frame, drawn towards what was measured last."""
        if self._latest is None:
            raise ValueError(f"nothing was measured up to frame {number}")
        self._count += 1
        if self._mean is None:
            self._mean = self._latest
        share = max(self._share, 1.0 / self._count)
        self._mean = self._mean + share * (self._latest - self._mean)
        return _stats(self._mean)


def _moments(stats: Stats) -> _Moments:
    mean, std = stats.astype(np.float64)
    return np.stack([mean, std**2])


def _stats(moments: _Moments) -> Stats:
    mean, variance = moments
    return np.stack([mean, np.sqrt(variance)]).astype(np.float32)
