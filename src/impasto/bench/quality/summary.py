"""Means with bootstrap intervals, and methods beside each other at equal content loss."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from impasto.bench.contender import FULL
from impasto.bench.quality.results import PHOTO, Grid, Results
from impasto.bench.quality.settings import OURS
from impasto.bench.vote_report import Estimate

TIMES = 2000
"""Of the bootstrap."""
_PLACES = 5
"""Content losses at which two curves are compared."""

Draws = Float64[np.ndarray, "draws photos"]
Values = Float64[np.ndarray, " draws"]
Curves = tuple[Float64[np.ndarray, "draws n"], Float64[np.ndarray, "draws n"]]
"""Content losses and style losses at each strength."""


@dataclass(frozen=True)
class Place:
    """Two methods at one content loss."""

    content: float
    ratio: Estimate
    """Of our style loss to the other's: below 1 is more of the style."""
    judge: float | None
    """The same of the judge's kernel distances, without an interval: they are of whole sets."""
    nearer: bool
    """Ours is at full strength and has a lower content loss than this already."""


@dataclass(frozen=True)
class Versus:
    """Impasto beside another method at every content loss that the other reaches."""

    method: str
    styles: int
    photos: int
    """That both have painted."""
    places: tuple[Place, ...]
    """From the other's weakest strength to its full one."""

    @property
    def shared(self) -> tuple[Place, ...]:
        """At content losses that both reach; where there is none, at the nearest to our reach.

        Farther on, ours is nearer to the photo and the other may be nearer to the style, of which
        nothing follows.
        """
        return tuple(each for each in self.places if not each.nearer) or self.places[:1]

    @property
    def wins(self) -> bool:
        """Our style loss is lower wherever both are, with the whole interval."""
        return bool(self.places) and all(each.ratio.high < 1 for each in self.shared)

    @property
    def judged(self) -> bool:
        """The judge was asked at all of these places."""
        return bool(self.places) and all(each.judge is not None for each in self.shared)

    @property
    def agrees(self) -> bool:
        """The judge finds so, too."""
        judged = [each.judge for each in self.shared]
        return bool(judged) and all(each is not None and each < 1 for each in judged)


class Bootstrap:
    """Samples of photos, drawn with replacement; the same on every call.

    Args:
        results: what was measured.
        times: how many samples.
    """

    def __init__(self, results: Results, times: int = TIMES) -> None:
        self.results = results
        random = np.random.default_rng(0)
        count = len(results.photos)
        drawn = random.integers(count, size=(times, count))
        counts = (drawn[:, :, None] == np.arange(count)).sum(axis=1).astype(np.float64)
        self._draws: Draws = np.concatenate([np.ones((1, count)), counts])  # the first is all

    def mean(self, method: str, mark: str, strength: float = FULL) -> Estimate | None:
        """A measure over photos, then styles; None where it has none."""
        grid = self.results.grid(method, strength, mark)
        return _estimate(_mean_of_styles(_means(self._draws, grid)))

    def style_loss(self, method: str, strength: float = FULL) -> Estimate | None:
        """The style loss, divided by that of the same photos unchanged."""
        grid = self.results.grid(method, strength, "style")
        return _estimate(_mean_of_styles(self._normalised(grid)))

    def judge(self, method: str, mark: str, strength: float = FULL) -> float | None:
        """A distance of the judge's, divided by that of the same photos unchanged; over styles."""
        results = self.results
        photos = [results.painted(method, strength, style) for style in results.styles]
        found = results.closeness(method, strength, photos, mark)
        return float(np.nanmean(found)) if np.isfinite(found).any() else None

    def versus(self, other: str) -> Versus | None:
        """Impasto beside another method; None where one of them has nothing."""
        pair = _Pair.of(self.results, other)
        return None if pair is None else pair.compare(self._draws, self)

    def _normalised(self, grid: Grid) -> Float64[np.ndarray, "draws styles"]:
        base = np.where(np.isnan(grid), np.nan, self.results.grid(PHOTO, FULL, "style"))
        ratios: Float64[np.ndarray, "draws styles"]
        ratios = _means(self._draws, grid) / _means(self._draws, base)
        return ratios


