"""Stages that work at the same time."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from threading import Event, Lock
from time import sleep
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.errors import SettingsError
from impasto.engine.pipeline import Outcome, Pipeline, Stage

LONG = 60.0
"""Seconds after which a wait has failed; nothing here takes so long."""


class Watch:
    """Counts items that stages have begun and not given back."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.now = 0
        self.most = 0

    def begin(self, item: Any) -> Any:
        """Count one more."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        return item

    def end(self) -> None:
        """Count one less."""
        with self.lock:
            self.now -= 1


def threads_of_stages() -> list[str]:
    """The names of threads that belong to pipelines."""
    return [one.name for one in threading.enumerate() if one.name.startswith("impasto-")]


def dawdle(seed: int) -> None:
    """Give other threads a chance, in another way for each seed."""
    sleep(random.Random(seed).choice([0, 0, 0.0005, 0.002]))  # noqa: S311


@settings(max_examples=25)
@given(
    amount=st.integers(0, 40),
    workers=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    capacity=st.integers(0, 3),
    failing=st.sets(st.tuples(st.integers(0, 39), st.integers(0, 3)), max_size=8),
    seed=st.integers(0, 1000),
)
def test_outcomes_come_in_order_under_any_delays(
    amount: int, workers: list[int], capacity: int, failing: set[tuple[int, int]], seed: int
) -> None:
    """Each item has its outcome in its place: its value, or the error of the stage that failed."""

    def stage(number: int) -> Stage:
        def work(item: tuple[int, int]) -> tuple[int, int]:
            index, passed = item
            dawdle(seed + 7 * index + number)
            if (index, number) in failing:
                raise ValueError(f"{index} in {number}")
            return index, passed + 1

        return Stage(f"stage {number}", work, workers[number])

    stages = [stage(number) for number in range(len(workers))]
    outcomes = list(Pipeline(stages, capacity=capacity).run((n, 0) for n in range(amount)))
    assert [outcome.index for outcome in outcomes] == list(range(amount))
    for outcome in outcomes:
        failures = sorted(n for i, n in failing if i == outcome.index and n < len(workers))
        if failures:
            assert outcome.value is None
            assert str(outcome.error) == f"{outcome.index} in {failures[0]}"
        else:
            assert outcome == Outcome(outcome.index, (outcome.index, len(workers)))
    assert not threads_of_stages()


@settings(max_examples=15)
@given(
    workers=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    capacity=st.integers(0, 3),
    seed=st.integers(0, 1000),
)
def test_only_so_many_items_are_under_way(workers: list[int], capacity: int, seed: int) -> None:
    """No more items are in memory than there are workers, and the capacity beside them."""
    watch = Watch()

    def work(item: int) -> int:
        dawdle(seed + item)
        return item

    stages = [Stage(str(number), work, size) for number, size in enumerate(workers)]
    for outcome in Pipeline(stages, capacity=capacity).run(map(watch.begin, range(40))):
        dawdle(seed - outcome.index)
        watch.end()
    assert watch.most <= sum(workers) + capacity
    assert watch.now == 0


def test_a_slow_first_item_holds_the_others_back() -> None:
    """While the first item is stuck, no more are taken than the bound allows."""
    taken: list[int] = []
    stuck, full = Event(), Event()

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            if len(taken) == 5:
                full.set()
            yield item

    def work(item: int) -> int:
        assert item or stuck.wait(LONG)
        return item

    pipeline = Pipeline([Stage("slow", work, workers=3)], capacity=2)
    with ThreadPoolExecutor(1) as pool, closing(pipeline.run(items())) as outcomes:
        first = pool.submit(next, outcomes)
        assert full.wait(LONG)
        # Everything but the first is done as soon as the pool has no more of them.
        assert len(taken) == 5
        stuck.set()
        assert first.result(LONG) == Outcome(0, 0)
        assert [outcome.value for outcome in outcomes] == list(range(1, 100))


def test_stages_work_at_the_same_time() -> None:
    """The first stage begins with the next item while the second one has not ended its own."""
    begun = [Event() for _ in range(3)]

    def measure(item: int) -> int:
        begun[item].set()
        return item

    def paint(item: int) -> int:
        assert item == 2 or begun[item + 1].wait(LONG)
        return item

    outcomes = Pipeline([Stage("measure", measure), Stage("paint", paint)]).run(range(3))
    assert [outcome.value for outcome in outcomes] == [0, 1, 2]


def test_workers_of_a_stage_work_at_the_same_time() -> None:
    """Three workers can all wait for each other."""
    together = threading.Barrier(3)
    stage = Stage("meet", lambda item: together.wait(LONG) is not None and item, workers=3)
    assert [outcome.value for outcome in Pipeline([stage]).run(range(9))] == list(range(9))


def test_an_error_of_the_items_comes_last() -> None:
    """What the items raise reaches the caller after the outcomes of what they gave before."""

    def items() -> Iterator[int]:
        yield from range(4)
        raise LookupError("no fifth")

    seen = []
    with pytest.raises(LookupError, match="no fifth"):  # noqa: PT012  # what came before counts
        for outcome in Pipeline([Stage("double", lambda item: 2 * item)]).run(items()):
            seen.append(outcome.value)
    assert seen == [0, 2, 4, 6]
    assert not threads_of_stages()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_inside_a_stage_ends_the_run(error: type[BaseException]) -> None:
    """What is no Exception is raised in its item's turn, and the stages end."""

    def work(item: int) -> int:
        if item == 2:
            raise error
        return item

    seen = []
    with pytest.raises(error):  # noqa: PT012  # what came before counts
        for outcome in Pipeline([Stage("work", work), Stage("pass", lambda item: item)]).run(
            count()
        ):
            seen.append(outcome.value)
    assert seen == [0, 1]
    assert not threads_of_stages()


