"""The verb `fit`: a new style from pictures, on a trunk that is trained already."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.demo import demo_photo
from impasto.cli.ends import PARTLY_FAILED
from impasto.cli.extras import need
from impasto.cli.library import measuring
from impasto.cli.options import ModelName
from impasto.cli.streams import answer, say
from impasto.cli.styles import add_to_library
from impasto.cli.train import Bfloat16, Device
from impasto.core.errors import ImpastoError, OutputError, SettingsError
from impasto.core.files import check_takes_files, check_writable, make_folder, shown
from impasto.engine.model import DEFAULT_MODEL

if TYPE_CHECKING:
    from impasto.core.arrays import RGB
    from impasto.lab.fit import Best, Fit, FitProgress
    from impasto.styles.library import Library
    from impasto.styles.package import Style

_STYLE, _EFFORT, _RESULT = "The style", "The fit", "Files"

MINUTES = 10.0

Pictures = Annotated[
    list[Path],
    typer.Argument(
        metavar="PICTURE|FOLDER...",
        help="The style's pictures, or a file of style features of `impasto library build`.",
        show_default=False,
    ),
]
Name = Annotated[
    str, typer.Option(metavar="NAME", help="What the style is called.", rich_help_panel=_STYLE)
]
Title = Annotated[
    str, typer.Option(metavar="TEXT", help="Its title; else the name.", rich_help_panel=_STYLE)
]
Artist = Annotated[
    str, typer.Option(metavar="TEXT", help="Who made the pictures.", rich_help_panel=_STYLE)
]
Year = Annotated[
    int | None, typer.Option(metavar="YEAR", help="When they were made.", rich_help_panel=_STYLE)
]
Licence = Annotated[
    str, typer.Option(metavar="TEXT", help="Of the pictures.", rich_help_panel=_STYLE)
]
Minutes = Annotated[
    float | None,
    typer.Option(
        metavar="MINUTES",
        help=f"How long to train.  \\[default: {MINUTES:g}, if no --steps are given]",
        rich_help_panel=_EFFORT,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="How many steps to train; alone, it gives the same style on every run.",
        rich_help_panel=_EFFORT,
    ),
]
Seed = Annotated[
    int,
    typer.Option(metavar="N", min=0, help="Decides what chance decides.", rich_help_panel=_EFFORT),
]
Photos = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Your photos to train on, better than the made scenes that are used otherwise.",
        rich_help_panel=_EFFORT,
    ),
]
Features = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="VGG weights to look with, instead of the network that comes along.",
        rich_help_panel=_EFFORT,
    ),
]
Full = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Tune a copy of the whole model too, and write it there; takes hours.",
        rich_help_panel=_EFFORT,
    ),
]
ProgressFolder = Annotated[
    Path | None,
    typer.Option(
        "--progress",
        metavar="DIR",
        help="Keep a painted photo of each improvement here.",
        rich_help_panel=_RESULT,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="The style package to write, FILE.safetensors.  \\[default: among your styles]",
        rich_help_panel=_RESULT,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace what is there already.", rich_help_panel=_RESULT),
]


def fit(
    pictures: Pictures,
    name: Name,
    title: Title = "",
    artist: Artist = "",
    year: Year = None,
    licence: Licence = "",
    minutes: Minutes = None,
    steps: Steps = None,
    seed: Seed = 1,
    photos: Photos = None,
    features: Features = None,
    model: ModelName = DEFAULT_MODEL,
    full: Full = None,
    device: Device = "cpu",
    bfloat16: Bfloat16 = False,
    progress: ProgressFolder = None,
    out: Out = None,
    overwrite: Overwrite = False,
) -> None:
    """Make a style of your own from one picture or many.

    Only the style's code is trained, from the most similar style there is; Ctrl-C ends early and
    keeps the best so far. Prints the style package that was written.
    """
    need("fitting a style", "train", "torch", "imagehash", "onnx")
    from impasto.engine.looks import library_of, styles_of
    from impasto.engine.model import load_model
    from impasto.lab.fit import FitSettings
    from impasto.lab.library import About
    from impasto.lab.new_style import Ground, begin, measure_subject
    from impasto.media.image import read_image

    _check_targets(name, out, full, overwrite)
    budget = MINUTES if minutes is None and steps is None else minutes
    settings = FitSettings(
        budget, steps, seed, full=full is not None, device=device, bfloat16=bfloat16
    )
    photo = read_image(demo_photo()).pixels
    chosen = load_model(model)
    ground = Ground(chosen, styles_of(chosen), photo, features, photos)
    with measuring() as tell:
        about = About(name, title, artist, licence)
        subject = measure_subject(pictures, about, year, features, tell)
    commission = begin(subject, ground, settings)
    say(f"starts from {commission.start}, trains on {commission.contents.called}")
    whole = _follow(commission.fit, _keeper(progress, photo))
    style = commission.package_with_model(full) if full else commission.package()
    _put(style, out, library_of(chosen), overwrite)
    if not whole:
        raise typer.Exit(PARTLY_FAILED)


def _check_targets(name: str, out: Path | None, full: Path | None, overwrite: bool) -> None:
    """Finds what cannot be written before minutes of work, not after them."""
    from impasto.lab.new_style import check_model_folder
    from impasto.styles.library import Library
    from impasto.styles.package import SUFFIX
    from impasto.styles.shelf import check_free

    if out is None:
        check_takes_files(check_free(Library(), name, overwrite=overwrite).parent)
    elif out.suffix.lower() != SUFFIX:
        raise SettingsError(f"{shown(out)}: a style package is called *{SUFFIX}")
    else:
        check_writable(out, overwrite=overwrite)
    if full is not None:
        check_model_folder(full, overwrite=overwrite)


def _follow(fit: "Fit", keep: "Callable[[Best], None]") -> bool:
    """Runs a fit to its end, to Ctrl-C, or to an error: what was learned before is not lost.

    Returns:
        Whether no error ended it.
    """
    whole = True
    try:
        keep(fit.best)
        with _bar() as show:
            for report in fit.run():
                show(report, fit.best)
                if report.improved:
                    keep(fit.best)
    except KeyboardInterrupt:
        say(f"interrupted at step {fit.step}: the best so far is kept")
    except ImpastoError as error:
        if not fit.best.step:
            raise
        say(f"ended at step {fit.step}, the best so far is kept: {error}")
        whole = False
    best = fit.best
    say(f"best at step {best.step} of {fit.step}: {_words(best.losses)}")
    return whole


def _words(losses: dict[str, float]) -> str:
    shown_first = [name for name in ("style", "content", "total") if name in losses]
    return "  ".join(f"{name} {losses[name]:.4f}" for name in shown_first)


@contextmanager
def _bar() -> "Iterator[Callable[[FitProgress, Best], None]]":
    """A bar with loss and time left on a terminal; elsewhere a line for each judgement."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    console = Console(stderr=True)
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=1.0)

        def show(report: "FitProgress", best: "Best") -> None:
            left = f"{report.seconds_left // 60:.0f}:{report.seconds_left % 60:02.0f} left"
            text = (
                f"{left}  step {report.step}: {_words(report.losses)}  best {_words(best.losses)}"
            )
            bar.update(task, completed=report.share, description=text)
            if report.judged and not console.is_terminal:
                say(text)

        yield show


def _keeper(folder: Path | None, photo: "RGB") -> "Callable[[Best], None]":
    """Writes a painting of each best into the folder, if there is to be one."""
    from impasto.media.image import Picture, write_image

    if folder is None:
        return lambda best: None
    make_folder(folder)

    def keep(best: "Best") -> None:
        picture = Picture(best.paint(photo), alpha=None, exif=None, icc_profile=None, format="JPEG")
        write_image(picture, folder / f"{best.step:06d}.jpg")

    return keep


def _put(style: "Style", out: Path | None, library: "Library", overwrite: bool) -> None:
    """Puts the style where it is wanted, else in a temporary folder, and prints the file."""
    from impasto.styles.package import SUFFIX, write_style

    try:
        if out is None:
            written = add_to_library(library, style, overwrite=overwrite)
        else:
            write_style(style, written := out, overwrite=overwrite)
    except ImpastoError as error:
        kept = Path(mkdtemp(prefix="impasto-")) / f"{style.name}{SUFFIX}"
        write_style(style, kept)
        raise OutputError(f"{error}; the style is kept as {kept}") from error
    answer(written)
