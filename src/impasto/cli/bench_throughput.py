"""`impasto bench throughput`: how many photos of a folder are painted in a second."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.bench.settings import ThroughputSettings
from impasto.cli import options
from impasto.cli.bench import ReportFile, SpecText, keep
from impasto.cli.extras import need
from impasto.cli.streams import answer, say
from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings

if TYPE_CHECKING:
    from impasto.bench.throughput import ThroughputReport


def throughput(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Photos.")],
    repeats: Annotated[
        int, typer.Option(metavar="N", help="How often all photos are painted, in two ways.")
    ] = ThroughputSettings.repeats,
    style: SpecText = ThroughputSettings.style,
    precision: options.PrecisionOf = EngineSettings.precision,
    threads: options.Threads = EngineSettings.threads,
    as_json: options.AsJson = False,
    out: ReportFile = None,
) -> None:
    """Time a folder of photos, against what the cores could do if none of them ever waited.

    That is the number of cores by the processor seconds that reading, measuring, painting and
    writing a photo take alone. Let nothing else run meanwhile. Needs the extra `bench`.
    """
    need("impasto bench", "bench", "psutil")
    from impasto.bench.throughput import measure_throughput
    from impasto.cli.walk import pictures_below

    settings = ThroughputSettings(repeats, style, EngineSettings(precision, threads))
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder")
    report = measure_throughput(settings, pictures_below(folder).pictures, tell=say)
    answer(json.dumps(report.as_dict()) if as_json else "\n".join(_lines(report)))
    keep(report.as_dict(), out)


def _lines(report: "ThroughputReport") -> Iterator[str]:
    yield f"{report.photos} photos, {report.megapixels:g} MP, {report.crowd} at once"
    for step, seconds in report.alone.items():
        yield f"{step:8} {1000 * seconds:9.1f} ms of processor time a photo, alone"
    yield f"together {1000 * report.together:9.1f} ms of processor time a photo, in the pipeline"
    yield f"{report.cores} cores could paint {report.best_rate:.2f} photos a second"
    yield f"the pipeline paints {report.rate:.2f}: {100 * report.share:.0f} %"
