"""The work of a server in one process, for `serve_load.py`: what its throughput is held against."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from impasto.core.cpu import usable_cores
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Backend
from impasto.engine.backends import open_backend
from impasto.engine.crowd import pipeline_of
from impasto.engine.measured import Measured
from impasto.engine.painter import Painter
from impasto.media.image import Picture, read_image, write_image

CORES = usable_cores()

Work = Callable[[range], None]
"""Paints photos by their numbers."""


@dataclass(frozen=True)
class Loop:
    """The same work in one process."""

    rate: float
    """Photos a second."""
    cpu_seconds: float
    """Of all threads, for a photo."""


def in_process(files: list[bytes], count: int) -> dict[str, Loop]:
    """One photo after the other on all cores, and a crowd of them."""
    one_by_one, crowd = _one_by_one(files), _crowd(files)
    one_by_one(range(500_000, 500_004))
    crowd(range(600_000, 600_008))
    return {
        "one_by_one": _timed(one_by_one, range(count)),
        "crowd": _timed(crowd, range(count, 2 * count)),
    }


def _timed(work: Work, numbers: range) -> Loop:
    started, processor = time.perf_counter(), time.process_time()
    work(numbers)
    seconds, taken = time.perf_counter() - started, time.process_time() - processor
    return Loop(len(numbers) / seconds, taken / len(numbers))


def _one_by_one(files: list[bytes]) -> Work:
    backend = open_backend(settings=EngineSettings())

    def work(numbers: range) -> None:
        for number in numbers:
            picture = read_image(files[number % len(files)])
            _encode(_painter(number, backend).paint(picture))

    return work


def _crowd(files: list[bytes]) -> Work:
    backend = open_backend(settings=EngineSettings(threads=CORES, streams=CORES))

    def decode(number: int) -> tuple[Painter, Picture]:
        return _painter(number, backend), read_image(files[number % len(files)])

    def measure(item: tuple[Painter, Picture]) -> tuple[Painter, Measured]:
        return item[0], item[0].measured(item[1])

    def paint(item: tuple[Painter, Measured]) -> Picture:
        return item[0].paint_measured(item[1])

    pipeline = pipeline_of(decode, measure, paint, _encode, CORES)

    def work(numbers: range) -> None:
        for _ in pipeline.run(numbers):
            pass

    return work


def spec_of(number: int) -> str:
    """A mix that no other number has, so that its photo must be measured whoever asked before."""
    return f"scream:1,udnie:{(number + 1) * 1e-6:.6f}"


def _painter(number: int, backend: Backend) -> Painter:
    """In a mix of its own, as the client asks for."""
    return Painter(spec_of(number), backend=backend)


def _encode(picture: Picture) -> None:
    write_image(picture, BytesIO(), format="JPEG")
