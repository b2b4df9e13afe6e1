"""Bradley-Terry scores, against known strengths and another way to find them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from impasto.bench.vote_scores import (
    bootstrap,
    bradley_terry,
    connected,
    count_wins,
    interval,
    resamples,
    share_against_others,
)

METHODS = 4
tables = arrays(np.float64, (METHODS, METHODS), elements=st.integers(0, 20).map(float))
scores = arrays(np.float64, METHODS, elements=st.floats(-2, 2))
pairs = st.permutations(range(METHODS)).map(lambda order: order[:2])


def expected(score: np.ndarray, times: float) -> np.ndarray:
    """The wins that each pair has in the mean of so many comparisons."""
    return times / (1 + np.exp(score[None, :] - score[:, None]))


@given(scores)
def test_known_strengths_are_found(score: np.ndarray) -> None:
    """From the wins that the model expects come the strengths that it had."""
    found = bradley_terry(expected(score, 1e7))
    np.testing.assert_allclose(found, score - score.mean(), atol=1e-4)


def test_votes_by_chance_give_strengths_within_their_error() -> None:
    """Of 20,000 drawn votes come scores within five standard errors of the true ones."""
    chance, score = np.random.default_rng(3), np.array([-1.0, -0.2, 0.3, 0.9])
    left, right = chance.integers(0, 4, 20_000), chance.integers(0, 4, 20_000)
    left, right = left[left != right], right[left != right]
    won = chance.random(len(left)) < 1 / (1 + np.exp(score[right] - score[left]))
    found = bradley_terry(count_wins(left, right, won.astype(float), 4))
    np.testing.assert_allclose(found, score, atol=0.12)


@settings(max_examples=25)  # a general minimiser is slow
@given(tables)
def test_another_way_finds_the_same(wins: np.ndarray) -> None:
    """A general minimiser of the likelihood, prior included, ends at the same scores."""
    optimize = pytest.importorskip("scipy.optimize")
    all_wins = wins + 0.5 / (METHODS - 1)
    np.fill_diagonal(all_wins, 0)

    def loss(score: np.ndarray) -> float:
        gaps = score[:, None] - score[None, :]
        return float((all_wins * np.logaddexp(0, -gaps)).sum())

    best = optimize.minimize(loss, np.zeros(METHODS), method="BFGS", options={"gtol": 1e-7}).x
    np.testing.assert_allclose(bradley_terry(wins), best - best.mean(), atol=2e-4)


@given(tables, st.permutations(range(METHODS)))
def test_names_do_not_matter(wins: np.ndarray, order: list[int]) -> None:
    """Methods in another order get the same scores."""
    relabelled = bradley_terry(wins[np.ix_(order, order)])
    np.testing.assert_allclose(relabelled, bradley_terry(wins)[order], atol=1e-6)


@given(tables, pairs)
def test_a_win_more_never_harms(wins: np.ndarray, pair: list[int]) -> None:
    """Another win of one method over another lets it gain on that one and on no other lose."""
    winner, loser = pair
    before = bradley_terry(wins)
    wins[winner, loser] += 1
    change = bradley_terry(wins) - before
    assert change[winner] - change[loser] > 0
    assert np.all(change[winner] - change >= -1e-6)
    assert np.all(change - change[loser] >= -1e-6)


@given(tables)
def test_scores_are_finite_and_centred(wins: np.ndarray) -> None:
    """Whatever was answered, nothing too: numbers with the mean 0; swapped sides swap the signs."""
    found = bradley_terry(wins)
    assert np.isfinite(found).all()
    assert abs(found.mean()) < 1e-9
    np.testing.assert_allclose(bradley_terry(wins.T), -found, atol=1e-6)


def test_many_tables_at_once_are_each_alone() -> None:
    """A stack of tables gives what each of them gives."""
    stack = np.random.default_rng(1).integers(0, 9, (5, 3, 3)).astype(float)
    np.testing.assert_allclose(bradley_terry(stack), [bradley_terry(t) for t in stack], atol=1e-7)


def test_ties_are_half_wins() -> None:
    """A tie counts for both sides, and nothing but ties is no difference."""
    wins = count_wins(np.array([0, 1, 0]), np.array([1, 0, 1]), np.array([0.5, 0.5, 1.0]), 2)
    np.testing.assert_array_equal(wins, [[0, 2], [1, 0]])
    np.testing.assert_array_equal(bradley_terry(np.array([[0, 3.5], [3.5, 0]])), [0, 0])


def test_shares_are_those_of_the_model() -> None:
    """Twice the strength is chosen twice in three times; a method alone has nobody to beat."""
    shares = share_against_others(np.log([2.0, 1.0]))
    np.testing.assert_allclose(shares, [2 / 3, 1 / 3])
    assert share_against_others(np.zeros(1)).tolist() == [0]


@given(scores)
def test_shares_are_a_half_in_the_mean(score: np.ndarray) -> None:
    """What one wins another loses."""
    assert abs(share_against_others(score).mean() - 0.5) < 1e-9


def test_connections_are_found_through_others() -> None:
    """Methods are connected through third ones, and two groups that never met are not."""
    chain = np.zeros((4, 4))
    chain[1, 0] = chain[1, 2] = chain[3, 2] = 1
    assert connected(chain)
    chain[1, 2] = 0
    assert not connected(chain)
    assert connected(np.zeros((0, 0)))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=20), st.integers(0, 99))
def test_resamples_draw_voters_and_then_their_votes(voters: list[int], seed: int) -> None:
    """As many voters are drawn as there are, each with as many votes as that one gave."""
    for drawn in resamples(voters, 5, seed):
        people, counts = np.unique(np.asarray(voters)[drawn], return_counts=True)
        times = [count / voters.count(who) for who, count in zip(people, counts, strict=True)]
        assert all(time == int(time) for time in times)
        assert sum(times) == len(set(voters))


def test_an_interval_holds_what_it_should() -> None:
    """The bootstrap interval of a mean is the textbook's, and repeats itself."""
    values = np.random.default_rng(5).normal(3.0, 1.0, 400)

    def mean(drawn: np.ndarray) -> np.ndarray:
        return values[drawn].mean(keepdims=True)

    low, high = interval(bootstrap(mean, [1] * 400, 2000))
    error = values.std() / 20
    np.testing.assert_allclose(
        [low[0], high[0]], values.mean() + error * np.array([-1.96, 1.96]), atol=0.15 * error
    )
    assert np.array_equal(interval(bootstrap(mean, [1] * 400, 2000))[0], low)


def test_voters_that_disagree_widen_the_interval() -> None:
    """Ten voters who each always say the same tell less than a hundred who each say one thing."""
    values = np.repeat(np.arange(10) % 2, 10).astype(float)

    def mean(drawn: np.ndarray) -> np.ndarray:
        return values[drawn].mean(keepdims=True)

    widths = []
    for voters in (np.repeat(np.arange(10), 10), np.arange(100)):
        low, high = interval(bootstrap(mean, voters.tolist(), 500))
        widths.append(high[0] - low[0])
    assert widths[0] > 2 * widths[1]