def test_an_interrupt_of_the_items_ends_the_run_at_once() -> None:
    """Ctrl-C while an item is read is raised, and the stages end."""

    def items() -> Iterator[int]:
        yield 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Pipeline([Stage("work", lambda item: item)]).run(items()))
    assert not threads_of_stages()


@settings(max_examples=20)
@given(taken=st.integers(0, 6), workers=st.integers(1, 3), seed=st.integers(0, 1000))
def test_closing_finishes_what_has_begun_and_nothing_else(
    taken: int, workers: int, seed: int
) -> None:
    """After a caller has left, no work is half done, no new work begins, no thread is left."""
    begun, ended = [], []

    def work(item: int) -> int:
        begun.append(item)
        dawdle(seed + item)
        ended.append(item)
        return item

    stages = [Stage(name, work, workers) for name in "abc"]
    with closing(Pipeline(stages).run(count())) as outcomes:
        for _ in range(taken):
            next(outcomes)
    assert sorted(begun) == sorted(ended)
    assert not threads_of_stages()


def test_closing_waits_for_a_stage_in_the_middle_of_its_work() -> None:
    """A file that is being written when the caller leaves is written to its end."""
    writing, may_end = Event(), Event()
    written = []

    def write(item: int) -> None:
        if item == 1:
            writing.set()
            assert may_end.wait(LONG)
        written.append(item)

    outcomes = Pipeline([Stage("read", lambda item: item), Stage("write", write)]).run(count())
    assert next(outcomes) == Outcome(0)
    assert writing.wait(LONG)
    with ThreadPoolExecutor(1) as pool:
        closed = pool.submit(outcomes.close)
        may_end.set()
        closed.result(LONG)
    assert written == [0, 1]


def test_a_pipeline_runs_again() -> None:
    """A second run of the same pipeline works, and its seconds are added."""
    pipeline = Pipeline([Stage("sum", lambda item: sum(range(item)))])
    for _ in range(2):
        before = pipeline.seconds["sum"]
        assert [outcome.error for outcome in pipeline.run([100_000, 200_000])] == [None, None]
        assert pipeline.seconds["sum"] > before


def test_impossible_pipelines_are_refused() -> None:
    """No stages, two of one name, no workers and a negative capacity are told."""
    one = Stage("one", abs)
    with pytest.raises(SettingsError, match="named apart"):
        Pipeline([])
    with pytest.raises(SettingsError, match="named apart"):
        Pipeline([one, one])
    with pytest.raises(SettingsError, match="capacity of a pipeline is -1"):
        Pipeline([one], capacity=-1)
    with pytest.raises(SettingsError, match="'two' needs at least 1 worker"):
        Stage("two", abs, workers=0)
