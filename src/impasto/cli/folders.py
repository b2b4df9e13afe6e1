"""Reads the value of an option that names a folder."""

from pathlib import Path

import typer

from impasto.cli.jobs import PIPE


def folder_named(text: str) -> Path:
    """The folder that a caller means, to be the `parser` of an option or argument.

    Raises BadParameter for a text that would silently be another folder than is meant: none at all,
    as of a variable that is not set, is the current one for Path, and - is standard output
    elsewhere.
    """
    if not text:
        raise typer.BadParameter("it is empty: name a folder, '.' for this one")
    if text == PIPE:
        raise typer.BadParameter("'-' is standard output: name a folder, './-' for one called so")
    return Path(text)
