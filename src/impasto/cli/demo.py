"""The verb `demo`: paints a bundled photo, to see that everything works."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.ends import PARTLY_FAILED
from impasto.cli.folders import folder_named
from impasto.cli.jobs import Job, Plan
from impasto.cli.names import result_name
from impasto.cli.options import StyleText
from impasto.cli.paint import record_of
from impasto.cli.report import Report
from impasto.cli.streams import answer, own_stderr
from impasto.cli.styling import mark_of, parse_style
from impasto.core.files import BUNDLED_DATA
from impasto.engine.backends import open_backend

Folder = Annotated[
    Path, typer.Option("--out", "-o", parser=folder_named, metavar="FOLDER", help="Where to.")
]


def demo_photo() -> Path:
    """The photo that comes with impasto: 600 x 400 pixels, CC0."""
    return BUNDLED_DATA / "demo" / "coffee.jpg"


def demo(context: typer.Context, style: StyleText = "scream", out: Folder = Path("demo")) -> None:
    """Paint a photo that comes with impasto, and print the path of the result.

    A result of an earlier demo is replaced.
    """
    from impasto.cli.how import Work
    from impasto.cli.work import do_all
    from impasto.engine.painter import Painter
    from impasto.media.image import ReadLimits, WriteOptions

    chosen = parse_style(style)
    painter = Painter(chosen, backend=context.obj or open_backend())
    photo = demo_photo()
    target = out / result_name(photo, mark_of(chosen), photo.suffix)
    work = Work(painter, ReadLimits(), WriteOptions(record=record_of(painter)), "overwrite")
    with own_stderr(), Report(1) as report:
        do_all(Plan([Job(photo, target)]), work, report)
    if report.failed:
        raise typer.Exit(PARTLY_FAILED)
    answer(target.absolute())
