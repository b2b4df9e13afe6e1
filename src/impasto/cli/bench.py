"""The verb group `bench`: measurements that anyone can repeat on their own machine."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.bench.settings import LossSettings
from impasto.cli import options
from impasto.cli.extras import need
from impasto.cli.library import measuring
from impasto.cli.streams import answer
from impasto.core.files import atomic_write

bench = typer.Typer(no_args_is_help=True, help="Measure impasto on this machine.")

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
Contents = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Photos.  \\[default: those that the recipe holds out]"),
]
RecipeFile = Annotated[
    Path, typer.Option(metavar="FILE", help="The recipe that names the styles' pictures.")
]
RECIPE = Path("recipes/default.toml")


@bench.command()
def losses(
    contents: Contents = None,
    recipe: RecipeFile = RECIPE,
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="NAME",
            help="A style of the recipe; may be given repeatedly.  \\[default: all]",
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


def keep_text(text: str, out: Path | None) -> None:
    """Write a text into a file, if there is one to write."""
    if out is not None:
        with atomic_write(out) as file:
            file.write(text.encode())


def keep(record: dict[str, Any], out: Path | None) -> None:
    """Write a report into a file, last, so that nothing measured is lost if that cannot be done."""
    keep_text(json.dumps(record, indent=2) + "\n", out)