@dataclass(frozen=True)
class _Pair:
    """Our curve and another's, on what both have painted."""

    results: Results
    other: str
    both: np.ndarray
    """By style and photo, whether all paintings of both are there."""

    @classmethod
    def of(cls, results: Results, other: str) -> "_Pair | None":
        shared = [results.shared(other, style) for style in results.styles]
        both = np.array([[photo in each for photo in results.photos] for each in shared], bool)
        known = [
            ~np.isnan(results.grid(method, strength, "style"))
            for method in (OURS, other)
            for strength in results.strengths(method)
        ]
        both &= np.all(known, axis=0) if known else False
        return cls(results, other, both) if both.any() else None

    def compare(self, draws: Draws, bootstrap: Bootstrap) -> Versus:
        ours, theirs = _from_photo(self._curve(OURS, draws)), self._curve(self.other, draws)
        own_judge = (ours[0][0], np.r_[1.0, self._judged(OURS)])
        places, reach = [], float(ours[0][0].max())
        for content in _between(theirs[0][0], reach):
            values = _at(ours, content) / _at(theirs, content)
            ratio = _estimate(values)
            if ratio is not None:
                judge = _ratio_at(own_judge, (theirs[0][0], self._judged(self.other)), content)
                places.append(Place(content, ratio, judge, content > reach))
        styles, photos = self.both.any(axis=1).sum(), self.both.any(axis=0).sum()
        return Versus(self.other, int(styles), int(photos), tuple(places))

    def _curve(self, method: str, draws: Draws) -> Curves:
        """Content loss and normalised style loss at each strength."""
        content, style = [], []
        base = _means(draws, self._seen(PHOTO, FULL, "style"))
        for strength in self.results.strengths(method):
            content.append(_mean_of_styles(_means(draws, self._seen(method, strength, "content"))))
            found = _means(draws, self._seen(method, strength, "style"))
            style.append(_mean_of_styles(found / base))
        return np.stack(content, axis=1), np.stack(style, axis=1)

    def _seen(self, method: str, strength: float, mark: str) -> Grid:
        return np.where(self.both, self.results.grid(method, strength, mark), np.nan)

    def _judged(self, method: str) -> Float64[np.ndarray, " n"]:
        """Kernel distances by strength, of the same photos in the styles that both have."""
        results, styles = self.results, self.both.any(axis=1)
        photos = [results.shared(self.other, style) for style in results.styles]
        found = [
            results.closeness(method, strength, photos)[styles].mean()
            for strength in results.strengths(method)
        ]
        return np.array(found)


def _means(draws: Draws, grid: Grid) -> Float64[np.ndarray, "draws styles"]:
    """The mean over photos for each draw; NaN where a draw has none of a style's photos."""
    known = ~np.isnan(grid)
    with np.errstate(invalid="ignore"):
        means: Float64[np.ndarray, "draws styles"] = (
            draws @ np.where(known, grid, 0).T / (draws @ known.T.astype(np.float64))
        )
    return means


def _mean_of_styles(values: Float64[np.ndarray, "draws styles"]) -> Values:
    """Over the styles that there are at all; a draw that misses one of these is NaN."""
    there = ~np.isnan(values[0])
    if not there.any():
        return np.full(len(values), np.nan)
    means: Values = values[:, there].mean(axis=1)
    return means


def _estimate(values: Values) -> Estimate | None:
    """The first is that of all photos."""
    if np.isnan(values[0]):
        return None
    low, high = np.nanquantile(values[1:], [0.025, 0.975]) if len(values) > 1 else values[[0, 0]]
    return Estimate(float(values[0]), float(low), float(high))


def _between(contents: Float64[np.ndarray, " n"], reach: float) -> list[float]:
    """Places of a curve from its lowest to where another's reach ends, and its highest one."""
    low, high = float(contents.min()), float(contents.max())
    shared = min(high, reach)
    places = [float(each) for each in np.linspace(low, shared, _PLACES)] if low < shared else [low]
    return places if high <= places[-1] else [*places, high]


def _from_photo(curves: Curves) -> Curves:
    """With strength 0, where impasto gives the photo back: no content is lost, no style is won."""
    zero = np.zeros((len(curves[0]), 1))
    contents, styles = curves
    return np.concatenate([zero, contents], axis=1), np.concatenate([zero + 1, styles], axis=1)


def _at(curve: Curves, content: float) -> Values:
    """Style losses at a content loss, between the points of a curve; beyond, that of its end."""
    return np.array([_interpolated(x, y, content) for x, y in zip(*curve, strict=True)])


def _interpolated(
    x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"], content: float
) -> float:
    order = np.argsort(x)
    return float(np.interp(content, x[order], y[order]))


def _ratio_at(
    ours: tuple[np.ndarray, np.ndarray], theirs: tuple[np.ndarray, np.ndarray], content: float
) -> float | None:
    first, second = _interpolated(*ours, content), _interpolated(*theirs, content)
    return None if np.isnan(first) or np.isnan(second) else first / second
