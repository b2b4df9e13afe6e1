"""Paints and measures: every method, in every style, at every strength, on every photo.

Each result is a line as soon as it is there, so that a run that ends early goes on where it
stopped, and a further method costs only its own time. A method whose weights changed is run anew,
and so is a style whose picture changed.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from impasto.bench.contender import FULL, Contender, StyleImage, digest_of
from impasto.bench.facts import commit, date, versions
from impasto.bench.quality.gauge import Marker, open_tools
from impasto.bench.quality.line_up import SLOW, Workshop
from impasto.bench.quality.pictures import (
    Photo,
    keep_inputs,
    open_painting,
    open_photos,
    open_styles,
    painting_path,
    save,
)
from impasto.bench.quality.public_run import measure_public
from impasto.bench.quality.settings import CONTROLS, EXACT, METHODS, QualitySettings
from impasto.bench.quality.store import Store
from impasto.bench.quality.watch import Tell, Watch
from impasto.core.arrays import RGB
from impasto.core.errors import ImageError, ImpastoError
from impasto.core.files import reason
from impasto.core.notice import warn
from impasto.engine.backend import Backend
from impasto.engine.backends import shared_backend
from impasto.engine.looks import library_of
from impasto.engine.model import load_model
from impasto.lab.judge import Features
from impasto.lab.recipe import Recipe
from impasto.styles.library import Library


@dataclass(frozen=True)
class Inputs:
    """Where things come from."""

    recipe: Recipe
    assets: Path | None
    """None without IMPASTO_ASSETS."""
    contents: Path | None = None
    """A folder of photos in place of the recipe's."""
    style_pictures: Mapping[str, Path] = field(default_factory=dict)
    """By style, in place of the recipe's."""


def measure_quality(
    settings: QualitySettings,
    inputs: Inputs,
    folder: Path,
    *,
    library: Library | None = None,
    backend: Backend | None = None,
    tell: Tell = lambda text: None,
) -> int:
    """Measure methods into a folder; takes about a second a painting.

    Args:
        settings: what to measure.
        inputs: where things come from.
        folder: results and paintings; what is there already is not done again.
        library: where styles are installed; by default `library_of` the model.
        backend: runs the graphs; by default the default engine in float32.
        tell: is told how far it is, with the time left.

    Returns:
        How many paintings failed.

    Raises:
        InputError: photos, styles or networks that measure cannot be used, or the folder has
            results of another set-up.
        OutputError: the folder cannot be written.
    """
    photos = open_photos(settings, inputs.recipe, inputs.assets, inputs.contents)
    styles = open_styles(settings, inputs.recipe, inputs.assets, inputs.style_pictures)
    tools = open_tools(inputs.assets)
    store = Store(folder, _setup(settings, photos, tools.features))
    store.add({"kind": "where", "date": date(), **_where()})
    for style in styles:
        store.add({"kind": "style", "style": style.name, "picture": style.digest})
    keep_inputs(folder, photos, styles)
    marker = Marker(tools, photos, settings.crops)
    model = load_model(settings.model)
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        workshop = Workshop(
            model,
            library or library_of(model),
            backend or shared_backend(EXACT),
            inputs.assets,
            Path(name),
        )
        course = _Course(settings, store, marker, folder, photos, styles, tell)
        # The slowest come last, whatever the order they are asked in.
        methods = [method for method in METHODS if method in settings.methods]
        for number, method in enumerate(methods, start=1):
            tell(f"{method}, {number} of {len(methods)} methods")
            course.run(method, workshop)
    measure_public(store, folder, tell)
    return course.failed


def _setup(settings: QualitySettings, photos: Sequence[Photo], features: str) -> dict[str, Any]:
    return {
        "photos": [photo.name for photo in photos],
        "lined": [photo.name for photo in photos if photo.lined],
        "size": settings.size,
        "crops": settings.crops,
        "features": features,
        "contents": [digest_of(photo.pixels) for photo in photos],
    }


def _where() -> dict[str, Any]:
    found = commit()
    where = {"id": found.id, "dirty": found.dirty} if found else None
    return {"commit": where, "versions": versions("torch", "scikit-image")}


