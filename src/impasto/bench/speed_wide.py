"""Everything that `impasto bench speed` measures: the engine and a peer, rivals, and the rest."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from impasto.bench.settings import FULL_SIDES, FULL_SIZES, RIVAL_SIZES, SpeedSettings, WideSettings
from impasto.bench.speed import SpeedReport, frame, measure_speed
from impasto.bench.speed_engines import Ceiling, Cell, Grid, Linear, Memory, ceilings
from impasto.bench.speed_rivals import Race, Rival, write_rivals
from impasto.core.arrays import RGB
from impasto.engine.backends import open_backend
from impasto.engine.painter import Painter
from impasto.media.image import read_image


@dataclass(frozen=True)
class WideReport:
    """What one call measured; lists are empty for what was not asked for."""

    speed: SpeedReport
    rivals: list[Rival]
    ceilings: list[Ceiling]
    cells: list[Cell]
    linear: list[Linear]
    memory: list[Memory]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        more = ("rivals", "ceilings", "cells", "linear", "memory")
        lists = {name: [asdict(each) for each in getattr(self, name)] for name in more}
        return self.speed.as_dict() | lists


def measure_wide(
    settings: SpeedSettings,
    wide: WideSettings,
    photo: Path,
    tell: Callable[[str], None] = lambda text: None,
) -> WideReport:
    """Measure as `measure_speed`, and then what `wide` asks for.

    About three minutes with rivals at 512, about half an hour with everything.

    Args:
        settings: what the engine is measured at.
        wide: what else is measured.
        photo: a real photo.
        tell: is told in words what comes next.

    Raises:
        MissingExtraError: the extra `bench` is not installed.
        InputError: the photo, the style or the model cannot be used.
        EngineError: the engine does not load or refuses.
    """
    speed = measure_speed(settings, photo, tell)
    pixels = read_image(photo).pixels
    painter = Painter(settings.style, backend=open_backend(settings=settings.engine))
    grid = Grid(settings.style, pixels, settings.repeats, wide.seconds, tell)
    limits = ceilings(tell) if wide.full else []
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        return WideReport(
            speed=speed,
            rivals=_rivals(settings, wide, painter, pixels, folder, tell) if wide.rivals else [],
            ceilings=limits,
            cells=list(grid.cells(FULL_SIZES, limits)) if wide.full else [],
            linear=grid.linear(painter, FULL_SIDES) if wide.full else [],
            memory=list(grid.memory(FULL_SIZES, settings.engine, folder)) if wide.full else [],
        )


def _rivals(
    settings: SpeedSettings,
    wide: WideSettings,
    painter: Painter,
    pixels: RGB,
    folder: Path,
    tell: Callable[[str], None],
) -> list[Rival]:
    peers = write_rivals(folder)
    # The first of them is what `measure_speed` has timed at these sizes already.
    sides = [(size, size) for size in settings.sizes]
    sizes, others = (RIVAL_SIZES, peers) if wide.full else (sides, peers[1:])
    found: list[Rival] = []
    for width, height in sizes:
        tell(f"timing {len(others) + 1} other networks at {width} x {height}")
        threads, rounds = settings.engine.threads, settings.repeats
        race = Race(painter, frame(pixels, width, height), threads, rounds, wide.seconds)
        found += race.run(others, peers[0])
    return found
