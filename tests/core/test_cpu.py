import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.cpu import (
    cpu_features,
    fewer_cores,
    has_fast_bfloat16,
    threads_for_each,
    usable_cores,
)


def cpuinfo(folder: Path, flags: str, vendor: str = "GenuineIntel") -> Path:
    """A file as Linux shows it, for two cores."""
    core = (
        f"vendor_id\t: {vendor}\nmodel name\t: Some CPU\nflags\t\t: {flags}\nbugs\t\t: amx_bf16\n\n"
    )
    path = folder / "cpuinfo"
    path.write_text(core * 2)
    return path


def test_bfloat16_is_fast_with_amx_and_on_amd(tmp_path: Path) -> None:
    """Only the line of flags counts, and AVX512-BF16 is enough on AMD alone."""
    assert has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512_bf16 amx_bf16 amx_tile"))
    assert not has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512_bf16"))
    assert has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512_bf16", "AuthenticAMD"))
    assert not has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512f", "AuthenticAMD"))


def test_features_are_those_that_matter(tmp_path: Path) -> None:
    """Other flags are left out and the rest is sorted."""
    assert cpu_features(cpuinfo(tmp_path, "fpu avx512f sse2 avx2")) == ["avx2", "avx512f"]


def test_an_unknown_machine_has_no_features(tmp_path: Path) -> None:
    """Where the file is missing nothing is assumed."""
    assert cpu_features(tmp_path / "none") == []
    assert not has_fast_bfloat16(tmp_path / "none")


def test_a_process_that_stands_back_knows_it() -> None:
    """What was started with a higher nice value says so; an ordinary process does not."""
    code = (
        "import os; from impasto.core.cpu import stands_back; before = os.nice(0) > 0;"
        "print(stands_back() == before); os.nice(39); print(stands_back())"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "True"]


@pytest.fixture
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which this process may run on eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def machine(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    """A pretended machine with control groups."""
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.usefixtures("_eight_cores")
@pytest.mark.parametrize(
    ("quota", "cores"),
    [("150000 100000", 2), ("5000 100000", 1), ("900000 100000", 8), ("max 100000", 8), ("", 8)],
)
def test_a_quota_of_cgroup_2_counts(tmp_path: Path, quota: str, cores: int) -> None:
    """Time a period comes to cores, rounded up and at least one, never more than there are."""
    root = machine(tmp_path, "0::/\n", {"sys/fs/cgroup/cpu.max": quota})
    assert usable_cores(root) == cores
    assert fewer_cores(root) == (cores if cores < 8 else None)


@pytest.mark.usefixtures("_eight_cores")
def test_the_tightest_quota_counts(tmp_path: Path) -> None:
    """A group's own quota and those of the groups above it hold all."""
    files = {"a/b/cpu.max": "600000 100000", "a/cpu.max": "300000 100000", "cpu.max": "max 100000"}
    placed = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    assert usable_cores(machine(tmp_path, "0::/a/b\n", placed)) == 3


@pytest.mark.usefixtures("_eight_cores")
@pytest.mark.parametrize(("time", "cores"), [("250000", 3), ("-1", 8)])
@pytest.mark.parametrize("folder", ["cpu", "cpu,cpuacct"])
def test_a_quota_of_cgroup_1_counts(tmp_path: Path, time: str, cores: int, folder: str) -> None:
    """The older layout is read, by either name of its folder, also with the path of the host."""
    top = f"sys/fs/cgroup/{folder}"
    files = {f"{top}/cpu.cfs_quota_us": f"{time}\n", f"{top}/cpu.cfs_period_us": "100000\n"}
    root = machine(tmp_path, "4:cpu,cpuacct:/docker/abc\n3:memory:/\n", files)
    assert usable_cores(root) == cores


@pytest.mark.usefixtures("_eight_cores")
def test_a_system_without_groups_has_all_its_cores(tmp_path: Path) -> None:
    """Where nothing tells of a quota, the cores that the process may run on count."""
    assert usable_cores(tmp_path) == 8
    assert fewer_cores(tmp_path) is None


@given(threads=st.none() | st.integers(1, 64), streams=st.integers(1, 64))
def test_pictures_share_the_threads(threads: int | None, streams: int) -> None:
    """All together they take no more than there are, unless each has but one."""
    each = threads_for_each(threads, streams)
    if streams == 1:
        assert each == (threads or fewer_cores())
    else:
        assert each == 1 or (each or 0) * streams <= (threads or usable_cores())
