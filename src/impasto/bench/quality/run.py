"""Paints and measures: every method, in every style, at every strength, on every photo.

Each result is a line as soon as it is there, so that a run that ends early goes on where it
stopped, and a further method costs only its own time. A method whose weights changed is run anew,
and so is a style whose picture changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from impasto.bench.contender import digest_of
from impasto.bench.facts import versions
from impasto.bench.quality.course import Course
from impasto.bench.quality.gauge import Marker, open_tools
from impasto.bench.quality.line_up import Workshop
from impasto.bench.quality.pictures import Photo, keep_inputs, open_photos, open_styles
from impasto.bench.quality.provenance import Stamp
from impasto.bench.quality.public_run import measure_public
from impasto.bench.quality.sets import Jury, measure_sets
from impasto.bench.quality.settings import EXACT, METHODS, QualitySettings
from impasto.bench.quality.store import Store, read_results
from impasto.bench.quality.watch import Tell
from impasto.engine.backend import Backend
from impasto.engine.backends import shared_backend
from impasto.engine.looks import library_of
from impasto.engine.model import load_model
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
    stamp = Stamp()
    store.add({"kind": "where", **stamp(), "versions": versions("torch", "scikit-image")})
    for style in styles:
        store.add({"kind": "style", "style": style.name, "picture": style.digest})
    keep_inputs(folder, photos, styles)
    marker = Marker(tools)
    model = load_model(settings.model)
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        workshop = Workshop(
            model,
            library or library_of(model),
            backend or shared_backend(EXACT),
            inputs.assets,
            Path(name),
        )
        course = Course(settings, store, marker, folder, photos, styles, stamp, tell)
        # The slowest come last, whatever the order they are asked in.
        methods = [method for method in METHODS if method in settings.methods]
        for number, method in enumerate(methods, start=1):
            tell(f"{method}, {number} of {len(methods)} methods")
            course.run(method, workshop)
    if any(each["kind"] == "method" for each in read_results(folder)):
        if tools.judge is not None:
            jury = Jury(tools.judge, [photo.name for photo in photos], settings.crops)
            measure_sets(store, jury, styles, tell)
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
