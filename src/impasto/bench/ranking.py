"""How well a feature network ranks pictures by style, beside the VGG: `impasto bench features`.

A style loss is of use if it finds the same pictures nearer to a style as the loss by the full
network does. So photos, the same in a style's colours, paintings of them and paintings by masters
are put in order by both.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from impasto.bench.facts import Commit, commit, date, versions
from impasto.bench.losses_colours import colours_of, match_colours
from impasto.bench.losses_inputs import held_out_photos, open_picture, spread
from impasto.bench.settings import MIN_LOSS_SIZE
from impasto.core.arrays import RGB
from impasto.core.errors import InputError, SettingsError
from impasto.core.files import sha256_file
from impasto.engine.model import load_model
from impasto.engine.painter import Painter
from impasto.lab.data import assets_folder, open_rgb
from impasto.lab.features import bundled_features
from impasto.lab.recipe import Recipe
from impasto.lab.rivals import LAYERS, VGG, Rivals, distances, load_rivals
from impasto.styles.library import Library

TOTAL = "total"


@dataclass(frozen=True)
class RankingSettings:
    """What `impasto bench features` looks at.

    Raises:
        SettingsError: a value is out of its range.
    """

    photos: int = 6
    """How many of the held-out photos, from all over their list."""

    size: int = 384
    """All pictures are shrunk to this long side, in pixels."""

    strengths: tuple[float, ...] = (0.5, 1.0)
    """At which each photo is painted in each installed style."""

    def __post_init__(self) -> None:
        if self.photos < 1:
            raise SettingsError(f"photos is {self.photos}: it must be at least 1")
        if self.size < MIN_LOSS_SIZE:
            raise SettingsError(f"size is {self.size}: it must be at least {MIN_LOSS_SIZE}")
        for strength in self.strengths:
            if not 0 < strength <= 1:
                raise SettingsError(f"strengths has {strength}: each is above 0 and at most 1")


@dataclass(frozen=True)
class Agreement:
    """Spearman's correlation with the VGG's ranks, by layer and in total: 1 the same order."""

    all: dict[str, float]
    nearest: dict[str, float]
    """Among the half of the pictures that the VGG finds nearest: telling these apart is harder."""


@dataclass(frozen=True)
class NetworkRanks:
    """A network, what it costs, and how it ranks."""

    name: str
    parameters: int
    gmac_512: float
    """Thousand million multiply-adds for a picture of 512 x 512, without heads."""
    held_out: Agreement
    """The mean over styles that it was not trained on."""
    others: Agreement
    styles: dict[str, Agreement]


@dataclass(frozen=True)
class RankingReport:
    """The result of one call."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    settings: RankingSettings
    features: str
    """SHA-256 of the file that was measured."""
    pictures: int
    """That each style ranks."""
    networks: list[NetworkRanks] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {"benchmark": "features", **asdict(self)}


