"""The verb group `library`: from a folder of pictures to a measured style."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.extras import need
from impasto.cli.options import AsJson
from impasto.cli.streams import answer, say
from impasto.core.errors import SettingsError
from impasto.core.files import check_writable, shown

if TYPE_CHECKING:
    from impasto.lab.library import Eye
    from impasto.lab.style_file import MeasuredStyle

library = typer.Typer(no_args_is_help=True, help="Make styles from pictures, for training.")


Pictures = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The pictures, and what pictures.csv says.")
]
Name = Annotated[str, typer.Option(metavar="NAME", help="What the style is called.")]
Title = Annotated[str, typer.Option(metavar="TEXT", help="Its title; else the name.")]
Artist = Annotated[
    str, typer.Option(metavar="TEXT", help="Of pictures that pictures.csv does not name.")
]
Licence = Annotated[
    str, typer.Option(metavar="TEXT", help="Of pictures that pictures.csv does not name.")
]
School = Annotated[
    bool, typer.Option("--school", help="The style of many hands; warns below 50 pictures.")
]
Scales = Annotated[
    list[int] | None,
    typer.Option(
        metavar="PIXELS",
        min=32,
        help="Long sides at which pictures are measured; may be given repeatedly.  "
        "\\[default: 512, 256]",
    ),
]
Features = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The VGG weights.  \\[default: what recipes name, below IMPASTO_ASSETS]",
    ),
]
RecipeFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Measure as training by this recipe needs it: its features, scales, augmentation.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", help="Where to.  \\[default: NAME.features.safetensors]"
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]


@library.callback()
def _group() -> None:
    """Keeps `build` a verb of its own while it is the only one."""


@library.command()
def build(
    folder: Pictures,
    name: Name,
    title: Title = "",
    artist: Artist = "",
    licence: Licence = "",
    school: School = False,
    scale: Scales = None,
    features: Features = None,
    recipe: RecipeFile = None,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Check, describe and measure pictures of one style, and write its features.

    A picture that was measured before is not measured again. Prints the file that was written;
    with --json, an object of its manifest and of how many pictures there are of each kind.
    """
    need("building a style", "train", "torch", "imagehash")
    from impasto.lab.library import About, build_style
    from impasto.lab.pictures import coverage
    from impasto.lab.style_file import SUFFIX, write_measured

    target = out or Path(f"{name}{SUFFIX}")
    _check_target(target, overwrite)
    about = About(name, title, artist, licence, school)
    eye = _eye(recipe, features, scale)
    with measuring() as progress:
        style = build_style(folder, about, eye, progress=progress)
    write_measured(style, target, overwrite=overwrite)
    counted = coverage(style.pictures)
    _report(style, counted)
    facts = {"output": str(target), **style.manifest(), "coverage": counted}
    answer(json.dumps(facts, indent=2) if as_json else target)


def _check_target(target: Path, overwrite: bool) -> None:
    """Finds what `impasto fit` could not read, or nobody can write, before minutes of work."""
    from impasto.styles.package import SUFFIX

    if target.suffix.lower() != SUFFIX:
        raise SettingsError(f"{shown(target)}: a file of style features is called *{SUFFIX}")
    check_writable(target, overwrite=overwrite)


def _eye(recipe: Path | None, features: Path | None, scales: list[int] | None) -> "Eye":
    from impasto.lab.data import assets_folder
    from impasto.lab.features import features_file
    from impasto.lab.library import Eye
    from impasto.lab.recipe import Recipe, load_recipe

    if recipe is not None:
        if features or scales:
            raise typer.BadParameter("a recipe says --features and --scale: give one or the other")
        return Eye.of_recipe(load_recipe(recipe), assets_folder())
    network = features or features_file(Recipe.features, assets_folder())
    return Eye(network, scales=tuple(scales)) if scales else Eye(network)


def _report(style: "MeasuredStyle", coverage: dict[str, dict[str, int]]) -> None:
    left_out = f", {len(style.left_out)} left out" if style.left_out else ""
    say(f"{len(style.pictures)} pictures{left_out}")
    for key, counts in coverage.items():
        say(f"{key}: " + ", ".join(f"{value} {count}" for value, count in counts.items()))


@contextmanager
def measuring() -> Iterator[Callable[[int, int], None]]:
    """A bar of the pictures that are measured, on a terminal; elsewhere nothing."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("measuring", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
