"""`impasto bench profile` and `impasto bench int8`: where the time goes, and what INT8 gains."""

import json
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import options
from impasto.cli.bench import ReportFile, SpecText, keep
from impasto.cli.demo import demo_photo
from impasto.cli.extras import need
from impasto.cli.photos import calibration_photos
from impasto.cli.streams import answer
from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend

_LEAST_SIZE = 16

Repeats = Annotated[int, typer.Option(metavar="N", help="Timings of each thing.")]


def profile(
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Side of the photo.")] = 512,
    repeats: Repeats = 30,
    style: SpecText = "scream",
    precision: options.PrecisionOf = EngineSettings.precision,
    threads: options.Threads = EngineSettings.threads,
    as_json: options.AsJson = False,
    out: ReportFile = None,
) -> None:
    """Show where the time of painting goes, layer by layer, against what this machine can do.

    Prints a Markdown table. Let nothing else run meanwhile. Needs the extra `bench`.
    """
    if size < _LEAST_SIZE or repeats < 1:
        raise SettingsError(f"size is {size} and repeats {repeats}: at least {_LEAST_SIZE} and 1")
    need("impasto bench", "bench", "onnx", "psutil")
    from impasto.bench.profile import markdown, measure_profile
    from impasto.bench.speed import square
    from impasto.engine.painter import Painter
    from impasto.media.image import read_image

    backend = open_backend("openvino", EngineSettings(precision, threads))
    photo = square(read_image(demo_photo()).pixels, size)
    report = measure_profile(Painter(style, backend=backend), photo, threads=threads, runs=repeats)
    answer(json.dumps(report.as_dict()) if as_json else markdown(report))
    keep(report.as_dict(), out)


def int8(
    photos: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photos.  \\[default: four of scikit-image]"),
    ] = None,
    repeats: Repeats = 20,
    style: SpecText = "scream",
    threads: options.Threads = EngineSettings.threads,
    as_json: options.AsJson = False,
    out: ReportFile = None,
) -> None:
    """Compare a baked style in INT8 with the same in float32: time, and difference.

    Prints a Markdown table. Let nothing else run meanwhile. Needs the extras `bench` and `int8`.
    """
    if repeats < 1:
        raise SettingsError(f"repeats is {repeats}: it must be at least 1")
    need("impasto bench", "bench", "onnx", "psutil")
    need("quantising to INT8", "int8", "nncf", "onnxruntime")
    from impasto.bench.int8 import markdown, measure_int8
    from impasto.engine.painter import Painter

    painter = Painter(style, backend=open_backend("openvino", EngineSettings("float32", threads)))
    report = measure_int8(painter, calibration_photos(photos), repeats)
    answer(json.dumps(report.as_dict()) if as_json else markdown(report))
    keep(report.as_dict(), out)