def measure_ranking(
    settings: RankingSettings,
    recipe: Recipe,
    features: Path | None = None,
    *,
    library: Library | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RankingReport:
    """Rank pictures by the VGG, by a feature network with and without heads, and by the slim VGG.

    The styles are the paintings that the recipe holds out, and its styles of one picture. Takes
    about a second a picture on one core.

    Args:
        settings: what to look at.
        recipe: names held-out photos and paintings, and the styles, below IMPASTO_ASSETS.
        features: a weight file; by default that of the package.
        library: where the styles are in which photos are painted; by default all installed.
        progress: is told how many pictures are done, and of how many.

    Raises:
        InputError: something is not in the assets folder, or cannot be used.
        EngineError: the engine does not load or refuses.
    """
    code = commit()
    assets, file = assets_folder(), features or bundled_features()
    rivals, styles = load_rivals(assets, file), _styles(recipe, assets, settings.size)
    photos = spread(held_out_photos(recipe, assets), settings.photos)
    painters = _painters(settings, library or Library())
    course = _Course(rivals, styles)
    shown = [open_picture(path, settings.size) for path in photos]
    total = len(shown) * (1 + len(painters) + len(styles)) + len(styles)
    for done, (pixels, of) in enumerate(_pictures(shown, styles, painters), start=1):
        course.run(pixels, of)
        progress(done, total)
    held_out = {Path(name).stem for name in recipe.held_out} & set(styles)
    return RankingReport(
        date=date(),
        commit=code,
        versions=versions("torch"),
        settings=settings,
        features=sha256_file(file),
        pictures=len(shown) * (2 + len(painters)) + len(styles) - 1,
        networks=[_ranks(rivals, name, course, held_out) for name in rivals.names if name != VGG],
    )


def _ranks(rivals: Rivals, name: str, course: "_Course", held_out: set[str]) -> NetworkRanks:
    styles = course.agreements(rivals.names.index(name), rivals.names.index(VGG))
    return NetworkRanks(
        name,
        rivals.parameters(name),
        round(rivals.multiply_adds(name, 512) / 1e9, 3),
        _mean([each for style, each in styles.items() if style in held_out]),
        _mean([each for style, each in styles.items() if style not in held_out]),
        styles,
    )


class _Course:
    """Measures pictures by all networks, and keeps only their distances to the styles."""

    def __init__(self, rivals: Rivals, styles: Mapping[str, RGB]) -> None:
        self._rivals = rivals
        self._targets = {name: rivals.look(pixels) for name, pixels in styles.items()}
        self._found: dict[str, list[list[list[float]]]] = {name: [] for name in styles}

    def run(self, pixels: RGB, styles: Sequence[str]) -> None:
        """Compare a picture with some of the styles."""
        views = self._rivals.look(pixels)
        for style in styles:
            pairs = zip(views, self._targets[style], strict=True)
            self._found[style].append([distances(view, target) for view, target in pairs])

    def agreements(self, place: int, beside: int) -> dict[str, Agreement]:
        """How the network at a place ranks beside the one at another, for each style."""
        tables = {style: np.array(found) for style, found in self._found.items()}
        return {
            style: _agreement(table[:, place], table[:, beside]) for style, table in tables.items()
        }


Table = Float64[np.ndarray, "pictures layers_and_total"]


def _agreement(found: Table, wanted: Table) -> Agreement:
    near = wanted[:, -1] <= np.median(wanted[:, -1])
    return Agreement(_by_layer(found, wanted), _by_layer(found[near], wanted[near]))


def _by_layer(found: Table, wanted: Table) -> dict[str, float]:
    names = (*LAYERS, TOTAL)
    return {
        name: round(rank_correlation(found[:, i], wanted[:, i]), 4) for i, name in enumerate(names)
    }


def rank_correlation(found: Float64[np.ndarray, " n"], wanted: Float64[np.ndarray, " n"]) -> float:
    """Spearman's rank correlation: 1 the same order, -1 the reverse; equal values share a rank.

    0 where one of them has no order at all.
    """
    first, second = _centred_ranks(found), _centred_ranks(wanted)
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size else 0.0


def _centred_ranks(values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Ranks less their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray(middle[place] - (len(values) - 1) / 2)


def _mean(agreements: Sequence[Agreement]) -> Agreement:
    def mean(which: str) -> dict[str, float]:
        found = [getattr(each, which) for each in agreements]
        return {
            name: round(float(np.mean([each[name] for each in found])), 4)
            for name in (*LAYERS, TOTAL)
            if found
        }

    return Agreement(mean("all"), mean("nearest"))


def _styles(recipe: Recipe, assets: Path, size: int) -> dict[str, RGB]:
    """Held-out paintings by the name of their file, and styles of one picture by their own."""
    kept = [name for name in recipe.held_out if not Path(name).is_relative_to(recipe.photos)]
    files = {Path(name).stem: name for name in kept}
    if not files:
        raise InputError(f"the recipe {recipe.name!r} holds no paintings out")
    single = {name: style.files for name, style in recipe.styles.items() if not style.measured}
    files |= {name: pictures[0] for name, pictures in single.items() if len(pictures) == 1}
    return {name: open_rgb(assets / file, long_side=size) for name, file in files.items()}


def _painters(settings: RankingSettings, library: Library) -> list[Painter]:
    return [
        Painter(style, strength=strength)
        for style in library.styles(load_model().trunk_id)
        for strength in settings.strengths
    ]


def _pictures(
    photos: Sequence[RGB], styles: Mapping[str, RGB], painters: Sequence[Painter]
) -> Iterator[tuple[RGB, list[str]]]:
    """Pictures, one at a time, each with the styles that rank it."""
    for photo in photos:
        yield photo, list(styles)
        for painter in painters:
            yield painter.paint(photo), list(styles)
        for name, painting in styles.items():
            yield match_colours(photo, colours_of([painting])), [name]
    for name, painting in styles.items():
        yield painting, [other for other in styles if other != name]
