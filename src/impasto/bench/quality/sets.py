"""How far the judge finds sets of paintings from their style: every set that a report compares.

A set is of one method, strength and style, and of some photos: all that the method has painted,
and those that it shares with another one. Distances of other photos do not compare, and neither do
those of other numbers of crops, so every set has as many, whatever the number of its photos.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto.bench.contender import StyleImage
from impasto.bench.losses_marks import style_crops
from impasto.bench.quality.gauge import Marks, number
from impasto.bench.quality.pictures import open_painting, painting_path
from impasto.bench.quality.results import PHOTO, Results, load_results, name_of_set
from impasto.bench.quality.settings import OURS
from impasto.bench.quality.store import Store
from impasto.bench.quality.watch import Tell, Watch
from impasto.bench.vote_set import PHOTOS
from impasto.core.files import reason
from impasto.core.notice import warn
from impasto.lab.appearance import frechet_distance
from impasto.lab.judge import Features, Judge, cut_crops, kernel_distance

Photos = tuple[str, ...]
_Set = tuple[str, float, StyleImage, Photos]
"""Method, strength, style, photos."""


class Jury:
    """The judge, as it is asked about whole sets.

    Args:
        judge: the network.
        photos: the names of all: a photo and its paintings are cropped in the same places.
        crops: at least so many of each set, and of each style.
    """

    def __init__(self, judge: Judge, photos: Sequence[str], crops: int) -> None:
        self._judge, self._wanted = judge, crops
        self._numbers = {name: number for number, name in enumerate(photos, start=1)}
        self._styles: dict[str, Features] = {}

    def look(self, folder: Path, photos: Photos) -> Features:
        """What it sees of the pictures in a folder, so many of each as make a set.

        Raises:
            ImageError: one is missing or damaged.
        """
        each = -(-self._wanted // len(photos))
        pictures = ((self._numbers[name], open_painting(folder / f"{name}.png")) for name in photos)
        crops = (cut_crops(pixels, each, [place]) for place, pixels in pictures)
        return np.concatenate([self._judge.look(some) for some in crops])

    def distances(self, style: StyleImage, found: Features) -> Marks:
        """How far a set is from the style: `kernel`, `frechet`."""
        if style.name not in self._styles:
            self._styles[style.name] = style_crops(self._judge, [style.picture], self._wanted)
        wanted = self._styles[style.name]
        kernel, frechet = kernel_distance(found, wanted), frechet_distance(found, wanted)
        return {"kernel": number(kernel), "frechet": number(frechet)}


def measure_sets(store: Store, jury: Jury, styles: Sequence[StyleImage], tell: Tell) -> None:
    """Add what the judge finds to the results of a folder; what is there already is not done again.

    A set that cannot be looked at is a record with the reason, and a warning.

    Args:
        store: the results of the folder, which has the paintings, too.
        jury: is asked.
        styles: those without a picture are passed over.
        tell: is told how far it is.
    """
    results = load_results(store.path.parent)
    desk = _Desk(store, jury, results)
    wanted = [each for style in styles if style.pixels is not None for each in _of(results, style)]
    missing = [each for each in wanted if not desk.has(each)]
    watch = Watch("the judge", tell, len(missing), "sets")
    for each in missing:
        desk.measure(*each)
        watch.count()


def _of(results: Results, style: StyleImage) -> Iterator[_Set]:
    for method in results.methods:
        for strength in results.strengths(method):
            painted = results.painted(method, strength, style.name)
            for photos in dict.fromkeys(_photos_of(results, method, painted, style.name)):
                if photos and set(photos) <= set(painted):
                    yield method, strength, style, photos


def _photos_of(results: Results, method: str, painted: Photos, style: str) -> Iterator[Photos]:
    """The sets of photos at which a method is compared: everyone's for ours and the unchanged."""
    yield painted
    for other in results.methods if method in (OURS, PHOTO) else (method,):
        yield results.shared(other, style)
        if method == PHOTO:
            yield from (results.painted(other, each, style) for each in results.strengths(other))


class _Desk:
    """Measures one set after the other."""

    def __init__(self, store: Store, jury: Jury, results: Results) -> None:
        self._store, self._jury, self._results = store, jury, results
        self._unchanged: dict[Photos, Features] = {}

    def has(self, wanted: _Set) -> bool:
        return self._store.find(**self._key(*wanted), error=None) is not None

    def measure(self, method: str, strength: float, style: StyleImage, photos: Photos) -> None:
        key, error = self._key(method, strength, style, photos), None
        values: Marks = {"kernel": None, "frechet": None}
        try:
            found = self._look(method, strength, style, photos)
            values, count = self._jury.distances(style, found), len(found)
        except Exception as failure:  # a damaged painting, or too few crops
            error, count = reason(failure), 0
            warn(f"{method}, {style.name}: the judge cannot look at the paintings: {error}")
        self._store.add({**key, "pictures": len(photos), "crops": count, "error": error, **values})

    def _look(self, method: str, strength: float, style: StyleImage, photos: Photos) -> Features:
        folder = self._results.folder
        if method != PHOTO:
            first = painting_path(folder, method, strength, style.name, photos[0])
            return self._jury.look(first.parent, photos)
        if photos not in self._unchanged:  # they are the same in every style
            self._unchanged[photos] = self._jury.look(folder / PHOTOS, photos)
        return self._unchanged[photos]

    def _key(
        self, method: str, strength: float, style: StyleImage, photos: Photos
    ) -> dict[str, Any]:
        (painting, *_) = self._results.of(
            "painting", method=method, strength=strength, style=style.name, error=None
        )
        names = ("method", "version", "style", "strength", "picture", "code")
        known = {name: painting.get(name) for name in names}
        return {"kind": "set", **known, "photos": name_of_set(photos)}
