"""What the processor can do, as far as it decides how the engine runs."""

import os
from collections.abc import Iterator
from pathlib import Path

from impasto.core.cgroups import settings_of, text_of

_CPUINFO = Path("/proc/cpuinfo")


def has_fast_bfloat16(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether the CPU computes faster in bfloat16 than in float32; False where it cannot be told.

    That is so with matrix units (Intel AMX), and on AMD from Zen 4 on, where the trunk was measured
    to take 11.0 ms in place of 19.9 ms. Intel's AVX512-BF16 without AMX was 1.7 times slower. Only
    Linux tells without code of our own; elsewhere the engine stays at float32, which is right on
    every machine.
    """
    core = _first_core(cpuinfo)
    flags, is_amd = _flags(core), core.get("vendor_id") == "AuthenticAMD"
    return "amx_bf16" in flags or (is_amd and "avx512_bf16" in flags)


def usable_cores(root: Path = Path("/")) -> int:
    """How many cores this process may use: fewer than the machine has where somebody says so.

    `root` is where `proc` and `sys` lie.
    """
    return fewer_cores(root) or _cores()


def fewer_cores(root: Path = Path("/")) -> int | None:
    """How many cores a container's quota comes to, rounded up, if they are fewer than it shows."""
    least = min((-(-time // period) for time, period in _quotas(root)), default=None)
    return None if least is None or least >= _cores() else max(1, least)


def threads_for_each(threads: int | None, streams: int) -> int | None:
    """How many threads a runtime takes for each picture that it paints at once.

    Args:
        threads: for all of them together; None is what the process may use.
        streams: how many pictures.

    Returns:
        At least 1; None leaves one picture all cores of the machine, by the runtime's own choice.
    """
    if streams == 1:
        return threads or fewer_cores()
    return max(1, (threads or usable_cores()) // streams)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[tuple[int, int]]:
    """The time that the groups of this process may compute in a period, where it is bounded."""
    for group, text in settings_of(root, "cpu", {1: "cpu.cfs_quota_us", 2: "cpu.max"}):
        # Version 2 writes both into one file.
        time, _, period = (text if " " in text else f"{text} {_period_1(group)}").partition(" ")
        if time.isdigit() and period.isdigit() and int(period):
            yield int(time), int(period)


def _period_1(group: Path) -> str:
    return text_of(group / "cpu.cfs_period_us").strip()


def stands_back() -> bool:
    """Whether this process was told to let others go first (`nice`)."""
    return hasattr(os, "getpriority") and os.getpriority(os.PRIO_PROCESS, 0) > 0


def stand_back() -> None:
    """Let others go first from now on: on Linux this thread and those it starts, else the process.

    So much that whoever answers callers is not pushed off its core by work that takes long.
    """
    if hasattr(os, "nice"):
        os.nice(5)


def cpu_features(cpuinfo: Path = _CPUINFO) -> list[str]:
    """Those vector instructions that matter to the engine, sorted; empty where unknown."""
    known = {"avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16", "amx_int8"}
    return sorted(known & _flags(_first_core(cpuinfo)))


def _flags(core: dict[str, str]) -> set[str]:
    return set(core.get("flags", "").split())


def _first_core(cpuinfo: Path) -> dict[str, str]:
    """What the file says of the first core; nothing where it cannot be read."""
    try:
        first = cpuinfo.read_text(encoding="ascii", errors="replace").partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
