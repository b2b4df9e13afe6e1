"""`impasto bench encoding`: what a style of many pictures costs when painting."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.bench.settings import EncodingSettings
from impasto.cli.bench import ReportFile, SpecText, keep
from impasto.cli.demo import demo_photo
from impasto.cli.extras import need
from impasto.cli.options import AsJson
from impasto.cli.streams import answer, say, standard_output

if TYPE_CHECKING:
    from rich.table import Table

    from impasto.bench.encoding import EncodingReport


def encoding(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The pictures of the style.")],
    contents: Annotated[
        list[int],
        typer.Option(metavar="N", help="So many contents in a row; may be given repeatedly."),
    ] = list(EncodingSettings.contents),  # noqa: B006  # typer never changes it
    pictures: Annotated[
        list[int],
        typer.Option(metavar="M", help="A style of so many pictures; may be given repeatedly."),
    ] = list(EncodingSettings.pictures),  # noqa: B006
    size: Annotated[
        int, typer.Option(metavar="PIXELS", help="Side of the contents.")
    ] = EncodingSettings.size,
    style_size: Annotated[
        int, typer.Option(metavar="PIXELS", help="Long side at which pictures are encoded.")
    ] = EncodingSettings.style_size,
    repeats: Annotated[
        int, typer.Option(metavar="N", help="Timings of each thing.")
    ] = EncodingSettings.repeats,
    style: SpecText = EncodingSettings.style,
    features: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The weights that encode.  \\[default: what recipes name, below IMPASTO_ASSETS]",
        ),
    ] = None,
    as_json: AsJson = False,
    out: ReportFile = None,
) -> None:
    """Time painting in a style of many pictures, beside encoding them again for each content.

    Let nothing else run meanwhile; takes about ten minutes for 140 pictures. Needs the extras
    `train` and `bench`.
    """
    settings = EncodingSettings(tuple(contents), tuple(pictures), size, style_size, repeats, style)
    need("encoding styles", "train", "torch", "imagehash")
    need("encoding styles", "bench", "onnx", "psutil")
    from impasto.bench.encoding import measure_encoding
    from impasto.lab.data import assets_folder
    from impasto.lab.features import features_file
    from impasto.lab.recipe import Recipe

    network = features or features_file(Recipe.features, assets_folder())
    report = measure_encoding(settings, folder, demo_photo(), network, tell=say)
    if as_json:
        answer(json.dumps(report.as_dict()))
    else:
        _show(report)
    keep(report.as_dict(), out)


def _show(report: "EncodingReport") -> None:
    from rich.console import Console

    console, growth = Console(highlight=False), report.growth
    with standard_output():
        console.print(_table(report))
        console.print(
            f"from the fewest pictures to the most, a content takes {growth.fixed:.2f} times as "
            f"long with the style's code, {growth.encoded:.1f} times when the style is encoded"
        )


def _table(report: "EncodingReport") -> "Table":
    from rich.table import Table

    table = Table(title="seconds for all contents", min_width=60)
    for heading in ("contents", "pictures", "code", "encoded each time", "of it encoding"):
        table.add_column(heading, justify="right")
    for cell in report.cells:
        total, encode = cell.encoded["total"].median, cell.encoded["encode"].median
        seconds = (f"{value:.3f}" for value in (cell.fixed.median, total, encode))
        table.add_row(str(cell.contents), str(cell.pictures), *seconds)
    return table
