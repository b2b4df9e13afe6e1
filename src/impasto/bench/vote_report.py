"""What people's votes say about methods, and whether there are enough of them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Int

from impasto.bench.vote_scores import (
    bootstrap,
    bradley_terry,
    connected,
    count_wins,
    interval,
    share_against_others,
)
from impasto.bench.vote_store import Answer

LEAST_VOTERS: Final = 3
LEAST_COMPARISONS: Final = 30
"""Of a method: with fewer, a share of a half is known to 0.18 at best."""
LEAST_RATINGS: Final = 20
"""Of a method: with fewer, a mean whose ratings differ by 1 is known to 0.44 at best."""

_MOST_ERRORS: Final = 3.3
"""Standard errors that the share of the left may be from a half: by chance once in a thousand."""

_TIMES: Final = 1000
_SHARE: Final = {"left": 1.0, "tie": 0.5, "right": 0.0}


@dataclass(frozen=True)
class Estimate:
    """A number with its bootstrap interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class MethodVotes:
    """One method; None where nobody was asked about it."""

    method: str
    comparisons: int
    score: Estimate | None
    """Bradley-Terry: the logarithm of its strength; 0 is the mean of all methods."""
    share: Estimate | None
    """How often it would be chosen over another method by the scores, in the mean over those."""
    ratings: int
    rating: Estimate | None
    """The mean of 1 to 5."""


@dataclass(frozen=True)
class VoteReport:
    """What all votes of a folder say; nobody's name is in it."""

    voters: int
    comparisons: int
    ties: int
    left: float | None
    """Of the comparisons without a tie the share that chose the left: near 0.5, unless people
    choose a side."""
    ratings: int
    skipped: int
    methods: tuple[MethodVotes, ...]
    """The strongest first."""
    notes: tuple[str, ...]
    """Why conclusions would be rash: votes are too few, or of a side; none if nothing is known."""
    resamples: int

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {"benchmark": "votes", **asdict(self)}


def report_votes(answers: Sequence[Answer], times: int = _TIMES) -> VoteReport:
    """Sum up answers; those that were skipped count nowhere else.

    Args:
        answers: of a `VoteStore`.
        times: how many resamples the intervals are made from.
    """
    given = [each for each in answers if each.choice != "skip"]
    compared = [each for each in given if each.mode == "compare"]
    rated = [each for each in given if each.mode == "rate"]
    pairs = _Comparisons(compared, times)
    methods = _methods(pairs, _Ratings(rated, times))
    voters = len({each.voter for each in given})
    decided = [each.choice for each in compared if each.choice != "tie"]
    return VoteReport(
        voters=voters,
        comparisons=len(compared),
        ties=len(compared) - len(decided),
        left=decided.count("left") / len(decided) if decided else None,
        ratings=len(rated),
        skipped=len(answers) - len(given),
        methods=methods,
        notes=(*_notes(voters, methods, linked=pairs.linked), *_one_sided(decided)),
        resamples=times,
    )


class _Comparisons:
    """Of the methods that were compared: counts, scores and shares."""

    def __init__(self, answers: Sequence[Answer], times: int) -> None:
        names = _names(answers)
        left, right, share = _indices(answers, names)

        def wins(drawn: Int[np.ndarray, " drawn"]) -> Float[np.ndarray, "methods methods"]:
            return count_wins(left[drawn], right[drawn], share[drawn], len(names))

        table = wins(np.arange(len(answers)))
        self.linked = connected(table)
        tables = bootstrap(wins, [each.voter for each in answers], times)
        scores, drawn_scores = bradley_terry(table), bradley_terry(tables)
        self.counts = dict(zip(names, (table + table.T).sum(0).round().astype(int), strict=True))
        self.scores = _estimates(names, scores, drawn_scores)
        self.shares = _estimates(
            names, share_against_others(scores), share_against_others(drawn_scores)
        )


class _Ratings:
    """Of the methods that were rated: counts and means."""

    def __init__(self, answers: Sequence[Answer], times: int) -> None:
        names = _names(answers)
        method = np.array([names.index(each.draw.left) for each in answers], np.int64)
        stars = np.array([float(each.choice) for each in answers])

        def means(drawn: Int[np.ndarray, " drawn"]) -> Float[np.ndarray, " methods"]:
            counts = np.bincount(method[drawn], minlength=len(names))
            sums = np.bincount(method[drawn], stars[drawn], len(names))
            # Not every resample has a rating of each method; NaN counts in no interval.
            return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

        drawn_means = bootstrap(means, [each.voter for each in answers], times)
        self.counts = dict(zip(names, np.bincount(method, minlength=len(names)), strict=True))
        self.means = _estimates(names, means(np.arange(len(answers))), drawn_means)


def _names(answers: Sequence[Answer]) -> list[str]:
    return sorted({name for each in answers for name in each.draw.question.methods})


def _indices(
    answers: Sequence[Answer], names: Sequence[str]
) -> tuple[Int[np.ndarray, " votes"], Int[np.ndarray, " votes"], Float[np.ndarray, " votes"]]:
    """Who stood left and right, and what the left one got."""
    at = {name: index for index, name in enumerate(names)}
    return (
        np.array([at[each.draw.left] for each in answers], np.int64),
        np.array([at[str(each.draw.right)] for each in answers], np.int64),
        np.array([_SHARE[each.choice] for each in answers], np.float64),
    )


def _estimates(
    names: Sequence[str],
    values: Float[np.ndarray, " methods"],
    resampled: Float[np.ndarray, "times methods"],
) -> dict[str, Estimate]:
    if not names:
        return {}
    rows = zip(names, values, *interval(resampled), strict=True)
    return {name: Estimate(float(at), float(low), float(high)) for name, at, low, high in rows}


def _methods(pairs: _Comparisons, rates: _Ratings) -> tuple[MethodVotes, ...]:
    rows = [
        MethodVotes(
            method=name,
            comparisons=int(pairs.counts.get(name, 0)),
            score=pairs.scores.get(name),
            share=pairs.shares.get(name),
            ratings=int(rates.counts.get(name, 0)),
            rating=rates.means.get(name),
        )
        for name in sorted({*pairs.counts, *rates.counts})
    ]
    return tuple(sorted(rows, key=_strength, reverse=True))


def _strength(row: MethodVotes) -> tuple[float, float]:
    """Those that were never compared come last, by their ratings."""
    low = -np.inf
    return row.score.value if row.score else low, row.rating.value if row.rating else low


def _notes(voters: int, methods: Sequence[MethodVotes], *, linked: bool) -> Iterator[str]:
    if voters < LEAST_VOTERS:
        yield (
            f"too few voters: {voters}; below {LEAST_VOTERS} the intervals speak of these people "
            "and not of others"
        )
    for what, least in (("comparisons", LEAST_COMPARISONS), ("ratings", LEAST_RATINGS)):
        counts = {row.method: getattr(row, what) for row in methods}
        few = [f"{name} {count}" for name, count in counts.items() if count < least]
        if few and any(counts.values()):
            yield f"too few {what}, {least} of a method are the least: {', '.join(few)}"
    if not linked:
        yield "not all methods were compared with each other, even through others"


def _one_sided(decided: Sequence[str]) -> Iterator[str]:
    left, many = decided.count("left"), len(decided)
    if abs(left - many / 2) > _MOST_ERRORS * np.sqrt(many) / 2:
        yield f"the left was chosen {left} of {many} times: that was a choice of sides"