class _Course:
    """Takes one method after the other over all styles, strengths and photos."""

    def __init__(
        self,
        settings: QualitySettings,
        store: Store,
        marker: Marker,
        folder: Path,
        photos: Sequence[Photo],
        styles: Sequence[StyleImage],
        tell: Tell,
    ) -> None:
        self._settings, self._store, self._marker = settings, store, marker
        self._folder, self._photos, self._styles, self._tell = folder, photos, styles, tell
        self.failed = 0

    def run(self, name: str, workshop: Workshop) -> None:
        """Run one method; what cannot be run is a record with the reason, and a warning."""
        try:
            contender = workshop.make(name)
            facts = _facts(contender)
        except Exception as error:  # another's program: whatever fails is recorded
            self._left_out({"method": name}, reason(error))
            return
        self._store.add({"kind": "method", **facts})
        watch = Watch(name, self._tell, self._count(contender))
        for style in self._styles:
            try:
                contender.check(style)
            except ImpastoError as error:
                self._left_out({"method": name, "style": style.name}, str(error))
                watch.pass_over(self._count(contender) // len(self._styles))
                continue
            for strength in contender.strengths:
                self._group(contender, style, strength, watch)
            if name not in SLOW:
                self._identity(contender, style)

    def _count(self, contender: Contender) -> int:
        photos = len(self._photos_of(contender))
        return len(self._styles) * len(contender.strengths) * photos

    def _photos_of(self, contender: Contender) -> Sequence[Photo]:
        if contender.name not in SLOW:
            return self._photos
        return self._photos[: self._settings.slow_photos]

    def _left_out(self, key: dict[str, str], why: str) -> None:
        where = ", ".join(key.values())
        warn(f"{where} is not run: {why}")
        self._store.add({"kind": "not run", **key, "why": why})

    def _group(
        self, contender: Contender, style: StyleImage, strength: float, watch: Watch
    ) -> None:
        """All photos in one style at one strength, and the judge's distance of all of them."""
        key = _key(contender, style, strength)
        photos = self._photos_of(contender)
        done = self._store.find(kind="set", **key)
        crops: list[Features] = []
        for photo in photos:
            seen = self._painting(contender, style, strength, photo, ready=done is not None)
            crops += [] if seen is None else [seen]
            watch.count()
        if done is None:
            distances = self._marker.distances(style, crops)
            sizes = {"pictures": len(crops), "crops": sum(map(len, crops))}
            self._store.add({"kind": "set", **key, **sizes, **distances})

    def _painting(
        self,
        contender: Contender,
        style: StyleImage,
        strength: float,
        photo: Photo,
        *,
        ready: bool,
    ) -> Features | None:
        """One painting, painted and measured unless it was before; what the judge sees of it."""
        key = {**_key(contender, style, strength), "photo": photo.name}
        known = self._store.find(kind="painting", **key)
        path = painting_path(self._folder, contender.name, strength, style.name, photo.name)
        if known is not None and known["error"] is None and (ready or path.is_file()):
            return None if ready else self._marker.crops(photo, open_painting(path))
        try:
            path.unlink(missing_ok=True)  # a failure leaves no painting of before
            started = time.perf_counter()
            painting = contender.paint(photo.pixels, style, strength)
            seconds = round(time.perf_counter() - started, 4)
            _check_size(contender, photo, painting)
            glance = self._marker.look(photo, painting)
            marks = self._marker.marks(photo, style, painting, glance)
        except Exception as error:  # another's program: whatever fails is recorded
            self.failed += 1
            warn(f"{contender.name}, {style.name}, {photo.name} failed: {reason(error)}")
            self._store.add({"kind": "painting", **key, "error": reason(error), "marks": None})
            return None
        save(painting, path)
        self._store.add(
            {"kind": "painting", **key, "error": None, "seconds": seconds, "marks": marks}
        )
        return glance.crops

    def _identity(self, contender: Contender, style: StyleImage) -> None:
        """The style's picture in its own style, which is to come back as it is."""
        key = _key(contender, style, FULL)
        if style.pixels is None or self._store.find(kind="identity", **key) is not None:
            return
        try:
            painting = contender.paint(style.picture, style, FULL)
            self._store.add({"kind": "identity", **key, **self._marker.identity(style, painting)})
        except Exception as error:  # as above
            self.failed += 1
            warn(f"{contender.name}, {style.name} on its own picture failed: {reason(error)}")


def _check_size(contender: Contender, photo: Photo, painting: RGB) -> None:
    """All methods are compared at one size; the style's own picture is not a painting."""
    if contender.name not in CONTROLS and painting.shape != photo.pixels.shape:
        raise ImageError(f"the painting is {painting.shape}, and the photo {photo.pixels.shape}")


def _key(contender: Contender, style: StyleImage, strength: float) -> dict[str, Any]:
    return {
        "method": contender.name,
        "version": contender.version,
        "style": style.name,
        "picture": style.digest,
        "strength": strength,
    }


def _facts(contender: Contender) -> dict[str, Any]:
    return {
        "method": contender.name,
        "version": contender.version,
        "about": contender.about,
        "strengths": list(contender.strengths),
        "parameters": contender.parameters,
        "gmac_512": contender.gmac_512,
    }
