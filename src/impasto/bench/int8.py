"""What INT8 gains and costs for a baked style: `impasto bench int8`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from impasto.bench.facts import Commit, Machine, commit, date, machine, versions
from impasto.bench.markdown import table
from impasto.bench.timing import Summary, alternate
from impasto.core.arrays import RGB
from impasto.engine.backend import BackendInfo
from impasto.engine.painter import Painter
from impasto.lab.bake import bake, psnr, run_baked
from impasto.lab.quantise import quantise


@dataclass(frozen=True)
class Int8Report:
    """Speed and difference of INT8, and apart from it what baking alone changes."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    machine: Machine
    engine: BackendInfo
    style: str
    photos: int
    size: tuple[int, int]
    """Height and width of what was timed."""
    float32: Summary
    """Seconds of the baked graph."""
    int8: Summary
    ratio: float
    """How many times as long float32 takes, by the two medians; above 1, INT8 is faster."""
    int8_psnr: float
    """INT8 against float32, both baked; mean over the photos, in dB."""
    adaptive_psnr: float
    """Baked float32 against painting with each photo's own statistics; mean, in dB."""

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {"benchmark": "int8", **asdict(self)}


def measure_int8(painter: Painter, photos: Sequence[RGB], repeats: int = 20) -> Int8Report:
    """Bake and quantise a style, and compare the two; under a minute for a few photos.

    Args:
        painter: has the style; its backend runs everything.
        photos: at least one; statistics and ranges come from them, and the first is timed.
        repeats: timings of each.

    Raises:
        InputError: there are no photos.
        MissingExtraError: the extra `int8` or `bench` is not installed.
        EngineError: the runtime refuses.
    """
    here = machine()
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        full, small = Path(name) / "float32.onnx", Path(name) / "int8.onnx"
        found = bake(painter, photos, full)
        quantise(full, photos, small)
        taken = time_baked(painter, {"float32": full, "int8": small}, photos[0], repeats)
        apart = int8_against(painter, full, small, photos)
    return Int8Report(
        date=date(),
        commit=commit(),
        versions=versions("nncf"),
        machine=here,
        engine=painter.backend.info,
        style=str(painter.spec),
        photos=len(photos),
        size=(photos[0].shape[0], photos[0].shape[1]),
        float32=taken["float32"],
        int8=taken["int8"],
        ratio=round(taken["float32"].median / taken["int8"].median, 3),
        int8_psnr=apart,
        adaptive_psnr=found.adaptive_psnr,
    )


def time_baked(
    painter: Painter, graphs: Mapping[str, Path], photo: RGB, repeats: int
) -> dict[str, Summary]:
    """Time baked graphs in turns on one photo."""

    def turn(graph: Path) -> Callable[[], dict[str, float]]:
        def once() -> dict[str, float]:
            started = perf_counter()
            run_baked(painter.backend, graph, photo)
            return {"paint": perf_counter() - started}

        return once

    taken = alternate(repeats, {name: turn(graph) for name, graph in graphs.items()})
    return {name: steps["paint"] for name, steps in taken.items()}


def int8_against(painter: Painter, full: Path, small: Path, photos: Sequence[RGB]) -> float:
    """Mean PSNR of two baked graphs over photos, in dB."""
    pairs = (
        [run_baked(painter.backend, graph, photo) for graph in (full, small)] for photo in photos
    )
    return round(float(np.mean([psnr(one, two) for one, two in pairs])), 2)


def markdown(report: Int8Report) -> str:
    """The report for people."""
    height, width = report.size
    return "\n".join(
        [
            f"{report.style}, {width} x {height}, {report.engine.device}",
            "",
            table(
                ("baked graph", "median ms", "PSNR to baked float32"),
                [
                    ["float32", f"{1000 * report.float32.median:.2f}", ""],
                    ["INT8", f"{1000 * report.int8.median:.2f}", f"{report.int8_psnr:.1f} dB"],
                ],
            ),
            "",
            f"INT8 is {report.ratio:.2f} times as fast. Baking alone, against each photo's own "
            f"statistics: {report.adaptive_psnr:.1f} dB ({report.photos} photos).",
        ]
    )
