"""FID, ArtFID, LPIPS and CFSD of what was painted, as far as their networks are here."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto.bench.contender import FULL
from impasto.bench.quality.pictures import open_painting, painting_path
from impasto.bench.quality.results import Results, load_results
from impasto.bench.quality.store import Store
from impasto.bench.vote_set import PHOTOS, STYLES
from impasto.core.arrays import RGB
from impasto.core.files import reason
from impasto.core.notice import warn
from impasto.lab.judge import Crops, cut_crops
from impasto.lab.public import PublicMeasures, art_fid, public_measures


def measure_public(store: Store, folder: Path, tell: Callable[[str], None]) -> None:
    """Add public measures to the results of a folder, for every method at full strength.

    What is missing is a record, and a warning. A method is measured again when its styles, their
    pictures or the photos that it has painted are others, and when other measures can be taken.

    Args:
        store: the results of the folder.
        folder: with the paintings.
        tell: is told what comes next.
    """
    measures = public_measures()
    for name, why in measures.missing.items():
        warn(f"{name} is not measured: {why}")
    store.add({"kind": "public missing", "missing": dict(measures.missing)})
    if not measures.sets and not measures.pairs:
        return
    results, names = load_results(folder), sorted({*measures.sets, *measures.pairs})
    for method, facts in results.methods.items():
        key = {"method": method, "version": facts["version"]}
        look = _Look(results, measures, method)
        news = {"of": look.of, "measures": names}
        if look.of and store.find(kind="public", **key, **news, error=None) is None:
            tell(f"{method}: public measures")
            store.add({"kind": "public", **key, **news, **_values(look)})


def _values(look: "_Look") -> dict[str, Any]:
    """What was measured; what fails is a reason, and the next call tries again."""
    try:
        return {"values": look.values(), "error": None}
    except Exception as error:  # networks of other people, and a painting that may be damaged
        warn(f"{look.method}: public measures failed: {reason(error)}")
        return {"values": {}, "error": reason(error)}


class _Look:
    """One method's paintings at full strength."""

    def __init__(self, results: Results, measures: PublicMeasures, method: str) -> None:
        self._results, self._measures, self.method = results, measures, method
        self._paintings = results.of("painting", method=method, strength=FULL, error=None)

    @property
    def of(self) -> list[list[str | None]]:
        """The styles with their pictures and the photos that are looked at."""
        names = ("style", "picture", "code", "photo")
        return sorted(([each.get(name) for name in names] for each in self._paintings), key=str)

    def values(self) -> dict[str, float]:
        """The means over all paintings, and over styles."""
        found = {name: self._pairs(measure) for name, measure in self._measures.pairs.items()}
        found |= {name: self._sets(measure) for name, measure in self._measures.sets.items()}
        if "art_fid_style" in found:
            found["art_fid"] = art_fid(found["lpips"], found.pop("art_fid_style"))
        return {name: round(value, 6) for name, value in found.items() if np.isfinite(value)}

    def _pairs(self, measure: Callable[[RGB, RGB], float]) -> float:
        photos = self._results.folder / PHOTOS
        values = [
            measure(open_painting(path), open_painting(photos / path.name))
            for style in self._results.styles
            for path in self._paths(style)
        ]
        return float(np.mean(values))

    def _sets(self, measure: Callable[[Crops, Crops], float]) -> float:
        values = []
        for style in self._results.styles:
            picture, paths = self._results.folder / STYLES / f"{style}.png", self._paths(style)
            if picture.is_file() and paths:
                values.append(measure(self._crops(paths), self._crops([picture])))
        return float(np.mean(values)) if values else float("nan")

    def _crops(self, paths: Sequence[Path]) -> Any:
        each = -(-self._results.setup["crops"] // len(paths))
        pictures = (open_painting(path) for path in paths)
        found = [cut_crops(one, each, [number]) for number, one in enumerate(pictures)]
        return np.concatenate(found)

    def _paths(self, style: str) -> list[Path]:
        """In the order of the photos, so that crops are those of an unbroken run."""
        folder = self._results.folder
        painted = {each["photo"] for each in self._paintings if each["style"] == style}
        paths = (
            painting_path(folder, self.method, FULL, style, photo)
            for photo in self._results.photos
            if photo in painted
        )
        return [path for path in paths if path.is_file()]
