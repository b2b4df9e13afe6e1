"""Where the time of painting goes, against what the machine can do: `impasto bench profile`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from impasto.bench.ceiling import copy_gbytes, matrix_gflops
from impasto.bench.facts import Commit, Machine, commit, date, machine, versions
from impasto.bench.markdown import table
from impasto.bench.timing import Summary, alternate
from impasto.core.arrays import RGB
from impasto.core.errors import EngineError
from impasto.engine.affines import compose
from impasto.engine.backend import Array, BackendInfo
from impasto.engine.filters import filters_of
from impasto.engine.grain import grain_of
from impasto.engine.layers import LayerTime
from impasto.engine.openvino_backend import OpenVinoBackend
from impasto.engine.painter import Painter
from impasto.engine.pixels import pad
from impasto.lab.bake import run_baked, write_baked

_LEAST_SHARE = 0.005
"""Layers below this share of the time are told as one line a kind."""


@dataclass(frozen=True)
class Ceiling:
    """What this machine does at most, measured in the same run."""

    float32_gflops: float
    bfloat16_gflops: float | None
    """None where the CPU has none."""
    copy_gbytes: float

    def least_seconds(self, layer: LayerTime, precision: str) -> float:
        """The time below which a layer cannot go: that of its arithmetic or of its memory."""
        gflops = self.bfloat16_gflops if precision == "bfloat16" else self.float32_gflops
        arithmetic = 2 * layer.multiply_adds / ((gflops or self.float32_gflops) * 1e9)
        return max(arithmetic, layer.bytes / (self.copy_gbytes * 1e9))


@dataclass(frozen=True)
class ProfileReport:
    """Layers of the paint graph, and the paint graph beside one with a constant affine."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    machine: Machine
    engine: BackendInfo
    threads: int | None
    size: tuple[int, int]
    """Height and width of the photo."""
    ceiling: Ceiling
    layers: list[LayerTime]
    dynamic: Summary
    """Seconds of painting with an affine that is an input."""
    constant: Summary
    """Seconds of the same with the affine folded into the convolutions."""

    @property
    def affine_cost(self) -> float:
        """How many times as long the affine as an input takes, by the medians."""
        return self.dynamic.median / self.constant.median

    @property
    def share(self) -> float:
        """The multiply-adds of all layers at the arithmetic ceiling, as a share of the time."""
        arithmetic = (LayerTime("", "", "", 0.0, each.multiply_adds, 0) for each in self.layers)
        least = sum(self.ceiling.least_seconds(each, self.engine.precision) for each in arithmetic)
        return least / sum(layer.seconds for layer in self.layers)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        more = {"affine_cost": round(self.affine_cost, 3), "share": round(self.share, 3)}
        return {"benchmark": "profile", **asdict(self), **more}


def measure_profile(
    painter: Painter, photo: RGB, *, threads: int | None = None, runs: int = 30
) -> ProfileReport:
    """Profile the paint graph on a photo; takes some 20 seconds.

    Args:
        painter: has the style and a backend of OpenVINO.
        photo: what is painted.
        threads: those of the backend, for the ceiling.
        runs: how often each thing is done.

    Raises:
        EngineError: the backend is not OpenVINO's, or refuses.
        MissingExtraError: the extra `bench` is not installed.
    """
    backend = painter.backend
    if not isinstance(backend, OpenVinoBackend):
        raise EngineError("only OpenVINO tells the time of each layer: use the engine openvino")
    here = machine()
    affine = compose(painter.code, painter.measure(photo))
    image, _ = pad(photo, painter.model.margin, painter.model.multiple)
    inputs = {"image": image, "affine": affine, **grain_of(painter.model, image)}
    inputs |= filters_of(backend, painter.model, affine)
    layers = backend.layers(painter.model.paint_graph, inputs, runs)
    dynamic, constant = _time_affine(painter, inputs, runs)
    return ProfileReport(
        date=date(),
        commit=commit(),
        versions=versions(),
        machine=here,
        engine=backend.info,
        threads=threads,
        size=(photo.shape[0], photo.shape[1]),
        ceiling=measure_ceiling(threads or here.cores, threads),
        layers=layers,
        dynamic=dynamic,
        constant=constant,
    )


