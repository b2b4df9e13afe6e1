"""`impasto bench quality` and `impasto bench report`: methods side by side, measured and shown."""

import os
from pathlib import Path
from typing import Annotated

import typer

from impasto.bench.quality.settings import METHODS, QualitySettings
from impasto.cli import options
from impasto.cli.bench import RECIPE, Contents, RecipeFile
from impasto.cli.ends import PARTLY_FAILED
from impasto.cli.extras import need
from impasto.cli.streams import answer, say
from impasto.core.errors import InputError

Out = Annotated[
    Path,
    typer.Option("--out", "-o", metavar="DIR", help="Results and paintings; a later call goes on."),
]
Method = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help=f"May be given repeatedly: {', '.join(METHODS)}.  \\[default: all]",
    ),
]
StyleOf = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        "-s",
        metavar="NAME[=FILE]",
        help="A style of the recipe, or of this picture; may be given repeatedly.  "
        "\\[default: six of the recipe]",
    ),
]
Photos = Annotated[
    int, typer.Option(metavar="N", help="So many of the photos, from all over their list.")
]
SlowPhotos = Annotated[int, typer.Option(metavar="N", help="Of these so many for optimisation.")]
Size = Annotated[int, typer.Option(metavar="PIXELS", help="Long side of all paintings.")]
Crops = Annotated[
    int, typer.Option(metavar="N", help="The judge sees at least so many crops of each set.")
]
Sizes = Annotated[
    list[int],
    typer.Option(
        metavar="PIXELS",
        help="Time and memory at this side, in new processes; may be given repeatedly, 0 is none.",
    ),
]
Report = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the report as Markdown at the end.")
]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one HTML page, too.")]


def quality(
    out: Out,
    method: Method = None,
    style: StyleOf = None,
    contents: Contents = None,
    photos: Photos = QualitySettings.photos,
    slow_photos: SlowPhotos = QualitySettings.slow_photos,
    size: Size = QualitySettings.size,
    crops: Crops = QualitySettings.crops,
    sizes: Sizes = list(QualitySettings.sizes),  # noqa: B006  # typer never changes it
    recipe: RecipeFile = RECIPE,
    model: options.ModelName = QualitySettings.model,
    report: Report = None,
    html: Html = None,
) -> None:
    """Paint photos by impasto and other methods, and measure the paintings.

    Let nothing else run meanwhile. Without IMPASTO_ASSETS, whose networks other methods need, it
    takes the photos of scikit-image and scikit-learn. Needs the extra `quality`.
    """
    need_quality()
    from impasto.bench.quality.report import check_report
    from impasto.bench.quality.resources import measure_resources
    from impasto.bench.quality.run import Inputs, measure_quality
    from impasto.lab.data import assets_folder
    from impasto.lab.recipe import load_recipe

    names, pictures = _styles(style or [])
    settings = QualitySettings(
        styles=names or QualitySettings.styles,
        methods=tuple(method or METHODS),
        model=model,
        photos=photos,
        slow_photos=slow_photos,
        size=size,
        crops=crops,
        sizes=tuple(each for each in sizes if each),
    )
    if report is not None:
        check_report(report, html, out)  # before an hour of measuring
    elif html is not None:
        raise InputError("--html needs --report: the page goes with the Markdown file")
    assets = assets_folder() if os.environ.get("IMPASTO_ASSETS") else None
    inputs = Inputs(load_recipe(recipe), assets, contents, pictures)
    failed = measure_quality(settings, inputs, out, tell=say)
    measure_resources(settings, inputs, out, tell=say)
    if report is not None:
        write(out, report, html)
    if failed:
        say(f"{failed} paintings failed: see {out / 'results.jsonl'}")
        raise typer.Exit(PARTLY_FAILED)


def report(
    results: Annotated[Path, typer.Argument(metavar="DIR", help="What `bench quality` wrote.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="The report, Markdown.")
    ] = Path("bench.md"),
    html: Html = None,
    votes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What `bench vote` wrote.  \\[default: votes.sqlite in DIR, if it is there]",
        ),
    ] = None,
) -> None:
    """Write tables, plots and contact sheets of measured paintings.

    Pictures of the Markdown go into a folder beside it, of its name. Needs the extra `quality`.
    """
    need_quality()
    write(results, out, html, votes)


def need_quality() -> None:
    """Raise MissingExtraError unless all that measures quality is installed."""
    need("measuring quality", "quality", "torchmetrics", "torch", "imagehash", "onnx", "skimage")
    need("the report", "quality", "matplotlib", "psutil")


def write(results: Path, out: Path, html: Path | None, votes: Path | None = None) -> None:
    """Write the report, and print its file."""
    from impasto.bench.quality.report import check_report, write_report

    check_report(out, html)
    write_report(results, out, html, votes)
    answer(str(out))


def _styles(texts: list[str]) -> tuple[tuple[str, ...], dict[str, Path]]:
    """Names, and the pictures that were given for them."""
    pictures, names = {}, []
    for text in texts:
        name, given, file = text.partition("=")
        names.append(name)
        if given:
            pictures[name] = Path(file)
    return tuple(dict.fromkeys(names)), pictures
