"""Caches bounded by size."""

import os
import subprocess
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.cache import FileCache, MemoryCache

KEYS = st.integers(0, 9)
SIZES = st.integers(0, 40)


@given(
    calls=st.lists(KEYS, max_size=60),
    sizes=st.lists(SIZES, min_size=10, max_size=10),
    max_size=st.integers(0, 100),
    max_count=st.none() | st.integers(0, 5),
)
def test_the_values_used_last_are_kept(
    calls: list[int], sizes: list[int], max_size: int, max_count: int | None
) -> None:
    """A cache does what a list in order of use does, and stays within its bounds."""
    cache = MemoryCache[int](max_size, max_count)
    expected: OrderedDict[int, int] = OrderedDict()
    for key in calls:
        made: list[int] = []
        assert cache.get(key, sizes[key], lambda k=key, m=made: m.append(k) or k) == key
        assert bool(made) == (key not in expected)
        if key not in expected:
            too_many = len(expected) if max_count is None else max_count
            while sum(expected.values()) > max_size or len(expected) > too_many:
                expected.popitem(last=False)
        expected[key] = sizes[key]
        expected.move_to_end(key)
        assert len(cache) == len(expected)
        assert cache.size == sum(expected.values())
    if expected:
        newest = sizes[next(reversed(expected))]
        assert cache.size <= max_size + max(newest, *sizes)


def test_threads_make_a_value_once() -> None:
    """Threads that ask for a value while it is made wait for that one."""
    cache = MemoryCache[object](100)
    all_ask = threading.Barrier(8)
    made = []

    def make() -> object:
        made.append(threading.get_ident())
        return object()

    def ask(_: int) -> object:
        all_ask.wait(60)
        return cache.get("key", 1, make)

    with ThreadPoolExecutor(8) as pool:
        values = set(pool.map(ask, range(8)))
    assert len(values) == len(made) == 1


def test_a_value_that_cannot_be_made_is_not_kept() -> None:
    """A failure reaches the caller, takes no room, and the next call tries again."""
    cache = MemoryCache[str](100)
    with pytest.raises(ZeroDivisionError):
        cache.get("key", 50, lambda: str(1 // 0))
    assert (len(cache), cache.size) == (0, 0)
    assert cache.get("key", 50, lambda: "good") == "good"


@given(data=st.binary(max_size=300))
def test_bytes_come_back(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What was put is found by another cache of the same folder; what was not is None."""
    folder = tmp_path_factory.mktemp("cache")
    FileCache(folder, 10_000).put("name", data)
    assert FileCache(folder, 10_000).get("name") == data
    assert FileCache(folder, 10_000).get("other") is None


@given(data=st.binary(max_size=100), place=st.integers(0, 131), change=st.integers(1, 255))
def test_a_damaged_file_is_not_there(
    data: bytes, place: int, change: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A changed byte anywhere, or a missing end, gives None, and the file goes."""
    folder = tmp_path_factory.mktemp("cache")
    cache = FileCache(folder, 10_000)
    for cut in (False, True):
        cache.put("name", data)
        kept = bytearray((folder / "name").read_bytes())
        kept[place % len(kept)] ^= change
        (folder / "name").write_bytes(kept[:-1] if cut else kept)
        assert cache.get("name") is None
        assert not (folder / "name").exists()


def test_the_files_unused_for_longest_go_first(tmp_path: Path) -> None:
    """Beyond its bytes a folder loses what was neither written nor read for longest."""
    for number in range(4):
        FileCache(tmp_path, 1000).put(f"{number}", bytes(100))
        os.utime(tmp_path / f"{number}", (number, number))
    cache = FileCache(tmp_path, 300)
    assert cache.get("0") == bytes(100)
    cache.put("new", bytes(100))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "new"]


def test_a_process_does_not_push_out_its_own(tmp_path: Path) -> None:
    """Of more than the folder holds a process keeps what it wrote first, and a giant never."""
    cache = FileCache(tmp_path, 400)
    cache.put("giant", bytes(401))
    for number in range(9):
        cache.put(f"{number}", bytes(110))
    assert {path.name for path in tmp_path.iterdir()} <= {"0", "1", "2"}
    assert cache.get("2") is not None
    assert cache.get("8") is None


def test_what_a_killed_process_left_goes_in_its_turn(tmp_path: Path) -> None:
    """A half-written file of long ago is removed like any other old file."""
    left = tmp_path / ".impasto-0123.tmp"
    left.write_bytes(bytes(200))
    os.utime(left, (1, 1))
    FileCache(tmp_path, 300).put("name", bytes(200))
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_a_dropped_file_is_gone(tmp_path: Path) -> None:
    """Dropping removes a file, and does not mind when there is none."""
    cache = FileCache(tmp_path, 300)
    cache.put("name", b"bytes")
    for _ in range(2):
        cache.drop("name")
        assert cache.get("name") is None


def test_a_folder_that_cannot_be_made_is_an_empty_cache(tmp_path: Path) -> None:
    """Where a file is in the way, nothing is kept and nothing fails."""
    (tmp_path / "file").touch()
    cache = FileCache(tmp_path / "file" / "folder", 300)
    cache.put("name", b"bytes")
    assert cache.get("name") is None
    cache.drop("name")


_WRITER = """
import sys
from pathlib import Path
from impasto.core.cache import FileCache
cache = FileCache(Path(sys.argv[1]), 20_000)
for turn in range(30):
    for name in "abcdef":
        kept = cache.get(name)
        assert kept in (None, name.encode() * 4000), name
        FileCache(Path(sys.argv[1]), 20_000).put(name, name.encode() * 4000)
"""


def test_processes_share_a_folder(tmp_path: Path) -> None:
    """Processes that read, write and make room at once never see half of a file."""
    words = [sys.executable, "-c", _WRITER, str(tmp_path)]
    processes = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert (process.returncode, stderr) == (0, b"")
    FileCache(tmp_path, 20_000).put("last", b"")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000
