"""Scores of methods from comparisons: the model of Bradley and Terry, and bootstrap intervals."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float, Int

Wins: TypeAlias = Float[np.ndarray, "*batch methods methods"]
"""Row i, column j: how often i was chosen over j; a tie is half a win for each."""

LogStrengths: TypeAlias = Float[np.ndarray, "*batch methods"]
"""Natural logarithms of strengths, their mean 0: i is chosen over j with the odds
`exp(score[i] - score[j])`."""

_PRIOR: Final = 1.0
"""Comparisons that are added to each method, shared evenly among all others, each half won: without
them a method that always won would have no finite score."""
_CLOSE: Final = 1e-9  # of a logarithm, from one step to the next
_MOST_STEPS: Final = 20_000


def bradley_terry(wins: Wins) -> LogStrengths:
    """Fit strengths to comparisons.

    The model is that of Bradley and Terry, "Rank analysis of incomplete block designs", Biometrika
    39 (1952); the iteration is the MM algorithm of Hunter, "MM algorithms for generalized
    Bradley-Terry models", Annals of Statistics 32 (2004), equation 3, which never lowers the
    likelihood. Differences from it: ties are half wins, and each method gets one comparison more, a
    tie; so scores are finite whatever was answered, and shrink a little towards 0.

    Args:
        wins: finite, not negative; what is on the diagonal counts nowhere.
    """
    methods = wins.shape[-1]
    if methods < 2:
        return np.zeros(wins.shape[:-1])
    itself = np.eye(methods, dtype=bool)
    wins = np.where(itself, 0.0, wins + _PRIOR / 2 / (methods - 1))
    both, won = wins + np.swapaxes(wins, -1, -2), wins.sum(-1)
    scores = np.zeros(wins.shape[:-1])
    for _ in range(_MOST_STEPS):
        before, strength = scores, np.exp(scores)
        pairs = both / (strength[..., :, None] + strength[..., None, :])
        scores = np.log(won / pairs.sum(-1))
        scores -= scores.mean(-1, keepdims=True)  # only ratios of strengths are told by votes
        if np.abs(scores - before).max(initial=0.0) < _CLOSE:
            break
    return scores


def count_wins(
    left: Int[np.ndarray, " votes"],
    right: Int[np.ndarray, " votes"],
    share: Float[np.ndarray, " votes"],
    methods: int,
) -> Wins:
    """Sum comparisons into a table.

    Args:
        left: the index of one method of each comparison.
        right: of the other.
        share: what the left one gets: 1 where it was chosen, 0.5 for a tie, 0.
        methods: how many there are.
    """
    cells = methods * methods
    ours = np.bincount(left * methods + right, share, cells)
    theirs = np.bincount(right * methods + left, 1 - share, cells)
    return (ours + theirs).reshape(methods, methods)


def share_against_others(scores: LogStrengths) -> LogStrengths:
    """Return how often each method would be chosen over another, in the mean over the others."""
    gaps = scores[..., :, None] - scores[..., None, :]
    chosen = 1 / (1 + np.exp(-gaps))
    others = scores.shape[-1] - 1
    shares: LogStrengths = (chosen.sum(-1) - 0.5) / max(1, others)
    return shares


def connected(wins: Wins) -> bool:
    """Whether every method can be reached from every other by comparisons that were made."""
    both = (wins + wins.T) > 0
    reached = np.zeros(len(wins), bool)
    reached[:1] = True
    for _ in range(len(wins)):
        reached |= both[reached].any(0)
    return bool(reached.all())


def resamples(
    voters: Sequence[int] | Int[np.ndarray, " votes"], times: int, seed: int = 0
) -> list[Int[np.ndarray, " drawn"]]:
    """Draw votes anew: voters with replacement, then of each one's votes as many with replacement.

    Two levels, because the votes of one person are alike (Davison and Hinkley, "Bootstrap Methods
    and their Application", 1997, section 3.8). With one voter only the votes are drawn anew.

    Args:
        voters: who gave each vote.
        times: how many resamples.
        seed: the same seed and votes give the same resamples.

    Returns:
        the indices of votes, one array a resample; its length varies.
    """
    chance = np.random.default_rng(seed)
    _, own, sizes = np.unique(np.asarray(voters), return_inverse=True, return_counts=True)
    order, starts = np.argsort(own, kind="stable"), np.cumsum(sizes) - sizes
    drawn = []
    for _ in range(times):
        chosen = chance.integers(0, max(1, len(sizes)), len(sizes))
        many = np.repeat(sizes[chosen], sizes[chosen])
        within = (chance.random(len(many)) * many).astype(np.int64)
        drawn.append(order[np.repeat(starts[chosen], sizes[chosen]) + within])
    return drawn


def interval(
    values: Float[np.ndarray, "times methods"],
) -> tuple[Float[np.ndarray, " methods"], Float[np.ndarray, " methods"]]:
    """Return the bounds between which 95 % of the resampled values lie; NaN counts nowhere."""
    low, high = np.nanquantile(values, [0.025, 0.975], axis=0)
    return low, high


def bootstrap(
    statistic: Callable[[Int[np.ndarray, " drawn"]], Float[np.ndarray, " methods"]],
    voters: Sequence[int],
    times: int,
) -> Float[np.ndarray, "times methods"]:
    """Return a statistic of each of the `resamples`."""
    return np.stack([statistic(drawn) for drawn in resamples(voters, times)])
