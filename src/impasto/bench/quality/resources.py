"""Time and memory of every method, each in a new process."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from impasto.bench.baselines.graphs import GraphMethod
from impasto.bench.contender import Contender, StyleImage
from impasto.bench.facts import machine
from impasto.bench.process import run_process
from impasto.bench.quality.line_up import SLOW, Workshop
from impasto.bench.quality.once import How, Task
from impasto.bench.quality.pictures import open_styles, save
from impasto.bench.quality.provenance import Stamp
from impasto.bench.quality.run import Inputs
from impasto.bench.quality.settings import CONTROLS, EXACT, OURS, QualitySettings
from impasto.bench.quality.store import Record, Store, read_results
from impasto.bench.timing import summarise
from impasto.core.errors import InputError
from impasto.core.files import BUNDLED_DATA, reason, shown
from impasto.core.notice import warn
from impasto.engine.backends import shared_backend
from impasto.engine.looks import library_of
from impasto.engine.model import load_model

_PHOTO = BUNDLED_DATA / "demo" / "coffee.jpg"


def measure_resources(
    settings: QualitySettings,
    inputs: Inputs,
    folder: Path,
    *,
    tell: Callable[[str], None] = lambda text: None,
) -> None:
    """Add time and peak memory at the settings' sizes to the results of `measure_quality`.

    Methods that take a minute for a photo are measured at the smallest size alone. A process
    that fails is a record with the reason, and is tried again by the next call.

    Raises:
        InputError: the folder has no results.
    """
    if not settings.sizes:
        return
    store = _open(folder)
    here = machine()
    store.add({"kind": "machine", **asdict(here), "engine": asdict(shared_backend(EXACT).info)})
    styles = open_styles(settings, inputs.recipe, inputs.assets, inputs.style_pictures)
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        model = load_model(settings.model)
        workshop = Workshop(
            model, library_of(model), shared_backend(EXACT), inputs.assets, Path(name)
        )
        for method in settings.methods:
            if method not in CONTROLS:
                _Desk(settings, store, workshop, styles, tell).run(method)


def _open(folder: Path) -> Store:
    setup = next((each for each in read_results(folder) if each["kind"] == "setup"), None)
    if setup is None:
        raise InputError(f"{shown(folder)} has no results of `impasto bench quality`")
    return Store(folder, {k: v for k, v in setup.items() if k not in ("kind", "format_version")})


class _Desk:
    """Measures one method at all sizes."""

    def __init__(
        self,
        settings: QualitySettings,
        store: Store,
        workshop: Workshop,
        styles: Sequence[StyleImage],
        tell: Callable[[str], None],
    ) -> None:
        self._settings, self._store, self._workshop = settings, store, workshop
        self._styles, self._tell, self._stamp = styles, tell, Stamp()

    def run(self, method: str) -> None:
        """What cannot be made, or paints in no style, was recorded before and is passed over."""
        try:
            contender = self._workshop.make(method)
            style = self._style(contender)
        except Exception:  # another's program: it fails in its own ways, as it did in `Course`
            return
        sizes = sorted(self._settings.sizes)[: 1 if method in SLOW else None]
        for size in sizes:
            key = {"method": method, "version": contender.version, "size": size}
            if self._store.find(kind="resource", **key, error=None) is None:
                self._tell(f"{method}: time and memory at {size} x {size}")
                found = self._measured(contender, style, size)
                self._store.add({"kind": "resource", **key, **self._stamp(), **found})

    def _style(self, contender: Contender) -> StyleImage:
        """The first style that it can paint in; raises if there is none."""
        last: Exception | None = None
        for style in self._styles:
            try:
                contender.check(style)
            except Exception as error:  # as above
                last = error
                continue
            return style
        raise last or InputError("no style")

    def _measured(self, contender: Contender, style: StyleImage, size: int) -> Record:
        try:
            return {**self._taken(contender, style, size), "error": None}
        except Exception as error:  # as above
            warn(f"{contender.name} at {size} pixels failed: {reason(error)}")
            return {"seconds": None, "peak_bytes": None, "error": reason(error)}

    def _taken(self, contender: Contender, style: StyleImage, size: int) -> Record:
        folder = self._workshop.folder
        task = self._task(contender, style, size, folder / "seconds.json")
        file = folder / "task.json"
        file.write_text(json.dumps(asdict(task)), encoding="utf-8")
        run = run_process([sys.executable, "-m", "impasto.bench.quality.once", str(file)])
        seconds = summarise(json.loads(Path(task.answer).read_text(encoding="utf-8")))
        runtime = "torch" if task.how == "method" else "engine"
        return {"seconds": seconds.median, "peak_bytes": run.peak_bytes, "runtime": runtime}

    def _task(self, contender: Contender, style: StyleImage, size: int, answer: Path) -> Task:
        how: How = "method"
        what, picture = contender.name, ""
        if contender.name == OURS:
            how, what = "painter", style.name
        elif isinstance(contender, GraphMethod):
            how, what = "graph", str(contender.graph(style))
        else:
            file = self._workshop.folder / "style.png"
            save(style.picture, file)
            picture = str(file)
        repeats = 1 if contender.name in SLOW else self._settings.repeats
        return Task(
            how,
            what,
            str(_PHOTO),
            size,
            repeats,
            str(answer),
            self._settings.model,
            picture,
            self._settings.size,
        )
