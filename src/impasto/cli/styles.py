"""The verb group `styles`: what is installed and what it is made of, and adding to it."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.ends import EXIT_CODES, PARTLY_FAILED
from impasto.cli.folders import folder_named
from impasto.cli.options import AsJson, complete_style
from impasto.cli.streams import answer, say
from impasto.core.errors import ImpastoError, StyleError
from impasto.core.notice import warn
from impasto.engine.model import DEFAULT_MODEL, load_model

if TYPE_CHECKING:
    from impasto.styles.library import Library
    from impasto.styles.package import Style

styles = typer.Typer(
    no_args_is_help=True, help="Show the installed styles, add your own, hand them on."
)

StyleName = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_style)]
StyleNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME...", autocompletion=complete_style, show_default=False),
]
OfModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|FOLDER",
        help="Only styles made for this model.  \\[default: the bundled and your own]",
    ),
]
ForModel = Annotated[
    str, typer.Option("--model", metavar="NAME|FOLDER", help="The model that it is made for.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]


@styles.command("list")
def list_all(model: OfModel = None, as_json: AsJson = False) -> None:
    """List the installed styles, the bundled and your own, or those of a model."""
    from impasto.engine.looks import library_of, styles_of

    chosen = load_model(model or DEFAULT_MODEL)
    found = styles_of(chosen) if model else library_of(chosen).styles(chosen.trunk_id)
    if as_json:
        answer(json.dumps([_facts(style) for style in found], indent=2))
        return
    rows = [(style.name, _origin(style)) for style in found]
    width = max((len(name) for name, _ in rows), default=0)
    for name, origin in rows:
        answer(f"{name:{width}}  {origin}")


@styles.command()
def show(name: StyleName, model: ForModel = DEFAULT_MODEL, as_json: AsJson = False) -> None:
    """Show where a style comes from, its licence and what it fits."""
    from impasto.engine.looks import library_of

    chosen = load_model(model)
    facts = _facts(library_of(chosen).get(name, chosen.trunk_id))
    if as_json:
        answer(json.dumps(facts, indent=2))
        return
    sources, losses = facts.pop("sources"), facts.pop("losses")
    rows = [(key, value) for key, value in facts.items() if value not in ("", None)]
    rows += [("source", f"{one['file']} {one['sha256']}") for one in sources]
    rows += [(f"loss {key}", f"{value:.4g}") for key, value in losses.items()]
    width = max(len(key) for key, _ in rows)
    for key, value in rows:
        answer(f"{key:{width}}  {value}")


@styles.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A style package.")],
    name: Annotated[
        str | None, typer.Option(metavar="NEW", help="Call it this; without it, its own name.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Add a style package to your styles, after checking it."""
    from impasto.styles.library import Library
    from impasto.styles.package import read_style

    style = read_style(file)
    named = style if name is None else replace(style, name=name)
    say(f"added {add_to_library(Library(), named, overwrite=overwrite)}")


@styles.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_style)],
) -> None:
    """Remove one of your styles; those that come with impasto stay."""
    from impasto.styles.library import Library
    from impasto.styles.shelf import remove_style

    say(f"removed {remove_style(Library(), name)}")


@styles.command()
def export(
    names: StyleNames = None,
    everything: Annotated[bool, typer.Option("--all", help="All installed styles.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            parser=folder_named,
            metavar="FILE|FOLDER",
            help="A package FILE.safetensors for one style, FILE.zip for all of them together, "
            "or a folder.  \\[default: the current folder]",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write installed styles into files to hand on; prints the files."""
    from impasto.styles.exchange import write_styles
    from impasto.styles.library import Library

    library = Library()
    if everything == bool(names):
        raise StyleError("give the names of styles, or --all")
    chosen = (
        library.styles()
        if everything
        else [library.get(each) for each in dict.fromkeys(names or ())]
    )
    for path in write_styles(chosen, out or Path(), overwrite=overwrite):
        answer(path)


@styles.command("import", epilog=EXIT_CODES)
def import_all(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER|FILE...", help="Packages, folders of packages, zip files of packages."
        ),
    ],
    overwrite: Overwrite = False,
) -> None:
    """Add many style packages to your styles; what cannot be used is named and left out."""
    from impasto.styles.exchange import read_styles
    from impasto.styles.library import Library

    failed = False
    for source in sources:
        for where, found in _tolerant(read_styles(source)):
            try:
                if isinstance(found, ImpastoError):
                    raise found
                say(f"added {add_to_library(Library(), found, overwrite=overwrite)}")
            except ImpastoError as error:
                failed = True
                say(str(error) if str(error).startswith(where) else f"{where}: {error}")
    if failed:
        raise typer.Exit(PARTLY_FAILED)


def _tolerant(
    found: "Iterable[tuple[str, Style | StyleError]]",
) -> "Iterable[tuple[str, Style | StyleError]]":
    """What is found, with the error that ends it as the last item."""
    try:
        yield from found
    except StyleError as error:
        yield "", error


def add_to_library(library: "Library", style: "Style", *, overwrite: bool) -> Path:
    """Puts a style among the user's own; warns if the default model cannot paint it."""
    from impasto.styles.shelf import add_style

    path = add_style(library, style, overwrite=overwrite)
    if style.trunk_id != load_model().trunk_id:
        warn(f"style {style.name!r} does not fit the model {DEFAULT_MODEL!r}: it needs its own")
    return path


def _origin(style: "Style") -> str:
    return ", ".join(str(part) for part in (style.title, style.artist, style.year) if part)


def _facts(style: "Style") -> dict[str, Any]:
    return {
        "name": style.name,
        "title": style.title,
        "artist": style.artist,
        "year": style.year,
        "licence": style.licence,
        "trunk_id": style.trunk_id,
        "channels": style.code.shape[1],
        "recipe": style.recipe,
        "sources": [{"file": one.file, "sha256": one.sha256} for one in style.sources],
        "losses": dict(style.losses),
    }
