"""How well styles are painted, beside photos and peers: what `impasto bench losses` measures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from impasto.bench.facts import commit, date, model_facts, versions
from impasto.bench.losses_colours import colours_of
from impasto.bench.losses_inputs import (
    held_out_photos,
    open_picture,
    photos_in,
    spread,
    straight_ones,
    style_pictures,
)
from impasto.bench.losses_marks import Gauge, Tally, style_crops
from impasto.bench.losses_methods import (
    PEERS,
    Method,
    Paint,
    identity_painter,
    left_out,
    our_methods,
    peer_methods,
    plain_methods,
)
from impasto.bench.losses_report import (
    IMPASTO,
    PHOTO,
    Identity,
    LossReport,
    LossRow,
    equal_contents,
    rounded,
    weak_styles,
)
from impasto.bench.settings import LossSettings
from impasto.core.arrays import RGB
from impasto.core.errors import InputError, ModelError
from impasto.core.notice import warn
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Backend
from impasto.engine.backends import shared_backend
from impasto.engine.looks import library_of
from impasto.engine.model import Model, load_model
from impasto.lab.data import assets_folder
from impasto.lab.judge import JUDGE, Features, Judge, load_judge
from impasto.lab.recipe import Recipe, StyleSource
from impasto.lab.yardstick import Target, load_yardstick
from impasto.styles.library import Library

_NO_PICTURES = "the recipe names its features, and not the pictures that crops are taken from"
_EXACT = EngineSettings(precision="float32")


def measure_losses(
    settings: LossSettings,
    recipe: Recipe,
    contents: Path | None = None,
    *,
    library: Library | None = None,
    backend: Backend | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LossReport:
    """Measure styles of a recipe as they are installed; takes about 0.5 s a painting on two cores.

    One photo and a painting of it are in memory at a time, and 2 KB of each crop. What cannot be
    run is a row that says why, and a warning.

    Args:
        settings: what to measure.
        recipe: names the styles' pictures and the held-out photos, below IMPASTO_ASSETS.
        contents: a folder of photos; None takes the held-out ones.
        library: where styles are installed; by default `library_of` the model.
        backend: runs the graphs; by default the default engine in float32.
        progress: is told how many photos are done, and of how many.

    Raises:
        InputError: there are no photos, a picture cannot be used, the recipe has not the style,
            IMPASTO_ASSETS names no folder, or the model or the VGG weights cannot be read.
        EngineError: the engine does not load or refuses.
    """
    code = commit()
    assets, styles = assets_folder(), _chosen(recipe, settings.styles)
    paths = _checked(contents, recipe, assets, settings)
    lined = straight_ones(paths)
    model, runtime = load_model(settings.model), backend or shared_backend(_EXACT)
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        shelf = library or library_of(model)
        desk = _Desk(settings, assets, model, runtime, shelf, Path(name))
        course = desk.course(styles, photos=len(paths))
        for done, path in enumerate(paths, start=1):
            course.run(open_picture(path, settings.size), done, lined=path in lined)
            progress(done, len(paths))
    rows = course.rows()
    return LossReport(
        date=date(),
        commit=code,
        versions=versions("torch", "scikit-image"),
        engine=runtime.info,
        model=model_facts(model),
        recipe=recipe.name,
        photos=len(paths),
        straight_photos=len(lined),
        size=settings.size,
        crops=course.crops,
        rows=rows,
        identity=course.identity(),
        equal_content=equal_contents(rows),
        weak=weak_styles(rows),
    )


def decibels(photo: RGB, other: RGB) -> float:
    """PSNR of two pictures of one size; 148 at most, for equal ones."""
    error = np.square(photo.astype(np.float64) - other).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-10)))


def _chosen(recipe: Recipe, names: Sequence[str]) -> dict[str, StyleSource]:
    for name in names:
        if name not in recipe.styles:
            known = ", ".join(recipe.styles)
            raise InputError(f"the recipe {recipe.name!r} has no style {name!r}: it has {known}")
    return {name: recipe.styles[name] for name in names or recipe.styles}


def _checked(
    contents: Path | None, recipe: Recipe, assets: Path, settings: LossSettings
) -> list[Path]:
    """The photos to measure on; a bad one is told now, and not after minutes."""
    paths = held_out_photos(recipe, assets) if contents is None else photos_in(contents)
    paths = spread(paths, settings.photos)
    for path in paths:
        open_picture(path, settings.size)
    return paths


@dataclass(frozen=True)
class _Aim:
    """What is known of a style."""

    target: Target
    crops: Features | None


@dataclass(frozen=True)
class _Desk:
    """What a course is made from."""

    settings: LossSettings
    assets: Path
    model: Model
    backend: Backend
    library: Library
    folder: Path
    """For the peers' graphs."""

    def course(self, styles: Mapping[str, StyleSource], *, photos: int) -> "_Course":
        """Look at the styles' pictures, and make everything ready that paints."""
        yardstick, judge = load_yardstick(self.assets), _open_judge(self.assets)
        aims: dict[str, _Aim] = {}
        methods: list[Method] = []
        for name, source in styles.items():
            if source.measured:
                methods.append(left_out(Method(IMPASTO, name, 1.0), _NO_PICTURES))
                continue
            pictures = list(style_pictures(source, self.assets, self.settings.size))
            seen = style_crops(judge, pictures, self.settings.crops) if judge else None
            aims[name] = _Aim(yardstick.target(pictures), seen)
            methods += plain_methods(name, colours_of(pictures))
            methods += self._ours(name)
        methods += peer_methods(self.assets, list(aims), self.folder, self.backend)
        gauge = Gauge(yardstick, judge, -(-self.settings.crops // photos))
        return _Course(gauge, methods, aims, identity_painter(self.model, self.backend))

    def _ours(self, name: str) -> list[Method]:
        strengths = self.settings.curve if name in PEERS else (1.0,)
        return list(our_methods(name, strengths, self.model, self.library, self.backend))


def _open_judge(assets: Path) -> Judge | None:
    try:
        return load_judge(assets / JUDGE)
    except ModelError as error:
        warn(f"the judge is left out: {error}")
        return None


class _Course:
    """Takes all methods over one photo after the other."""

    def __init__(
        self, gauge: Gauge, methods: Sequence[Method], aims: Mapping[str, _Aim], identity: Paint
    ) -> None:
        self._gauge, self._methods, self._aims = gauge, methods, aims
        self._tallies = [Tally() for _ in methods]
        self._identity = identity
        self._decibels: list[float] = []

    def run(self, pixels: RGB, number: int, *, lined: bool) -> None:
        """Paint a photo in every way; what it looks like itself is looked at once."""
        photo = self._gauge.look(pixels, number, lined=lined)
        self._decibels.append(decibels(pixels, self._identity(pixels)))
        for method, tally in zip(self._methods, self._tallies, strict=True):
            if method.paint is None:
                continue
            painted = method.paint(pixels)
            same = painted is pixels
            glance = photo if same else self._gauge.look(painted, number, lined=lined)
            aim = self._aims.get(method.style)
            marks = self._gauge.compare(photo, glance, aim.target if aim else None)
            tally.add(marks, glance.crops if aim else None)

    def rows(self) -> list[LossRow]:
        """One row a method; of each style the unchanged photo comes first."""
        rows: list[LossRow] = []
        base: dict[str, LossRow] = {}
        for method, tally in zip(self._methods, self._tallies, strict=True):
            aim = self._aims.get(method.style)
            row = _row(method, tally, aim.crops if aim else None)
            if method.name == PHOTO:
                base[method.style] = row
            rows.append(row.beside(base.get(method.style)))
        return rows

    def identity(self) -> Identity:
        """Of all photos so far."""
        return Identity(round(float(np.mean(self._decibels)), 2), round(min(self._decibels), 2))

    @property
    def crops(self) -> int:
        """How many crops of each method the judge has seen."""
        return self._gauge.crops * len(self._decibels)


def _row(method: Method, tally: Tally, wanted: Features | None) -> LossRow:
    return LossRow(
        style=method.style,
        method=method.name,
        strength=method.strength,
        style_loss=rounded(tally.mean("style")),
        content=rounded(tally.mean("content")),
        ssim=rounded(tally.mean("ssim")),
        edges=rounded(tally.mean("edges")),
        lines=rounded(tally.mean("lines")),
        judge=rounded(tally.distance(wanted)),
        note=method.note,
    )
