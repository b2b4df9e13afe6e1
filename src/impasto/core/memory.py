"""Memory: amounts as people write them, and how much of it this process may still take."""

import os
import re
from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Final

from impasto.core.cgroups import settings_of, text_of
from impasto.core.errors import SettingsError

Memory = int | str | None
"""Bytes, an amount such as "512M", or None for what the machine can spare."""

_UNITS: Final[Mapping[str, int]] = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_AMOUNT = re.compile(
    r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([KMGT]?)(?:I?B)?\s*", re.IGNORECASE | re.ASCII
)
_UNKNOWN: Final = 2**31
"""Taken for free where the system does not tell."""


def parse_memory(amount: int | str) -> int:
    """Return an amount of memory in bytes: 536870912, "512M", "1.5 GB"; K is 1024.

    Raises `SettingsError` for what is no amount, or is below 1.
    """
    found = _AMOUNT.fullmatch(amount) if isinstance(amount, str) else None
    if found:
        bytes_ = int(float(found[1]) * _UNITS[found[2].upper()])
    else:
        # NumPy's whole numbers are Integral too.
        is_count = isinstance(amount, Integral) and not isinstance(amount, bool)
        bytes_ = int(amount) if is_count else 0
    if bytes_ < 1:
        raise SettingsError(f"memory is {amount!r}: it must be an amount such as 512M or 2G")
    return bytes_


def shown_memory(amount: int) -> str:
    """Return bytes as an amount that `parse_memory` reads, rounded up."""
    unit = "M" if amount >= 10 * _UNITS["M"] else "K"
    return f"{-(-amount // _UNITS[unit])}{unit}"


def spare_memory() -> int:
    """Return the bytes that one piece of work may take: half of what is free now."""
    return free_memory() // 2


def free_memory(root: Path = Path("/")) -> int:
    """Return the bytes that can still be taken without swapping, on the machine and in its cgroup.

    `root` is where `proc` and `sys` lie. Where nothing tells, 2 GiB.
    """
    known = [_machine(root), *_groups(root)]
    return min((each for each in known if each is not None), default=_UNKNOWN)


def _machine(root: Path) -> int | None:
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text_of(root / "proc/meminfo"), re.MULTILINE)
    if found:
        return int(found[1]) * 1024
    try:
        # Where nothing tells what is free: the half of all memory, so that what is taken in the
        # end is a quarter of it.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):  # AttributeError: Windows
        return None


def _groups(root: Path) -> list[int]:
    """What the control groups of this process leave, with those above them."""
    groups = settings_of(root, "memory", {1: "memory.limit_in_bytes", 2: "memory.max"})
    found = ((most, _used(group)) for group, most in groups)
    return [max(0, int(most) - now) for most, now in found if most.isdigit() and now is not None]


def _used(group: Path) -> int | None:
    """What a group uses, without files that are kept in memory while there is room."""
    used = text_of(group / "memory.current") or text_of(group / "memory.usage_in_bytes")
    kept = re.search(
        r"^(?:total_)?inactive_file (\d+)", text_of(group / "memory.stat"), re.MULTILINE
    )
    return int(used) - (int(kept[1]) if kept else 0) if used.strip().isdigit() else None
