"""`impasto bench thumbnail`: what measuring a thumbnail costs, in statistics and in paintings."""

import json
from pathlib import Path
from typing import Annotated

import typer

from impasto.bench.settings import ThumbnailSettings
from impasto.cli.bench import RECIPE, RecipeFile, ReportFile, keep, keep_text
from impasto.cli.extras import need
from impasto.cli.library import measuring
from impasto.cli.options import AsJson
from impasto.cli.streams import answer


def thumbnail(
    photos: Annotated[Path, typer.Argument(metavar="DIR", help="Photos; larger ones say more.")],
    style: Annotated[
        list[str],
        typer.Option(
            "--style", "-s", metavar="NAME", help="A style of the recipe; may be repeated."
        ),
    ] = list(ThumbnailSettings.styles),  # noqa: B006  # typer never changes it
    ratio: Annotated[
        list[float],
        typer.Option(metavar="1..64", help="Photo over thumbnail, by side; may be repeated."),
    ] = list(ThumbnailSettings.ratios),  # noqa: B006
    windows: Annotated[
        int, typer.Option(metavar="N", help="So many windows of each photo are painted.")
    ] = ThumbnailSettings.windows,
    side: Annotated[
        int, typer.Option(metavar="PIXELS", help="Of a window.")
    ] = ThumbnailSettings.side,
    count: Annotated[
        int | None,
        typer.Option("--photos", metavar="N", help="So many of the photos, from all over."),
    ] = None,
    recipe: RecipeFile = RECIPE,
    as_json: AsJson = False,
    out: ReportFile = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table as Markdown, too.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the paintings side by side, as PNG.")
    ] = None,
) -> None:
    """Compare statistics from a thumbnail, from patches and from both with those of all pixels.

    Prints a Markdown table. Needs the extras `train` and `bench`, and IMPASTO_ASSETS.
    """
    settings = ThumbnailSettings(tuple(style), tuple(ratio), windows, side)
    need("measuring thumbnails", "train", "torch", "imagehash")
    need("measuring thumbnails", "bench", "onnx", "skimage")
    from PIL import Image

    from impasto.bench.losses_inputs import photos_in, spread
    from impasto.bench.thumbnail import measure_thumbnail
    from impasto.bench.thumbnail_table import markdown
    from impasto.bench.thumbnail_table import sheet as sheet_of
    from impasto.core.files import atomic_write
    from impasto.lab.recipe import load_recipe

    chosen = spread(photos_in(photos), count)
    with measuring() as progress:
        report = measure_thumbnail(settings, chosen, load_recipe(recipe), progress=progress)
    told = markdown(report)
    answer(json.dumps(report.as_dict()) if as_json else told)
    keep(report.as_dict(), out)
    keep_text(told + "\n", table)
    if sheet is not None:
        with atomic_write(sheet) as file:
            Image.fromarray(sheet_of(report)).save(file, "PNG")
