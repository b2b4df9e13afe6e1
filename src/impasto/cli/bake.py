"""The verb `bake`: a style as one ONNX graph for other runtimes."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from impasto.cli import options
from impasto.cli.extras import need
from impasto.cli.folders import folder_named
from impasto.cli.names import result_name
from impasto.cli.photos import calibration_photos
from impasto.cli.streams import answer
from impasto.cli.styling import mark_of, parse_style
from impasto.core.errors import OutputError
from impasto.core.files import atomic_write, make_folder, shown
from impasto.core.notice import warn
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend

if TYPE_CHECKING:
    from impasto.core.arrays import RGB
    from impasto.engine.painter import Painter

_REPEATS = 8
_SLOWER = "INT8 takes {:.2f} times as long as float32 on this machine: leave --precision out here"

PhotoFolder = Annotated[
    Path | None,
    typer.Option(
        "--photos",
        metavar="FOLDER",
        help="Photos of the kind that will be painted.  \\[default: four of scikit-image]",
    ),
]


def bake(
    context: typer.Context,
    style: Annotated[
        str,
        typer.Argument(
            metavar="SPEC",
            help="NAME, a mix NAME:WEIGHT,NAME:WEIGHT, or a style package FILE.safetensors.",
            autocompletion=options.complete_style,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", parser=folder_named, metavar="FOLDER", help="Where to.")
    ],
    photos: PhotoFolder = None,
    model: options.ModelName = "default",
    precision: Annotated[
        Literal["float32", "int8"],
        typer.Option(help="int8 is for machines on which it is faster; needs the extra int8."),
    ] = "float32",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a graph that is there already.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Write a style as one ONNX graph, picture in and painting out, for other runtimes.

    All photos are painted with the mean statistics of the given ones, so the painting differs from
    that of `impasto paint`: the PSNR between the two is told.
    """
    need("baking", "bench", "onnx")
    from impasto.engine.painter import Painter

    chosen = parse_style(style)
    name = result_name(Path("style"), mark_of(chosen), ".onnx").removeprefix("style.")
    target = out / name if precision == "float32" else out / f"{Path(name).stem}.int8.onnx"
    if not overwrite and os.path.lexists(target):
        raise OutputError(f"{shown(target)} is there already: use --overwrite or another folder")
    backend = context.obj or open_backend(settings=EngineSettings("float32"))
    painter = Painter(chosen, model=model, backend=backend)
    facts = _write(painter, calibration_photos(photos), target, precision, overwrite)
    answer(json.dumps(facts) if as_json else target)


def _write(
    painter: "Painter", photos: "list[RGB]", target: Path, precision: str, overwrite: bool
) -> dict[str, object]:
    from impasto.lab import bake as lab

    with TemporaryDirectory(prefix="impasto-bake-") as folder:
        graph = full = Path(folder) / "float32.onnx"
        found = lab.bake(painter, photos, full)
        facts: dict[str, object] = {"graph": str(target), "photos": len(photos)}
        facts |= {"adaptive_psnr": found.adaptive_psnr, "levels": found.same_affine_levels}
        if precision == "int8":
            graph = Path(folder) / "int8.onnx"
            facts |= _quantise(painter, photos, full, graph)
        make_folder(target.parent)
        with atomic_write(target, overwrite=overwrite) as file:
            file.write(graph.read_bytes())
    return facts


def _quantise(
    painter: "Painter", photos: "list[RGB]", full: Path, graph: Path
) -> dict[str, object]:
    """Quantise, and warn where that does not pay: it is for speed alone."""
    need("quantising to INT8", "int8", "nncf", "onnxruntime")
    from impasto.bench.int8 import int8_against, time_baked
    from impasto.lab.quantise import quantise

    quantise(full, photos, graph)
    taken = time_baked(painter, {"float32": full, "int8": graph}, photos[0], _REPEATS)
    ratio = taken["float32"].median / taken["int8"].median
    if ratio < 1:
        warn(_SLOWER.format(1 / ratio))
    return {"int8_ratio": round(ratio, 3), "int8_psnr": int8_against(painter, full, graph, photos)}
