import threading
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from impasto.engine.sessions import SessionCache


def test_threads_load_once() -> None:
    """Threads that ask for a session while it loads wait for that one."""
    cache = SessionCache[object]()
    loaded = []

    def load() -> object:
        sleep(0.05)
        loaded.append(threading.get_ident())
        return object()

    with ThreadPoolExecutor(8) as pool:
        sessions = set(pool.map(lambda _: cache.get("key", 1, load), range(16)))
    assert len(sessions) == 1
    assert len(loaded) == 1


def test_the_longest_unused_goes_first() -> None:
    """Beyond the count the session that was asked for longest ago is dropped."""
    cache = SessionCache[object](max_count=1)
    first = cache.get("first", 1, object)
    second = cache.get("second", 1, object)
    assert cache.get("first", 1, object) is first
    cache.get("third", 1, object)
    assert cache.get("first", 1, object) is first
    assert cache.get("second", 1, object) is not second


def test_pixels_are_bounded_beside_the_newest() -> None:
    """A picture over the bound keeps its session until another graph is loaded."""
    cache = SessionCache[object](max_pixels=100)
    small = cache.get("small", 10, object)
    big = cache.get("big", 1000, object)
    assert cache.get("small", 10, object) is small
    assert cache.get("big", 1000, object) is big
    assert cache.get("small", 10, object) is small
    cache.get("other", 10, object)
    assert cache.get("small", 10, object) is small
    assert cache.get("big", 1000, object) is not big


def test_a_failed_load_is_tried_again() -> None:
    """A failure reaches the caller and is not kept."""
    cache = SessionCache[str]()
    with pytest.raises(ZeroDivisionError):
        cache.get("key", 1, lambda: str(1 // 0))
    assert cache.get("key", 1, lambda: "good") == "good"
