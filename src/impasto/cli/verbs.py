"""The verbs of `impasto`: a call imports its own alone, 0.1 to 0.2 s less than all of them."""

from pkgutil import resolve_name
from typing import Annotated

import typer

from impasto.cli.ends import EXIT_CODES
from impasto.cli.streams import answer

COMMANDS = {
    "paint": "impasto.cli.paint:paint",
    "video": "impasto.cli.video:video",
    "serve": "impasto.cli.serve:serve",
    "demo": "impasto.cli.demo:demo",
    "doctor": "impasto.cli.doctor:doctor",
    "fit": "impasto.cli.fit:fit",
    "train": "impasto.cli.train:train",
    "distil": "impasto.cli.distil:distil",
    "export": "impasto.cli.train:export",
    "bake": "impasto.cli.bake:bake",
}
GROUPS = {
    "styles": "impasto.cli.styles:styles",
    "web": "impasto.cli.web:web",
    "library": "impasto.cli.library:library",
    "bench": "impasto.cli.benches:bench",
}
_TELL_CODES = {"paint", "video", "serve", "fit"}
"""Their help ends with what exit codes mean."""


def make_app(verb: str | None = None) -> typer.Typer:
    """The program with one of its verbs; with all of them where it is none: for help and typos."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        epilog=EXIT_CODES,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_impasto)
    verbs = [verb] if verb in COMMANDS or verb in GROUPS else [*COMMANDS, *GROUPS]
    for name in verbs:
        if name in GROUPS:
            app.add_typer(resolve_name(GROUPS[name]), name=name)
        else:
            epilog = EXIT_CODES if name in _TELL_CODES else None
            app.command(name, epilog=epilog)(resolve_name(COMMANDS[name]))
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        answer(f"impasto {version('impasto')}")
        raise typer.Exit


def _impasto(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Paint photos in a fixed style, fast and offline."""
