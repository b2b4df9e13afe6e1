"""The verb group `bench`: measurements that anyone can repeat on their own machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.bench.settings import LossSettings, SpeedSettings
from impasto.cli import options
from impasto.cli.demo import demo_photo
from impasto.cli.extras import need
from impasto.cli.library import measuring
from impasto.cli.streams import answer, say, standard_output
from impasto.core.files import atomic_write
from impasto.core.settings import EngineSettings

if TYPE_CHECKING:
    from rich.table import Table

    from impasto.bench.speed import SizeSpeed, SpeedReport
    from impasto.bench.timing import Summary

bench = typer.Typer(no_args_is_help=True, help="Measure impasto on this machine.")

Sizes = Annotated[
    list[int],
    typer.Option("--size", metavar="PIXELS", help="Side of the photo; may be given repeatedly."),
]
Repeats = Annotated[
    int, typer.Option(metavar="N", help="Timings of each thing; new processes a quarter as many.")
]
SpecText = Annotated[
    str,
    typer.Option(
        "--style",
        "-s",
        metavar="SPEC",
        help="NAME, or a mix NAME:WEIGHT,NAME:WEIGHT.",
        autocompletion=options.complete_style,
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write the JSON into a file, too."),
]


@bench.command()
def speed(
    size: Sizes = list(SpeedSettings.sizes),  # noqa: B006  # typer never changes it
    repeats: Repeats = SpeedSettings.repeats,
    style: SpecText = SpeedSettings.style,
    precision: options.PrecisionOf = EngineSettings.precision,
    threads: options.Threads = EngineSettings.threads,
    as_json: options.AsJson = False,
    out: ReportFile = None,
) -> None:
    """Time the engine beside the pytorch/examples network, and new processes.

    Let nothing else run meanwhile. Needs the extra `bench`.
    """
    settings = SpeedSettings(tuple(size), repeats, style, EngineSettings(precision, threads))
    from impasto.bench.speed import measure_speed

    # Lines and no moving bar: drawing one would take time from what is measured.
    report = measure_speed(settings, demo_photo(), tell=say)
    if as_json:
        answer(json.dumps(report.as_dict()))
    else:
        _show(report)
    keep(report.as_dict(), out)


@bench.command()
def losses(
    contents: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photos.  [default: those that the recipe holds out]"),
    ] = None,
    recipe: Annotated[
        Path, typer.Option(metavar="FILE", help="The recipe that names the styles' pictures.")
    ] = Path("recipes/default.toml"),
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="NAME",
            help="A style of the recipe; may be given repeatedly.  [default: all]",
        ),
    ] = None,
    model: options.ModelName = LossSettings.model,
    photos: Annotated[
        int | None,
        typer.Option(metavar="N", help="So many of the photos, from all over their list."),
    ] = LossSettings.photos,
    crops: Annotated[
        int, typer.Option(metavar="N", help="The judge sees at least so many crops of each method.")
    ] = LossSettings.crops,
    strength: Annotated[
        list[float],
        typer.Option(
            metavar="0..1",
            help="Measured beside 1 where another network painted the same picture; "
            "may be given repeatedly.",
        ),
    ] = list(LossSettings.strengths),  # noqa: B006  # typer never changes it
    as_json: options.AsJson = False,
    out: ReportFile = None,
) -> None:
    """Measure how much of each style is there and what is left of the photo, beside others.

    Prints a Markdown table. Needs the extras `train` and `bench`, and IMPASTO_ASSETS: the folder
    with the styles' pictures and the VGG weights.
    """
    settings = LossSettings(tuple(style or ()), model, photos, crops, tuple(strength))
    need("measuring losses", "train", "torch", "imagehash")
    need("measuring losses", "bench", "onnx", "skimage")
    from impasto.bench.losses import measure_losses
    from impasto.bench.losses_table import markdown
    from impasto.lab.recipe import load_recipe

    with measuring() as progress:
        report = measure_losses(settings, load_recipe(recipe), contents, progress=progress)
    answer(json.dumps(report.as_dict()) if as_json else markdown(report))
    keep(report.as_dict(), out)


def keep(record: dict[str, Any], out: Path | None) -> None:
    """Write a report into a file, last, so that nothing measured is lost if that cannot be done."""
    if out is not None:
        with atomic_write(out) as file:
            file.write((json.dumps(record, indent=2) + "\n").encode())


def _show(report: "SpeedReport") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    with standard_output():
        for size in report.sizes:
            console.print(_table(size, report))
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
