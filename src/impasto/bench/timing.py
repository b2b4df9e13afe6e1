"""Timings: what is reported of them, and how two things are timed fairly in one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Turn = Callable[[], Mapping[str, float]]
"""Does a piece of work once and returns the seconds of each of its named steps."""


@dataclass(frozen=True)
class Summary:
    """What is reported of the seconds that the same work took again and again."""

    count: int
    median: float
    min: float
    max: float
    iqr: float
    """Interquartile range: the middle half of all values lies within so much."""


def summarise(seconds: Sequence[float]) -> Summary:
    """Summarise timings, rounded to a nanosecond.

    Raises:
        ValueError: there are none.
    """
    if not seconds:
        raise ValueError("there are no timings to summarise")
    points = np.quantile(np.asarray(seconds, np.float64), [0.0, 0.25, 0.5, 0.75, 1.0])
    low, first, middle, third, high = (round(float(point), 9) for point in points)
    return Summary(len(seconds), middle, low, high, round(third - first, 9))


def alternate(rounds: int, turns: Mapping[str, Turn]) -> dict[str, dict[str, Summary]]:
    """Time several things in turns, so that a machine that slows down slows all of them.

    Each turn is two calls of which the second counts: what ran before has taken the caches, and
    every competitor is to be met warm. The order is reversed from round to round.

    Args:
        rounds: how many timings each gets, at least 1.
        turns: the work by its name.

    Returns:
        For each name the summaries of its steps.
    """
    taken: dict[str, list[Mapping[str, float]]] = {name: [] for name in turns}
    for number in range(rounds):
        names = list(turns)[:: 1 if number % 2 == 0 else -1]
        for name in names:
            turns[name]()
            taken[name].append(turns[name]())
    return {name: _by_step(seconds) for name, seconds in taken.items()}


def rounds_within(seconds: float, once: float, most: int) -> int:
    """How many rounds of something fit into some seconds: at least 1, at most `most`.

    Args:
        seconds: the time there is.
        once: seconds of one call; a round has two.
        most: the most rounds to make.
    """
    return max(1, min(most, int(seconds / (2 * max(once, 1e-9)))))


def _by_step(taken: Sequence[Mapping[str, float]]) -> dict[str, Summary]:
    return {step: summarise([seconds[step] for seconds in taken]) for step in taken[0]}
