"""What the processor can do, as far as it decides how the engine runs."""

import os
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def has_amx_bfloat16(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether the CPU has matrix units for bfloat16 (Intel AMX); False where it cannot be told.

    Only Linux tells without code of our own. Elsewhere the engine stays at float32, which is
    right on every machine and slower only on servers with AMX.
    """
    return "amx_bf16" in _flags(cpuinfo)


def usable_cores() -> int:
    """How many cores this process may use: fewer than the machine has where somebody says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def stands_back() -> bool:
    """Whether this process was told to let others go first (`nice`)."""
    return hasattr(os, "getpriority") and os.getpriority(os.PRIO_PROCESS, 0) > 0


def cpu_features(cpuinfo: Path = _CPUINFO) -> list[str]:
    """Those vector instructions that matter to the engine, sorted; empty where unknown."""
    known = {"avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16", "amx_int8"}
    return sorted(known & _flags(cpuinfo))


def _flags(cpuinfo: Path) -> set[str]:
    try:
        lines = cpuinfo.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return set()
    flags = (line.partition(":")[2] for line in lines if line.startswith("flags"))
    return set(next(flags, "").split())
