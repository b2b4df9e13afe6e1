"""How many photos of a folder are painted in a second, against what the cores could do at best.

At best: no core ever waits, and each photo costs the processor time that its steps take alone.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from impasto.bench.facts import (
    Commit,
    Machine,
    ModelFacts,
    commit,
    date,
    machine,
    model_facts,
    versions,
)
from impasto.bench.settings import ThroughputSettings
from impasto.bench.timing import Summary, summarise
from impasto.core.cpu import usable_cores
from impasto.core.errors import SettingsError
from impasto.core.memory import Memory
from impasto.core.settings import EngineSettings
from impasto.engine.affines import compose
from impasto.engine.backend import BackendInfo
from impasto.engine.backends import open_backend
from impasto.engine.crowd import Crowd, gathered, pipeline_of
from impasto.engine.measured import Measured
from impasto.engine.painter import Painter
from impasto.media.image import Picture, WriteOptions, read_image, write_image


@dataclass(frozen=True)
class ThroughputReport:
    """Everything that one call measured, and where."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    machine: Machine
    engine: BackendInfo
    model: ModelFacts
    style: str
    photos: int
    megapixels: float
    """Of all photos together."""
    cores: int
    crowd: int
    """How many pictures the engine painted at once."""
    alone: Mapping[str, float]
    """Processor seconds of each step for a photo, alone on one thread: the mean over the photos,
    the median over the repeats."""
    together: float
    """Processor seconds of a photo in the pipeline; what is above the sum of `alone` is lost."""
    seconds: Summary
    """All photos through the pipeline, by the clock."""
    rate: float
    """Photos a second, by the median."""
    best_rate: float
    """Cores by the sum of `alone`."""
    share: float
    """`rate` by `best_rate`."""

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {"benchmark": "throughput", **asdict(self)}


@dataclass(frozen=True)
class _Piece:
    """A photo between two steps."""

    path: Path
    content: Any


@dataclass(frozen=True)
class _Pass:
    """All photos through the pipeline."""

    photos: int
    pixels: int
    seconds: float
    processor: float


class _Steps:
    """The steps of a photo, measured anew each time: nothing is remembered from turn to turn."""

    def __init__(self, painter: Painter, photos: Sequence[Path], folder: Path) -> None:
        self._painter = painter
        self._targets = {path: folder / f"{n}-{path.name}" for n, path in enumerate(photos)}

    def decode(self, path: Path) -> _Piece:
        return _Piece(path, read_image(path))

    def measure(self, piece: _Piece) -> _Piece:
        photo = self._painter.prepare(piece.content)
        if self._painter.whole.takes(photo.pixels, photo.alpha):
            return _Piece(piece.path, Measured(photo, None))
        stats = self._painter.measure(photo.pixels, photo.alpha)
        return _Piece(piece.path, Measured(photo, compose(self._painter.code, stats)))

    def paint(self, piece: _Piece) -> _Piece:
        return _Piece(piece.path, self._painter.paint_measured(piece.content))

    def encode(self, piece: _Piece) -> int:
        picture: Picture = piece.content
        write_image(picture, self._targets[piece.path], WriteOptions())
        return picture.pixels.size // 3


def measure_throughput(
    settings: ThroughputSettings,
    photos: Sequence[Path],
    tell: Callable[[str], None] = lambda text: None,
) -> ThroughputReport:
    """Paint all photos step by step on one thread, then through the pipeline, in turns.

    Args:
        settings: what to measure.
        photos: files, none of them twice.
        tell: is told in words what comes next.

    Raises:
        MissingExtraError: the extra `bench` is not installed.
        ImpastoError: a photo, the style or the engine cannot be used.
    """
    if not photos:
        raise SettingsError("there are no photos to measure: name a folder that has some")
    here, cores = machine(), settings.engine.threads or usable_cores()
    single = _painter(settings.style, EngineSettings(settings.engine.precision, 1), None)
    crowd = _crowd(settings, len(photos), cores)
    alone: list[dict[str, float]] = []
    passes: list[_Pass] = []
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        for turn in range(settings.repeats + 1):
            tell(f"painting {len(photos)} photos in two ways, {turn or 'to warm up'}")
            alone.append(_step_by_step(_Steps(single, photos, Path(name)), photos))
            steps = _Steps(crowd.painter, photos, Path(name))
            passes.append(_through_pipeline(steps, crowd.size, photos))
    return _report(settings, here, cores, crowd, alone[1:], passes[1:])


def _painter(style: str, engine: EngineSettings, memory: Memory) -> Painter:
    return Painter(style, backend=open_backend(settings=engine), memory=memory)


def _crowd(settings: ThroughputSettings, photos: int, cores: int) -> Crowd:
    """The painter that a folder of so many photos gets."""

    def make(engine: EngineSettings, memory: Memory) -> Painter:
        return _painter(settings.style, engine, memory)

    crowd = gathered(photos, settings.engine, None, make)
    return crowd or Crowd(make(settings.engine, None), 1)


def _step_by_step(steps: _Steps, photos: Sequence[Path]) -> dict[str, float]:
    """Mean processor seconds of each step."""
    taken = dict.fromkeys(("decode", "measure", "paint", "encode"), 0.0)
    for photo in photos:
        piece: Any = photo
        for name in taken:
            started = time.process_time()
            piece = getattr(steps, name)(piece)
            taken[name] += (time.process_time() - started) / len(photos)
    return taken


def _through_pipeline(steps: _Steps, crowd: int, photos: Sequence[Path]) -> _Pass:
    pipeline = pipeline_of(steps.decode, steps.measure, steps.paint, steps.encode, crowd=crowd)
    pixels, started, processor = 0, time.perf_counter(), time.process_time()
    with closing(pipeline.run(photos)) as outcomes:
        for outcome in outcomes:
            if outcome.error:
                raise outcome.error
            pixels += outcome.value or 0
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    return _Pass(len(photos), pixels, seconds, processor)


def _report(
    settings: ThroughputSettings,
    here: Machine,
    cores: int,
    crowd: Crowd,
    alone: Sequence[Mapping[str, float]],
    passes: Sequence[_Pass],
) -> ThroughputReport:
    photos = passes[0].photos
    steps = {name: summarise([turn[name] for turn in alone]).median for name in alone[0]}
    seconds = summarise([one.seconds for one in passes])
    rate, best = photos / seconds.median, cores / sum(steps.values())
    return ThroughputReport(
        date=date(),
        commit=commit(),
        versions=versions(),
        machine=here,
        engine=crowd.painter.backend.info,
        model=model_facts(crowd.painter.model),
        style=settings.style,
        photos=photos,
        megapixels=round(passes[0].pixels / 1e6, 3),
        cores=cores,
        crowd=crowd.size,
        alone=steps,
        together=summarise([one.processor / photos for one in passes]).median,
        seconds=seconds,
        rate=round(rate, 4),
        best_rate=round(best, 4),
        share=round(rate / best, 4),
    )
