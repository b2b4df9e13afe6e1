"""The raw results of a folder as arrays: what a report is made from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from impasto.bench.contender import FULL
from impasto.bench.quality.settings import METHODS, OURS
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

    def painted(self, method: str, strength: float, style: str) -> tuple[str, ...]:
        """The photos that a method has painted in a style, in the order of all."""
        found = self._paintings.get((method, strength), ())
        names = {each["photo"] for each in found if each["style"] == style}
        return tuple(photo for photo in self.photos if photo in names)

    def shared(self, other: str, style: str) -> tuple[str, ...]:
        """The photos that impasto and another method have painted at all of their strengths."""
        groups = [
            set(self.painted(method, strength, style))
            for method in (OURS, other)
            for strength in self.strengths(method) or [FULL]
        ]
        return tuple(photo for photo in self.photos if all(photo in each for each in groups))

    def closeness(
        self, method: str, strength: float, photos: Sequence[Sequence[str]], mark: str = "kernel"
    ) -> Float64[np.ndarray, " styles"]:
        """By style, a distance of the judge's over that of the same photos unchanged, or NaN.

        Args:
            method: whose paintings.
            strength: at which it painted them.
            photos: those of each style.
            mark: `kernel` or `frechet`.
        """
        sets = list(zip(self.styles, map(name_of_set, photos), strict=True))
        own, base = (
            np.array([(self._sets.get((*key, *each)) or {}).get(mark) for each in sets], np.float64)
            for key in ((method, strength), (PHOTO, FULL))
        )
        return own / base

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
    def _sets(self) -> dict[tuple[Any, ...], Record]:
        names = ("method", "strength", "style", "photos")
        return {tuple(each.get(name) for name in names): each for each in self.of("set")}

    @cached_property
    def _paintings(self) -> dict[tuple[str, float], list[Record]]:
        found: dict[tuple[str, float], list[Record]] = {}
        for each in self.of("painting", error=None):
            found.setdefault((each["method"], each["strength"]), []).append(each)
        return found


def name_of_set(photos: Sequence[str]) -> str:
    """What tells a set of paintings from others of its method: its photos; none has a `/`."""
    return "/".join(photos)


def load_results(folder: Path) -> Results:
    """Read the results of a folder.

    Raises:
        InputError: there are none, or they are damaged.
    """
    records = read_results(folder)
    setup = next((each for each in records if each["kind"] == "setup"), None)
    last = {each["method"]: each for each in records if each["kind"] == "method"}
    if setup is None or not last:
        raise InputError(f"{shown(folder)} has no results of `impasto bench quality`")
    _check_photos(folder, setup, records)
    of = {
        (each.get("method"), each["style"]): each.get("picture") or each.get("code")
        for each in records
        if each["kind"] in ("style", "code")
    }
    current = [each for each in records if _is_current(each, last, of)]
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


def _check_photos(folder: Path, setup: Record, records: Sequence[Record]) -> None:
    for each in records:
        if each["kind"] == "painting" and each["photo"] not in setup["photos"]:
            photo = shown(each["photo"])
            raise InputError(
                f"{shown(folder)} has a painting of {photo!r}, which is none of its photos"
            )


def _is_current(
    record: Record,
    last: Mapping[str, Record],
    newest_of: Mapping[tuple[str | None, str], str | None],
) -> bool:
    """Whether a record is of the newest version of its method, code and picture of its style.

    `newest_of` has the codes by method and style, and the pictures by None and style.
    """
    if record["kind"] == "not run":
        return "style" in record or record["method"] not in last
    if "version" not in record:
        return True
    for name, owner in (("picture", None), ("code", record["method"])):
        if name in record and record[name] != newest_of.get((owner, record["style"])):
            return False
    newest = last.get(record["method"])
    return newest is not None and newest["version"] == record["version"]


def _is_run_by_now(record: Record, seen: Collection[tuple[str, str]]) -> bool:
    """Whether a style that a method could not paint in has its paintings in what is current."""
    return record["kind"] == "not run" and (record["method"], record.get("style")) in seen
