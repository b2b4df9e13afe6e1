"""`impasto bench speed`: how fast the engine is, beside others, and what a new process costs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.bench.settings import SpeedSettings, WideSettings
from impasto.cli import options
from impasto.cli.bench import ReportFile, SpecText, keep, keep_text
from impasto.cli.demo import demo_photo
from impasto.cli.extras import need
from impasto.cli.streams import answer, say, standard_output
from impasto.core.settings import EngineSettings

if TYPE_CHECKING:
    from rich.table import Table

    from impasto.bench.speed import SizeSpeed, SpeedReport
    from impasto.bench.speed_rivals import Rival
    from impasto.bench.speed_wide import WideReport
    from impasto.bench.timing import Summary

Sizes = Annotated[
    list[int],
    typer.Option("--size", metavar="PIXELS", help="Side of the photo; may be given repeatedly."),
]
Repeats = Annotated[
    int, typer.Option(metavar="N", help="Timings of each thing; new processes a quarter as many.")
]


def speed(
    size: Sizes = list(SpeedSettings.sizes),  # noqa: B006  # typer never changes it
    repeats: Repeats = SpeedSettings.repeats,
    style: SpecText = SpeedSettings.style,
    precision: options.PrecisionOf = EngineSettings.precision,
    threads: options.Threads = EngineSettings.threads,
    rivals: Annotated[
        bool, typer.Option(help="Time MicroAST, an AdaIN-shaped network and eager torch too.")
    ] = WideSettings.rivals,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Every engine, precision and size up to 100 MP, too; takes about half an hour.",
        ),
    ] = WideSettings.full,
    as_json: options.AsJson = False,
    out: ReportFile = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the tables as Markdown, too.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw time against pixels into a PNG, too."),
    ] = None,
) -> None:
    """Time the engine beside the pytorch/examples network and others, and new processes.

    Let nothing else run meanwhile. Needs the extra `bench`; eager torch is timed where torch is.
    """
    settings = SpeedSettings(tuple(size), repeats, style, EngineSettings(precision, threads))
    need("measuring speed", "bench", "onnx", "psutil")
    from impasto.bench.plots import check_plot
    from impasto.bench.speed_plot import write_plot
    from impasto.bench.speed_table import markdown
    from impasto.bench.speed_wide import measure_wide

    if plot is not None:
        check_plot()
    # Lines and no moving bar: drawing one would take time from what is measured.
    report = measure_wide(settings, WideSettings(rivals, full), demo_photo(), tell=say)
    if as_json:
        answer(json.dumps(report.as_dict()))
    else:
        _show(report)
    keep(report.as_dict(), out)
    keep_text(markdown(report) + "\n", table)
    if plot is not None:
        write_plot(report, plot)


def _show(wide: "WideReport") -> None:
    from rich.console import Console

    console, report = Console(highlight=False), wide.speed
    with standard_output():
        for size in report.sizes:
            console.print(_table(size, report))
        for rival in wide.rivals:
            console.print(_beside(rival))
        for line in _lines(report):
            console.print(line)


def _table(size: "SizeSpeed", report: "SpeedReport") -> "Table":
    from rich.table import Table

    table = Table(title=f"{size.size} x {size.size}, {report.engine.precision}", min_width=60)
    table.add_column("milliseconds")
    for heading in ("median", "min", "max", "IQR"):
        table.add_column(heading, justify="right")
    for step, summary in size.impasto.items():
        name = "impasto" if step == "engine" else f"  {step}"
        table.add_row(name, *_milliseconds(summary))
    table.add_row(report.peer.name, *_milliseconds(size.peer["engine"]))
    table.add_row("ratio", f"{size.ratio:.1f}", end_section=True)
    return table


def _beside(rival: "Rival") -> str:
    name = f"{rival.name} in {rival.runtime}, {rival.width} x {rival.height}"
    if rival.seconds is None:
        return f"{name}: {rival.note}"
    return f"{name}: {1000 * rival.seconds.median:.1f} ms, {rival.ratio:.1f} times as long"


def _milliseconds(summary: "Summary") -> list[str]:
    values = (summary.median, summary.min, summary.max, summary.iqr)
    return [f"{1000 * value:.2f}" for value in values]


def _lines(report: "SpeedReport") -> Iterator[str]:
    painted, imported = report.paint_process, report.import_process
    memory = painted.peak_bytes
    peak = f", at most {memory / 2**20:.0f} MiB resident" if memory else ""
    yield (
        f"a new process paints {painted.megapixels:g} MP in {painted.seconds.median:.2f} s "
        f"(median of {painted.seconds.count}){peak}"
    )
    yield (
        f"import impasto takes {imported.seconds:.3f} s "
        f"(the bare interpreter {imported.bare_interpreter.median:.3f} s)"
    )
    engine, commit = report.engine, report.commit
    threads = report.threads or "default"
    yield f"{engine.name} {engine.version} on {engine.device}, threads: {threads}"
    dirty = " with changes" if commit and commit.dirty else ""
    yield f"impasto {report.versions['impasto']}, " + (
        f"commit {commit.id[:12]}{dirty}" if commit else "not from a checkout"
    )
