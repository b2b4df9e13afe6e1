from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import SettingsError
from impasto.core.memory import free_memory, parse_memory, shown_memory, spare_memory


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("512M", 512 * 2**20),
        ("2g", 2**31),
        ("1.5 GB", 3 * 2**29),
        ("64KiB", 65_536),
        ("1T", 2**40),
        ("4096", 4096),
        (4096, 4096),
        (np.int64(4096), 4096),
    ],
)
def test_amounts_are_read(text: int | str, bytes_: int) -> None:
    """Bytes, and amounts in units of 1024, in any spelling that people use."""
    assert parse_memory(text) == bytes_


@pytest.mark.parametrize("text", ["", "M", "-1M", "0", 0, -5, "1X", "nan", "1e9", "½G", True, 1.5])
def test_nonsense_is_refused(text: object) -> None:
    """What is no amount of at least a byte is an error that shows it."""
    with pytest.raises(SettingsError, match="memory is"):
        parse_memory(text)  # type: ignore[arg-type]


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_an_error(text: str) -> None:
    """A parser of what users type never fails in another way."""
    with suppress(SettingsError):
        assert parse_memory(text) >= 1


@given(st.integers(1, 2**45))
def test_what_is_shown_can_be_given(amount: int) -> None:
    """An amount in a message is enough when it is typed back."""
    assert 0 <= parse_memory(shown_memory(amount)) - amount < 2**20


def test_some_memory_is_free() -> None:
    """On this machine the amount is between 1 MiB and 100 TiB, and half of it may be taken."""
    assert 2**20 < spare_memory() <= free_memory() < 100 * 2**40


def machine(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    """A pretended machine with 8,000 kB available."""
    files = {"proc/self/cgroup": cgroup, "proc/meminfo": "MemAvailable:    8000 kB\n", **files}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_container_of_cgroup_2_counts(tmp_path: Path) -> None:
    """The tightest limit of the group and of those above it holds, less what is in use.

    What is in use does not count files that are only kept in memory while there is room.
    """
    files = {
        "sys/fs/cgroup/a/b/memory.max": "max\n",
        "sys/fs/cgroup/a/b/memory.current": "100\n",
        "sys/fs/cgroup/a/memory.max": "5000\n",
        "sys/fs/cgroup/a/memory.current": "1000\n",
        "sys/fs/cgroup/a/memory.stat": "anon 900\ninactive_file 50\n",
    }
    assert free_memory(machine(tmp_path, "0::/a/b\n", files)) == 4050


def test_a_container_of_cgroup_1_counts(tmp_path: Path) -> None:
    """The older layout is read, also where the path is that of the host; below 0 is 0."""
    files = {
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "3000",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000",
    }
    cgroup = "4:cpu,cpuacct:/\n3:memory:/docker/abc\n"
    root = machine(tmp_path, cgroup, files)
    assert free_memory(root) == 2000
    (root / "sys/fs/cgroup/memory/memory.usage_in_bytes").write_text("9000")
    assert free_memory(root) == 0


def test_a_machine_without_groups(tmp_path: Path) -> None:
    """Without control groups, and with one that has no limit, what is available counts."""
    assert free_memory(machine(tmp_path, "", {})) == 8000 * 1024
    files = {"sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/memory.current": "7"}
    assert free_memory(machine(tmp_path, "0::/\n", files)) == 8000 * 1024
