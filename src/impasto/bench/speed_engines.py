"""The engine in all its ways: runtimes, precisions, threads and sizes, up to 100 million pixels."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from impasto.bench.ceiling import Dtype, copy_gbytes, matrix_gflops
from impasto.bench.process import measure_paint_process
from impasto.bench.speed import frame, square, time_painter
from impasto.bench.timing import Summary, rounds_within, summarise
from impasto.core.arrays import RGB
from impasto.core.errors import EngineError, ImpastoError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import BackendName, open_backend
from impasto.engine.painter import Painter

Tell = Callable[[str], None]

_ENGINES: tuple[BackendName, ...] = ("openvino", "onnxruntime")
_PRECISIONS: tuple[Dtype, ...] = ("float32", "bfloat16")
_PIXELS_512 = 512 * 512


@dataclass(frozen=True)
class Ceiling:
    """What the machine can do at most with so many threads."""

    precision: Dtype
    threads: int
    gflops: float
    """10^9 floating-point operations a second in a large matrix product; a multiply-add is two."""
    copy_gbytes: float
    """10^9 bytes a second that copying memory reads and writes."""


@dataclass(frozen=True)
class Cell:
    """One engine at one size."""

    engine: str
    precision: str
    threads: int
    width: int
    height: int
    seconds: Summary
    frames_a_second: float
    gflops: float
    """10^9 floating-point operations a second, of painting alone."""
    share: float | None
    """Of the ceiling at these threads and this precision; None where that was not measured."""


@dataclass(frozen=True)
class Linear:
    """How the time grows with the pixels."""

    megapixels: float
    seconds: Summary
    nanoseconds_a_pixel: float
    beside_first: float
    """Time for a pixel over that of the first, smallest picture: 1 is linear."""


@dataclass(frozen=True)
class Memory:
    """The peak of a new process that reads, paints and writes a JPEG."""

    width: int
    height: int
    peak_bytes: int | None


def ceilings(tell: Tell) -> list[Ceiling]:
    """The ceilings of this machine, for every precision that it has, with one thread and two."""
    found = []
    for threads in thread_counts():
        tell(f"measuring the ceiling of the machine with {threads} threads")
        copied = round(copy_gbytes(threads), 2)
        for precision in _PRECISIONS:
            try:
                speed = matrix_gflops(precision, threads)
            except EngineError:  # this CPU has it not
                continue
            found.append(Ceiling(precision, threads, round(speed, 2), copied))
    return found


def thread_counts() -> Sequence[int]:
    """One and two threads; one alone on a machine with a single core."""
    return (1, 2) if (os.cpu_count() or 1) > 1 else (1,)


@dataclass(frozen=True)
class Grid:
    """What is measured at every crossing.

    Args:
        style: a style spec.
        pixels: a photo; frames are cut out of it, enlarged where it is smaller.
        repeats: the most timings of each thing.
        seconds: how long they may take together.
        tell: is told in words what comes next.
    """

    style: str
    pixels: RGB
    repeats: int
    seconds: float
    tell: Tell

    def cells(self, sizes: Sequence[tuple[int, int]], limits: Sequence[Ceiling]) -> Iterator[Cell]:
        """Every engine that is installed, in every precision it has, at every size."""
        for painter, precision, threads in self._painters():
            name = painter.backend.info.name
            for width, height in sizes:
                self.tell(f"timing {width} x {height}, {name}, {precision}, {threads} threads")
                taken = self._timed(painter, frame(self.pixels, width, height))
                limit = _ceiling(limits, precision, threads)
                yield _cell(painter, threads, (width, height), taken, limit)

    def linear(self, painter: Painter, sides: Sequence[int]) -> list[Linear]:
        """Squares of growing sides."""
        found: list[Linear] = []
        first = 0.0
        for side in sides:
            self.tell(f"timing {side**2 / 1e6:g} MP")
            seconds = self._timed(painter, square(self.pixels, side))["engine"]
            each = seconds.median / side**2 * 1e9
            first = first or each
            megapixels = round(side**2 / 1e6, 3)
            found.append(Linear(megapixels, seconds, round(each, 3), round(each / first, 3)))
        return found

    def memory(
        self, sizes: Sequence[tuple[int, int]], engine: EngineSettings, folder: Path
    ) -> Iterator[Memory]:
        """Peaks of new processes, by size."""
        for width, height in sizes:
            self.tell(f"painting {width} x {height} in a new process")
            photo = frame(self.pixels, width, height)
            process = measure_paint_process(photo, self.style, engine, folder, 1)
            yield Memory(width, height, process.peak_bytes)

    def _painters(self) -> Iterator[tuple[Painter, Dtype, int]]:
        for name in _ENGINES:
            for precision in _PRECISIONS:
                for threads in thread_counts():
                    settings = EngineSettings(precision=precision, threads=threads)
                    try:
                        backend = open_backend(name, settings)
                    except ImpastoError as error:
                        self.tell(f"left out: {name} in {precision}: {error}")
                        break
                    yield Painter(self.style, backend=backend), precision, threads

    def _timed(self, painter: Painter, pixels: RGB) -> dict[str, Summary]:
        """Summaries of the steps; what comes first is not counted."""
        work = partial(time_painter, painter, pixels)
        work()
        started = time.perf_counter()
        taken = [work()]
        count = rounds_within(self.seconds, (time.perf_counter() - started) / 2, self.repeats)
        taken += [work() for _ in range(count - 1)]
        return {step: summarise([each[step] for each in taken]) for step in taken[0]}


def _ceiling(limits: Sequence[Ceiling], precision: str, threads: int) -> Ceiling | None:
    fitting = (one for one in limits if (one.precision, one.threads) == (precision, threads))
    return next(fitting, None)


def _cell(
    painter: Painter,
    threads: int,
    size: tuple[int, int],
    taken: dict[str, Summary],
    limit: Ceiling | None,
) -> Cell:
    width, height = size
    operations = 2 * painter.model.gmac_512 * width * height / _PIXELS_512
    gflops = operations / taken["paint"].median
    info, engine = painter.backend.info, taken["engine"]
    return Cell(
        engine=info.name,
        precision=info.precision,
        threads=threads,
        width=width,
        height=height,
        seconds=engine,
        frames_a_second=round(1 / engine.median, 2),
        gflops=round(gflops, 2),
        share=round(gflops / limit.gflops, 3) if limit else None,
    )
