"""The user's own styles: put into the library and taken out of it."""

from pathlib import Path

from impasto.core.errors import OutputError, StyleError
from impasto.core.files import make_folder, reason, shown
from impasto.core.notice import warn
from impasto.styles.library import Library
from impasto.styles.package import SUFFIX, Style, write_style
from impasto.styles.spec import check_name


def add_style(library: Library, style: Style, *, overwrite: bool = False) -> Path:
    """Put a style into the user's folder of a library, whole or not at all.

    The package is written anew from what was understood of it, so nothing else of a stranger's
    file gets in. Warns if the style will stand in front of another one of its name and trunk.

    Returns:
        Where it lies now.

    Raises:
        StyleError: the name is not allowed, or is that of an own style and not `overwrite`.
        OutputError: the package cannot be written.
    """
    path = check_free(library, style.name, overwrite=overwrite)
    make_folder(library.own)
    write_style(style, path, overwrite=overwrite)
    if len(library.choose(style.name, style.trunk_id)) > 1:
        warn(
            f"style {style.name!r} now stands in front of the bundled one; removing it undoes that"
        )
    return path


def check_free(library: Library, name: str, *, overwrite: bool = False) -> Path:
    """Where an own style of this name would lie, before the work of making it.

    Raises:
        StyleError: the name is not allowed, or is that of an own style and not `overwrite`.
    """
    check_name(name)
    path = library.own / f"{name}{SUFFIX}"
    if path.exists() and not overwrite:
        raise StyleError(
            f"you have a style {name!r} already: overwrite it, or give this one another name"
        )
    return path


def remove_style(library: Library, name: str) -> Path:
    """Take an own style out of the library; a damaged package can be removed, too.

    Returns:
        Where it lay.

    Raises:
        StyleError: there is no such style, or it came with impasto.
        OutputError: the file cannot be removed.
    """
    path = library.find(name)[-1]
    if path.parent != library.own:
        raise StyleError(f"style {name!r} comes with impasto and cannot be removed")
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"cannot remove {shown(path)}: {reason(error)}") from error
    return path
