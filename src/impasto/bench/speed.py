"""How fast impasto paints, beside a peer in the same run: what `impasto bench speed` measures."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

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
from impasto.bench.process import (
    ImportProcess,
    PaintProcess,
    measure_import,
    measure_paint_process,
)
from impasto.bench.settings import SpeedSettings
from impasto.bench.timing import Summary, Turn, alternate
from impasto.core.arrays import RGB
from impasto.core.errors import MissingExtraError
from impasto.engine.affines import compose
from impasto.engine.backend import Backend, BackendInfo
from impasto.engine.backends import open_backend
from impasto.engine.painter import Painter
from impasto.media.image import read_image
from impasto.media.resize import resize_to

if TYPE_CHECKING:
    from impasto.bench.peer_parts import Peer

_MEGAPIXEL_SIDE = 1000


@dataclass(frozen=True)
class SizeSpeed:
    """Engine time at one size, ours and the peer's from the same minutes; in seconds."""

    size: int
    impasto: Mapping[str, Summary]
    """`engine` is one run of `measure`, `compose` and `paint`, which are there apart too; the first
    two take no time where a picture is measured as it is painted."""
    peer: Mapping[str, Summary]
    """`engine` alone: the peer has no steps."""
    ratio: float
    """How many times as long the peer takes, by the two medians."""


@dataclass(frozen=True)
class SpeedReport:
    """Everything that one call measured, and where."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    machine: Machine
    engine: BackendInfo
    """Precision is what measuring, painting and the peer ran in."""
    threads: int | None
    """What was asked for; None let the engine take the cores."""
    style: str
    model: ModelFacts
    peer: "Peer"
    sizes: list[SizeSpeed]
    paint_process: PaintProcess
    import_process: ImportProcess

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        record = {"benchmark": "speed", **asdict(self)}
        del record["peer"]["graph"]  # a file that is gone by now
        return record


def measure_speed(
    settings: SpeedSettings, photo: Path, tell: Callable[[str], None] = lambda text: None
) -> SpeedReport:
    """Measure new processes, then the engine at each size; takes under a minute for 512.

    Args:
        settings: what to measure.
        photo: a real photo; squares are cut out of it, enlarged where it is smaller.
        tell: is told in words what comes next.

    Raises:
        MissingExtraError: the extra `bench` is not installed.
        InputError: the photo, the style or the model cannot be used.
        EngineError: the engine does not load or refuses.
    """
    code = commit()
    backend = open_backend(settings=settings.engine)
    painter = Painter(settings.style, backend=backend)
    pixels = read_image(photo).pixels
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        peer = _write_peer(folder)
        here = machine()
        tell(f"timing {settings.processes} new processes")
        paint_process, import_process = _measure_processes(settings, pixels, folder)
        sizes = []
        for size in settings.sizes:
            tell(f"timing {size} x {size} beside {peer.name}, {settings.repeats} times each")
            sizes.append(_measure_size(painter, peer, square(pixels, size), settings.repeats))
    return SpeedReport(
        date=date(),
        commit=code,
        versions=versions(),
        machine=here,
        engine=backend.info,
        threads=settings.engine.threads,
        style=str(painter.spec),
        model=model_facts(painter.model),
        peer=peer,
        sizes=sizes,
        paint_process=paint_process,
        import_process=import_process,
    )


def square(pixels: RGB, size: int) -> RGB:
    """The middle of a picture as a square of `size` pixels, enlarged if the picture is smaller."""
    return frame(pixels, size, size)


def frame(pixels: RGB, width: int, height: int) -> RGB:
    """The middle of a picture, as much as there is in that shape, at `width` x `height` pixels."""
    rows, columns = pixels.shape[:2]
    scale = min(rows / height, columns / width)
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (rows - high) // 2, (columns - wide) // 2
    return resize_to(pixels[top : top + high, left : left + wide], width, height)


def _write_peer(folder: Path) -> "Peer":
    try:
        from impasto.bench.peers import released_weights, write_transformer_net
    except ModuleNotFoundError as error:
        raise MissingExtraError("impasto bench", "bench") from error
    return write_transformer_net(folder, released_weights())


def _measure_processes(
    settings: SpeedSettings, pixels: RGB, folder: Path
) -> tuple[PaintProcess, ImportProcess]:
    photo = square(pixels, _MEGAPIXEL_SIDE)
    count = settings.processes
    painted = measure_paint_process(photo, settings.style, settings.engine, folder, count)
    return painted, measure_import(count)


def _measure_size(painter: Painter, peer: "Peer", pixels: RGB, repeats: int) -> SizeSpeed:
    turns = {
        "impasto": lambda: time_painter(painter, pixels),
        "peer": peer_turn(painter.backend, peer, pixels),
    }
    taken = alternate(repeats, turns)
    ratio = taken["peer"]["engine"].median / taken["impasto"]["engine"].median
    return SizeSpeed(pixels.shape[0], taken["impasto"], taken["peer"], round(ratio, 3))


def time_painter(painter: Painter, pixels: RGB) -> dict[str, float]:
    """Seconds of measure, compose and paint, and `engine`, their sum; uint8 in, uint8 out.

    Where a picture is measured as it is painted, that is all painting.
    """
    started = time.perf_counter()
    if painter.whole.takes(pixels):
        painter.whole.paint(pixels, painter.code)
        taken = time.perf_counter() - started
        return {"engine": taken, "measure": 0.0, "compose": 0.0, "paint": taken}
    stats = painter.measure(pixels)
    measured = time.perf_counter()
    affine = compose(painter.code, stats)
    composed = time.perf_counter()
    painter.paint_pixels(pixels, affine)
    ended = time.perf_counter()
    return {
        "engine": ended - started,
        "measure": measured - started,
        "compose": composed - measured,
        "paint": ended - composed,
    }


def peer_turn(backend: Backend, peer: "Peer", pixels: RGB) -> Turn:
    """A turn of `alternate` that paints with a peer, uint8 in, uint8 out."""
    image = pixels[None]
    session = backend.load(peer.graph, {"image": image.shape})

    def turn() -> dict[str, float]:
        started = time.perf_counter()
        session.run({"image": image})
        return {"engine": time.perf_counter() - started}

    return turn
