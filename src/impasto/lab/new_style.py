"""From pictures and a model to a style package: what `impasto fit` does around the fit itself."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from impasto.core.arrays import RGB
from impasto.core.errors import OutputError
from impasto.core.files import shown
from impasto.engine.model import Model, load_model
from impasto.lab.contents import Contents, made_contents, photo_contents, shrunk
from impasto.lab.export import with_preview, write_verified
from impasto.lab.exported import read_trunk, read_weights
from impasto.lab.feature_cache import View
from impasto.lab.features import bundled_features, load_features
from impasto.lab.fit import Best, Fit, FitSettings
from impasto.lab.library import About, Eye, build_style
from impasto.lab.looks import Look
from impasto.lab.nearest import distances
from impasto.lab.objective import Objective
from impasto.lab.pictures import find_pictures, gather, open_style_picture
from impasto.lab.style_file import MeasuredStyle, read_measured
from impasto.lab.targets import COARSE, STYLE_LAYERS
from impasto.styles.package import SUFFIX, Source, Style, pack_style

STYLE_SIZE = 512
"""The long side at which style pictures are looked at: the size of strokes."""
MOST_PICTURES = 12
"""So many of the style's pictures are contents, too."""
_SOURCE_BYTES = 4_500
"""A package has room for this much about its sources; more are told in one line.

A code of 6,500 channels is 26,000 bytes of the 32,768, and the rest of the record some 1,500.
"""


@dataclass(frozen=True)
class Ground:
    """What a new style is fitted to, and with."""

    model: Model
    styles: Sequence[Style]
    """Existing ones; the nearest that fits the model is the start."""
    photo: RGB
    """A photo that all styles can be compared on, and that is painted as preview."""
    network: Path | None = None
    """The file of the feature network; that of the package if None."""
    photos: Path | None = None
    """A folder of contents; without one they are made by program."""


@dataclass(frozen=True)
class Subject:
    """A style that has been measured, and some of its pictures."""

    measured: MeasuredStyle
    year: int | None
    pictures: list[RGB]