def measure_ceiling(copies: int, threads: int | None) -> Ceiling:
    """Large matrix products in the precisions that are there, and a copy by so many threads."""
    try:
        bfloat16: float | None = matrix_gflops("bfloat16", threads)
    except EngineError:
        bfloat16 = None
    return Ceiling(matrix_gflops("float32", threads), bfloat16, copy_gbytes(copies))


def _time_affine(
    painter: Painter, inputs: Mapping[str, Array], runs: int
) -> tuple[Summary, Summary]:
    """Seconds with the affine as an input, and as a constant, of the same padded picture."""
    shapes = {name: array.shape for name, array in inputs.items()}
    session = painter.backend.load(painter.model.paint_graph, shapes, exact=True)
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        graph = Path(name) / "baked.onnx"
        write_baked(painter.model, inputs["affine"], graph)
        photo = inputs["image"][0]
        taken = alternate(
            runs,
            {
                "dynamic": _turn(lambda: session.run(inputs)),
                "constant": _turn(lambda: run_baked(painter.backend, graph, photo)),
            },
        )
    return taken["dynamic"]["paint"], taken["constant"]["paint"]


def _turn(work: Callable[[], object]) -> Callable[[], dict[str, float]]:
    def once() -> dict[str, float]:
        started = perf_counter()
        work()
        return {"paint": perf_counter() - started}

    return once


def markdown(report: ProfileReport) -> str:
    """The report as a Markdown table, longest layers first, small ones by kind."""
    total = sum(layer.seconds for layer in report.layers)
    large = [layer for layer in report.layers if layer.seconds >= _LEAST_SHARE * total]
    small = [layer for layer in report.layers if layer.seconds < _LEAST_SHARE * total]
    rows = sorted([*large, *_by_kind(small)], key=lambda layer: -layer.seconds)
    height, width = report.size
    ceiling = report.ceiling
    bfloat16 = f"{ceiling.bfloat16_gflops:.0f}" if ceiling.bfloat16_gflops else "none"
    return "\n".join(
        [
            f"{width} x {height}, {report.engine.precision}, {report.engine.device}: "
            f"{1000 * total:.1f} ms, {report.share:.0%} of the arithmetic ceiling",
            f"(ceiling: {ceiling.float32_gflops:.0f} GFLOP/s float32, bfloat16 {bfloat16}, "
            f"copy {ceiling.copy_gbytes:.1f} GB/s). The affine as an input takes "
            f"{report.affine_cost:.2f} times as long as constants.",
            "",
            table(_HEADINGS, (_row(layer, total, report) for layer in rows), words=(0, 1)),
        ]
    )


_HEADINGS = ("layer", "by", "ms", "of all", "million multiply-adds", "MB", "of the ceiling")


def _row(layer: LayerTime, total: float, report: ProfileReport) -> list[str]:
    least = report.ceiling.least_seconds(layer, report.engine.precision)
    share = f"{min(1.0, least / layer.seconds):.0%}" if layer.seconds else ""
    return [
        f"{layer.kind} {layer.name}",
        layer.implementation,
        f"{1000 * layer.seconds:.3f}",
        f"{layer.seconds / total:.1%}",
        f"{layer.multiply_adds / 1e6:.1f}",
        f"{layer.bytes / 1e6:.2f}",
        share,
    ]


def _by_kind(layers: list[LayerTime]) -> list[LayerTime]:
    kinds = dict.fromkeys(layer.kind for layer in layers)
    return [_sum([layer for layer in layers if layer.kind == kind]) for kind in kinds]


def _sum(layers: list[LayerTime]) -> LayerTime:
    return LayerTime(
        f"({len(layers)} small ones)",
        layers[0].kind,
        "",
        sum(layer.seconds for layer in layers),
        sum(layer.multiply_adds for layer in layers),
        sum(layer.bytes for layer in layers),
    )
