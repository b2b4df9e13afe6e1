"""The verb group `web`: the page as files that any web server can hand out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli import options
from impasto.cli.folders import folder_named
from impasto.cli.streams import answer
from impasto.core.errors import OutputError, StyleError
from impasto.core.files import BUNDLED_PAGE, atomic_folder, atomic_write, make_folder, reason, shown
from impasto.core.notice import warn

if TYPE_CHECKING:
    from impasto.engine.model import Model
    from impasto.styles.package import Style

_ENTRY = "index.html"
_ENGINE = '<meta name="impasto-engine" content="{}">'

# No server of ours says what the page may do, so it says it itself: its own files, WebAssembly,
# and what it made of pictures in memory.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "connect-src 'self'; style-src 'self'; img-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'"
)
_POLICY_TAG = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'

# What several hosts read from a file of this name. The page may use all cores, and after a new
# export no browser runs old modules beside new ones.
_HEADERS = """/*
  Cache-Control: no-cache
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
"""

web = typer.Typer(no_args_is_help=True, help="The page, for a web server of your own.")


@web.callback()
def _group() -> None:
    """Keeps `export` a verb of its own while it is the only one."""


@web.command()
def export(
    folder: Annotated[
        Path, typer.Argument(parser=folder_named, metavar="FOLDER", help="Where to; empty or new.")
    ],
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="NAME",
            help="A style to take along; may be given repeatedly.  \\[default: all]",
            autocompletion=options.complete_style,
        ),
    ] = None,
    model: options.ModelName = "default",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Write into a folder that holds files, replacing some."),
    ] = False,
) -> None:
    """Write the page with model and styles as files that need no impasto server.

    Any web server can hand them out; the visitor's browser paints, and no picture leaves it.
    Files of other names that are in the folder stay. Prints the folder.
    """
    from impasto.engine.model import load_model

    chosen = load_model(model)
    files = _page() | _model(chosen) | _styles(_fitting(style, chosen))
    if not overwrite and _holds_files(folder):
        raise OutputError(f"{shown(folder)} is not empty: give --overwrite or another folder")
    if folder.exists():  # it may be the current folder or a mount, which nothing can replace
        _write(files, folder)
    else:
        with atomic_folder(folder) as new:
            _write(files, new)
    answer(folder)


def _page() -> dict[str, bytes]:
    found = {
        path.relative_to(BUNDLED_PAGE).as_posix(): path.read_bytes()
        for path in sorted(BUNDLED_PAGE.rglob("*"))
        if path.is_file()
    }
    entry = found[_ENTRY].decode()
    head = f"{_POLICY_TAG}\n  {_ENGINE.format('browser')}"
    changed = entry.replace(_ENGINE.format("server"), head)
    return found | {_ENTRY: changed.encode(), "_headers": _HEADERS.encode()}


def _model(model: "Model") -> dict[str, bytes]:
    return {f"model/{path.name}": path.read_bytes() for path in model.files}


def _styles(styles: "list[Style]") -> dict[str, bytes]:
    from impasto.styles.package import SUFFIX, pack_style

    files = {f"styles/{style.name}{SUFFIX}": pack_style(style) for style in styles}
    return files | {"styles/index.json": json.dumps([one.name for one in styles]).encode()}


def _fitting(names: list[str] | None, model: "Model") -> "list[Style]":
    """The styles that are named, or all that the model can paint."""
    from impasto.engine.looks import check_fits, library_of

    library = library_of(model)
    if names:
        styles = [library.get(name, model.trunk_id) for name in dict.fromkeys(names)]
        for one in styles:
            check_fits(one, model)
        return styles
    fitting = []
    for one in library.styles(model.trunk_id):
        try:
            check_fits(one, model)
            fitting.append(one)
        except StyleError as error:
            warn(f"left out: {error}")
    return fitting


def _holds_files(folder: Path) -> bool:
    try:
        return folder.exists() and any(folder.iterdir())
    except (OSError, ValueError) as error:  # not a folder, or a NUL in the path
        raise OutputError(f"cannot write to {shown(folder)}: {reason(error)}") from error


def _write(files: dict[str, bytes], folder: Path) -> None:
    """Write files, the entry last: a page that can be opened is complete."""
    for name in sorted(files, key=lambda name: (name == _ENTRY, name)):
        make_folder((folder / name).parent)
        with atomic_write(folder / name) as file:
            file.write(files[name])