def measure_subject(
    sources: Sequence[Path],
    about: About,
    year: int | None,
    network: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Subject:
    """Checks and measures the pictures of a style, or reads what `impasto library build` measured.

    Args:
        sources: pictures and folders of them, or one file of style features.
        about: what the style is called; what is left empty comes from the file.
        year: when it was made.
        network: the feature network; that of the package if None.
        progress: is told how many pictures are done, and of how many.

    Raises:
        StyleError: the name is not allowed, or the file of style features cannot be used.
        InputError: a source is not there, or holds no pictures.
        ImageError: pictures cannot be used; each is named.
        ModelError: the feature network is missing or damaged.
    """
    if len(sources) == 1 and sources[0].suffix.lower() == SUFFIX:
        measured = read_measured(sources[0])
        said = {key: getattr(about, key) for key in ("name", "title", "artist", "licence")}
        known = {key: value for key, value in said.items() if value}
        return Subject(replace(measured, **known), year, [])
    eye = Eye(network or bundled_features(), scales=(STYLE_SIZE, round(STYLE_SIZE * COARSE)))
    measured = build_style(sources, about, eye, progress=progress)
    paths, _ = gather(sources)
    some = [paths[one.file] for one in measured.pictures[:MOST_PICTURES]]
    return Subject(measured, year, [shrunk(open_style_picture(path)) for path in some])


@dataclass(frozen=True)
class Commission:
    """A style being fitted: the fit, and all that its package will say."""

    fit: Fit
    start: str
    """The name of the style that it starts from."""
    ground: Ground
    subject: Subject
    contents: Contents

    def style(self) -> Style:
        """The best so far as a style, without a preview."""
        best, measured, model = self.fit.best, self.subject.measured, self.ground.model
        return Style(
            name=measured.name,
            title=measured.title,
            artist=measured.artist,
            year=self.subject.year,
            licence=measured.licence,
            trunk_id=model.trunk_id,
            code=best.code,
            sources=_sources(measured),
            recipe=self._recipe(best),
            losses=best.losses,
        )

    def package(self) -> Style:
        """The best so far as a style with a preview."""
        return with_preview(self.style(), self.ground.model, self.ground.photo)

    def package_with_model(self, folder: Path) -> Style:
        """The best so far of a full fit: writes its model, and gives the style that fits it.

        Raises:
            NumericalError: the written graphs do not agree with torch; nothing is written.
            OutputError: the folder cannot be written.
        """
        best = self.fit.best
        trunk, book = best.fitted.trunk, best.fitted.book
        recipe, weights = self._recipe(best), self.fit.objective.weights
        photos = self.contents.train[:: max(1, len(self.contents.train) // 100)]
        write_verified(trunk, book, folder, photos, recipe=recipe, weights=weights)
        model = load_model(folder)
        style = replace(self.style(), trunk_id=model.trunk_id)
        return with_preview(style, model, self.ground.photo)

    def _recipe(self, best: Best) -> str:
        settings, model = self.fit.settings, self.ground.model
        what = "trunk and code" if settings.full else "code"
        return (
            f"{what} fitted on {model.name} {model.trunk_id[:12]} from {self.start}, "
            f"step {best.step} of seed {settings.seed}, {self.contents.called}, "
            f"features {self.subject.measured.network[:12]}"
        )


def begin(subject: Subject, ground: Ground, settings: FitSettings) -> Commission:
    """Sets a fit up: contents, start and targets. All that can be wrong is found here.

    Raises:
        ModelError: the model cannot be trained on, or the feature network is damaged.
        StyleError: the style was measured for another feature network, or its package would not be
            readable again.
        InputError: there are no photos, or one cannot be read.
    """
    trunk, weights = read_trunk(ground.model.folder), read_weights(ground.model.folder)
    network = ground.network or bundled_features()
    features = load_features(network)
    features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    full, coarse = _looks(subject.measured, network)
    codes = {one.name: one.code for one in ground.styles if one.trunk_id == ground.model.trunk_id}
    apart = distances(trunk, codes, ground.photo, full, features)
    start = next(iter(apart), "identity")
    features.to(settings.device)
    near, far = (_rows(look).to(settings.device) for look in (full, coarse))
    objective = Objective(features, weights, near, far, settings.sampling().identities)
    contents = _contents(subject, ground, settings.seed)
    identity = ground.model.identity_code
    begun = codes.get(start, identity)
    fit = Fit(trunk, identity, begun, objective, contents.train, contents.judged, settings)
    commission = Commission(fit, start, ground, subject, contents)
    pack_style(commission.style())  # names and texts that no package takes, before the work
    return commission


def _looks(measured: MeasuredStyle, network: Path) -> tuple[Look, Look]:
    """What the style looks like at full and at half size."""
    identifier = Eye(network).network_id()
    full, coarse = (
        View(identifier, STYLE_LAYERS, round(STYLE_SIZE * scale), measured.augmentation)
        for scale in (1, COARSE)
    )
    return measured.look(full), measured.look(coarse)


def _rows(look: Look) -> Look:
    """A row for the identity, which nothing looks at, and the style's."""
    return Look.cat([look, look])


def _contents(subject: Subject, ground: Ground, seed: int) -> Contents:
    if ground.photos is None:
        return made_contents(seed, ground.photo, subject.pictures)
    return photo_contents(find_pictures(ground.photos), seed, ground.photo, subject.pictures)


def _sources(measured: MeasuredStyle) -> tuple[Source, ...]:
    """The style's pictures; of very many a line with their number and a hash of their hashes."""
    each = tuple(Source(one.file, one.sha256) for one in measured.pictures)
    if sum(len(one.file.encode()) + 100 for one in each) <= _SOURCE_BYTES:
        return each
    together = hashlib.sha256("\n".join(one.sha256 for one in each).encode())
    return (Source(f"{len(each)} pictures", together.hexdigest()),)


def check_model_folder(folder: Path, *, overwrite: bool) -> None:
    """Raises OutputError unless a model may be written there: nothing but a model is replaced."""
    if folder.exists() and not overwrite:
        raise OutputError(f"{shown(folder)} exists already and is not overwritten")
    if folder.exists() and not (folder / "manifest.json").is_file():
        raise OutputError(f"{shown(folder)} is not a model folder and is not overwritten")
