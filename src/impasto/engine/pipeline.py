"""Stages that work at the same time: while one item is painted, the next one is measured.

Each stage has a pool of threads of its own. An item is handed to all pools at once, and waits in
each for the future of the stage before, so pools take items in their order and nothing is sorted.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock
from time import thread_time
from typing import Any, Generic, TypeVar

from impasto.core.errors import SettingsError

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """One step that every item goes through.

    Raises:
        SettingsError: there is not at least one worker.
    """

    name: str
    work: Callable[[Any], Any]
    """Takes what the stage before returned, the first one the item; runs in several threads."""
    workers: int = 1
    """How many items it works on at once."""

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise SettingsError(f"the stage {self.name!r} needs at least 1 worker")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What became of one item: the value of the last stage, or the error of the one that failed."""

    index: int
    """The item's place among the items, from 0 on."""
    value: T | None = None
    error: Exception | None = None


class Pipeline:
    """Runs items through stages that work at the same time; may be run again and again.

    No more items are under way than there are workers, and `capacity` more that wait between
    stages: memory is bounded however slow the slowest stage is.

    Args:
        stages: at least one, in their order, each of another name.
        capacity: how many items may wait beside those that are worked on, from 0 on.
        active: how many items are worked on at once, where that is fewer than there are workers:
            a machine of few cores whose stages must each be able to use all of them.

    Raises:
        SettingsError: there are no stages, two have one name, or a number is too low.
    """

    def __init__(
        self, stages: Sequence[Stage], *, capacity: int = 2, active: int | None = None
    ) -> None:
        names = [stage.name for stage in stages]
        if not names or len(set(names)) < len(names):
            raise SettingsError(f"the stages are {names}: they must be one or more, named apart")
        if capacity < 0:
            raise SettingsError(f"the capacity of a pipeline is {capacity}: it must be at least 0")
        if active is not None and active < 1:
            raise SettingsError(f"{active} items are to be active: it must be at least 1")
        self.seconds = dict.fromkeys(names, 0.0)
        """CPU seconds of the threads of each stage, without those of an engine's own threads."""
        self._stages = tuple(stages)
        workers = sum(stage.workers for stage in stages)
        self._limit = min(active or workers, workers) + capacity
        self._lock = Lock()

    def run(self, items: Iterable[Any]) -> Generator[Outcome[Any], None, None]:
        """Work on all items and give their outcomes in the order of the items.

        An exception of a stage becomes the outcome of its item, and the others go on. Items are
        taken in the thread that asks for outcomes, as many ahead as the bound allows. When
        the caller closes the generator, leaves it by an exception or is interrupted, what has
        begun is finished (a file that is being written is written to its end), no further work
        begins, and all threads have ended.

        Raises:
            Exception: whatever `items` raises, after the outcomes of what came before.
            BaseException: what is no Exception (KeyboardInterrupt) in a stage, in its item's turn.
        """
        stopping = Event()
        with _pools(self._stages, stopping) as pools:
            started = (self._start(pools, item, stopping) for item in items)
            for index, future in enumerate(_ahead(started, self._limit)):
                yield _outcome(index, future)

    def _start(
        self, pools: Sequence[ThreadPoolExecutor], item: Any, stopping: Event
    ) -> Future[Any]:
        future = Future[Any]()
        future.set_result(item)
        for stage, pool in zip(self._stages, pools, strict=True):
            future = pool.submit(self._do, stage, future, stopping)
        return future

    def _do(self, stage: Stage, before: Future[Any], stopping: Event) -> Any:
        given = before.result()
        if stopping.is_set():
            raise CancelledError
        started = thread_time()
        try:
            return stage.work(given)
        finally:
            with self._lock:
                self.seconds[stage.name] += thread_time() - started


def _outcome(index: int, future: Future[Any]) -> Outcome[Any]:
    try:
        return Outcome(index, value=future.result())
    except Exception as error:
        return Outcome(index, error=error)


@contextmanager
def _pools(stages: Sequence[Stage], stopping: Event) -> Iterator[list[ThreadPoolExecutor]]:
    """A pool a stage; at the end, however it comes, waiting work is dropped and all threads end."""
    pools = [ThreadPoolExecutor(stage.workers, f"impasto-{stage.name}") for stage in stages]
    try:
        yield pools
    finally:
        stopping.set()
        for pool in pools:  # first all, so that nobody waits for work that was dropped
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in pools:
            pool.shutdown()


def _ahead(futures: Iterator[Future[Any]], limit: int) -> Iterator[Future[Any]]:
    """The same futures, taken ahead until `limit` are under way; an error comes after the last."""
    waiting: deque[Future[Any]] = deque()
    failure: Exception | None = None
    try:
        for future in futures:
            waiting.append(future)
            if len(waiting) >= limit:
                yield waiting.popleft()
    except Exception as error:
        failure = error
    while waiting:
        yield waiting.popleft()
    if failure:
        raise failure
