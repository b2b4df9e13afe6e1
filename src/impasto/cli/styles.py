"""The verb group `styles`: what is installed, and what a style is made of."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.options import AsJson, complete_style
from impasto.cli.streams import answer

if TYPE_CHECKING:
    from impasto.styles.package import Style

styles = typer.Typer(no_args_is_help=True, help="Show the installed styles.")

StyleName = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_style)]


@styles.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the installed styles, the bundled and your own."""
    from impasto.styles.library import Library

    found = Library().styles()
    if as_json:
        answer(json.dumps([_facts(style) for style in found], indent=2))
        return
    rows = [(style.name, _origin(style)) for style in found]
    width = max((len(name) for name, _ in rows), default=0)
    for name, origin in rows:
        answer(f"{name:{width}}  {origin}")


@styles.command()
def show(name: StyleName, as_json: AsJson = False) -> None:
    """Show where a style comes from, its licence and what it fits."""
    from impasto.styles.library import Library

    facts = _facts(Library().get(name))
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
