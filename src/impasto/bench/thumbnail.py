"""What it costs to measure a thumbnail in place of the whole picture: `impasto bench thumbnail`.

Each photo is measured in every way of `impasto.bench.thumbnail_ways` and at its full size, and the
same windows of it are painted with each of the statistics. That is enough to compare paintings:
with the statistics given, a painted pixel depends on its neighbourhood alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from impasto.bench.facts import Commit, ModelFacts, commit, date, model_facts, versions
from impasto.bench.losses import decibels
from impasto.bench.losses_inputs import style_pictures
from impasto.bench.settings import ThumbnailSettings
from impasto.bench.thumbnail_ways import WAYS, full
from impasto.core.arrays import RGB, Stats
from impasto.core.errors import InputError
from impasto.core.settings import EngineSettings
from impasto.engine.affines import compose
from impasto.engine.backend import Backend
from impasto.engine.backends import shared_backend
from impasto.engine.painter import Painter
from impasto.lab.data import assets_folder
from impasto.lab.judge import Crops, cut_crops
from impasto.lab.recipe import Recipe
from impasto.lab.yardstick import Seen, Target, Yardstick, content_of, load_yardstick, style_of
from impasto.media.image import read_image
from impasto.media.resize import fit_long_side

FULL = "full size"
"""What the other ways are compared with."""

_EXACT = EngineSettings(precision="float32")
_STYLE_SIZE = 512


@dataclass(frozen=True)
class Row:
    """One photo at one size, measured in one way."""

    style: str
    photo: str
    ratio: float
    """The photo's long side over the thumbnail's."""
    way: str
    means_apart: float
    """Root mean square, over channels, of how far means are off, in deviations of full size."""
    deviations_apart: float
    """The mean, over channels, of how far deviations are off, as the logarithm of the ratio."""
    decibels: float | None
    """PSNR of the painted windows to those of full size; None for those themselves."""
    style_loss: float
    content_loss: float


@dataclass(frozen=True, eq=False)
class ThumbnailReport:
    """Everything that one call measured."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    model: ModelFacts
    windows: int
    side: int
    rows: list[Row]
    crops: list[list[RGB]] = field(repr=False)
    """For each photo at the largest ratio a window: the photo's, then one for each way."""

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON; without the pictures."""
        record = {key: value for key, value in vars(self).items() if key != "crops"}
        rows = [asdict(row) for row in self.rows]
        plain = {"commit": self.commit and asdict(self.commit), "model": asdict(self.model)}
        return {"benchmark": "thumbnail", **record, **plain, "rows": rows}


@dataclass(frozen=True)
class _Aim:
    painter: Painter
    target: Target


def measure_thumbnail(
    settings: ThumbnailSettings,
    photos: Sequence[Path],
    recipe: Recipe,
    *,
    backend: Backend | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ThumbnailReport:
    """Measure photos in every way; some 20 s a photo of 7 MP and a style on two cores.

    Args:
        settings: what to measure.
        photos: the photos, larger ones say more.
        recipe: names the styles' pictures, below IMPASTO_ASSETS.
        backend: runs the graphs; by default the default engine in float32.
        progress: is told how many photos are done, and of how many.

    Raises:
        InputError: the recipe has not the style, or a photo, a picture or a network cannot be read.
        EngineError: the engine does not load or refuses.
    """
    code = commit()
    runtime, yardstick = backend or shared_backend(_EXACT), load_yardstick(assets_folder())
    aims = {name: _aim(name, recipe, yardstick, runtime) for name in settings.styles}
    rows: list[Row] = []
    crops: list[list[RGB]] = []
    total = len(photos) * len(aims)
    for name, aim in aims.items():
        for path in photos:
            pixels = read_image(path).pixels
            for ratio in settings.ratios:
                found, shown = _compared(settings, yardstick, aim, pixels, ratio)
                rows += [Row(name, path.name, ratio, *each) for each in found]
            crops.append(shown)
            progress(len(crops), total)
    model = next(iter(aims.values())).painter.model
    return ThumbnailReport(
        date(),
        code,
        versions("torch"),
        model_facts(model),
        settings.windows,
        settings.side,
        rows,
        crops,
    )


def _aim(name: str, recipe: Recipe, yardstick: Yardstick, backend: Backend) -> _Aim:
    if name not in recipe.styles:
        known = ", ".join(recipe.styles)
        raise InputError(f"the recipe {recipe.name!r} has no style {name!r}: it has {known}")
    pictures = style_pictures(recipe.styles[name], assets_folder(), _STYLE_SIZE)
    return _Aim(Painter(name, backend=backend), yardstick.target(pictures))


def sized(pixels: RGB, ratio: float, thumbnail: int) -> tuple[RGB, int]:
    """A photo for a ratio, and the long side of its thumbnail.

    The photo is shrunk to `ratio` thumbnails; where it is smaller than that, it stays as it is and
    the thumbnail is smaller instead. So no pixel is made up.
    """
    photo = fit_long_side(pixels, round(ratio * thumbnail))
    return photo, max(1, round(max(photo.shape[:2]) / ratio))


def _compared(
    settings: ThumbnailSettings, yardstick: Yardstick, aim: _Aim, pixels: RGB, ratio: float
) -> tuple[list[tuple[Any, ...]], list[RGB]]:
    """The rest of a row for every way, full size first, and a window of each painting."""
    painter = aim.painter
    photo, size = sized(pixels, ratio, painter.model.thumbnail)
    windows = cut_crops(photo, settings.windows, [0], settings.side)
    whole = full(painter, photo)
    best, seen = _painted(painter, windows, whole), [yardstick.see(window) for window in windows]
    rows: list[tuple[Any, ...]] = [(FULL, 0.0, 0.0, None, *_losses(yardstick, aim, seen, best))]
    shown = [windows[0], best[0]]
    for name, way in WAYS.items():
        stats = way(painter, photo, size)
        painted = _painted(painter, windows, stats)
        losses = _losses(yardstick, aim, seen, painted)
        rows.append((name, *stats_apart(stats, whole), _rounded(decibels(best, painted)), *losses))
        shown.append(painted[0])
    return rows, shown


def stats_apart(stats: Stats, whole: Stats) -> tuple[float, float]:
    """How far means and deviations are from those of full size; see `Row`."""
    means = np.sqrt(np.mean(((stats[0] - whole[0]) / whole[1]) ** 2))
    return _rounded(means), _rounded(np.mean(np.abs(np.log(stats[1] / whole[1]))))


def _painted(painter: Painter, windows: Crops, stats: Stats) -> Crops:
    affine = compose(painter.code, stats)
    return np.stack([painter.paint_pixels(window, affine) for window in windows])


def _losses(
    yardstick: Yardstick, aim: _Aim, photos: Sequence[Seen], painted: Crops
) -> tuple[float, float]:
    """The mean style and content loss of windows."""
    views = [yardstick.see(window) for window in painted]
    style = np.mean([style_of(view, aim.target) for view in views])
    pairs = zip(views, photos, strict=True)
    return _rounded(style), _rounded(np.mean([content_of(view, photo) for view, photo in pairs]))


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
