"""The raw results of a folder as arrays: what a report is made from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from impasto.bench.contender import FULL
from impasto.bench.quality.settings import METHODS
from impasto.bench.quality.store import Record, read_results
from impasto.core.errors import InputError
from impasto.core.files import shown

Grid = Float64[np.ndarray, "styles photos"]
"""One measure of one method at one strength; NaN where there is nothing."""

PHOTO = "photo"


@dataclass(frozen=True)
class Results:
    """What was measured of the newest version of each method, by each style's newest picture."""

    folder: Path
    setup: Record
    methods: Mapping[str, Record]
    """In the order of `METHODS`; only those that were run."""
    styles: tuple[str, ...]
    photos: tuple[str, ...]
    records: tuple[Record, ...]
    """Of these versions and pictures, and those that belong to none."""

    @property
    def full_methods(self) -> list[str]:
        """Those that have paintings at full strength."""
        return [name for name in self.methods if FULL in self.strengths(name)]

    def grid(self, method: str, strength: float, mark: str) -> Grid:
        """A measure by style and photo."""
        grid = np.full((len(self.styles), len(self.photos)), np.nan)
        for each in self._paintings.get((method, strength), ()):
            value = (each["marks"] or {}).get(mark)
            if value is not None:
                grid[self.styles.index(each["style"]), self.photos.index(each["photo"])] = value
        return grid

    def sets(self, method: str, strength: float, mark: str) -> Float64[np.ndarray, " styles"]:
        """A distance of the judge's by style; NaN where there is none."""
        found = np.full(len(self.styles), np.nan)
        for each in self.of("set", method=method, strength=strength):
            if each[mark] is not None:
                found[self.styles.index(each["style"])] = each[mark]
        return found

    def strengths(self, method: str) -> list[float]:
        """At which it has paintings, from weak to full."""
        return sorted(strength for name, strength in self._paintings if name == method)

    def of(self, kind: str, **key: Any) -> list[Record]:
        """Records of a kind."""
        return [
            each
            for each in self.records
            if each["kind"] == kind and all(each.get(name) == value for name, value in key.items())
        ]

    @cached_property
    def _paintings(self) -> dict[tuple[str, float], list[Record]]:
        found: dict[tuple[str, float], list[Record]] = {}
        for each in self.of("painting", error=None):
            found.setdefault((each["method"], each["strength"]), []).append(each)
        return found


def load_results(folder: Path) -> Results:
    """Read the results of a folder.

    Raises:
        InputError: there are none.
    """
    records = read_results(folder)
    setup = next((each for each in records if each["kind"] == "setup"), None)
    last = {each["method"]: each for each in records if each["kind"] == "method"}
    if setup is None or not last:
        raise InputError(f"{shown(folder)} has no results of `impasto bench quality`")
    pictures = {each["style"]: each["picture"] for each in records if each["kind"] == "style"}
    current = [each for each in records if _is_current(each, last, pictures)]
    seen = [(each["method"], each["style"]) for each in current if each["kind"] == "painting"]
    current = [each for each in current if not _is_run_by_now(each, seen)]
    methods = {name: last[name] for name in METHODS if name in last}
    return Results(
        folder,
        setup,
        methods,
        tuple(dict.fromkeys(style for _, style in seen)),
        tuple(setup["photos"]),
        tuple(current),
    )


def _is_current(
    record: Record, last: Mapping[str, Record], pictures: Mapping[str, str | None]
) -> bool:
    """Whether a record is of the newest version of its method and picture of its style, if any."""
    if record["kind"] == "not run":
        return "style" in record or record["method"] not in last
    if "version" not in record:
        return True
    if "picture" in record and record["picture"] != pictures.get(record["style"]):
        return False
    newest = last.get(record["method"])
    return newest is not None and newest["version"] == record["version"]


def _is_run_by_now(record: Record, seen: Collection[tuple[str, str]]) -> bool:
    """Whether a style that a method could not paint in has its paintings in what is current."""
    return record["kind"] == "not run" and (record["method"], record.get("style")) in seen
