"""Styles that travel: one package, a folder of them, or a zip file."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from impasto.core.errors import OutputError, StyleError
from impasto.core.files import atomic_write, reason, shown
from impasto.styles.package import (
    MAX_FILE_BYTES,
    SUFFIX,
    Style,
    pack_style,
    parse_style,
    read_style,
    write_style,
)

ZIP_SUFFIX = ".zip"
MAX_PACKAGES = 10_000
"""The most packages of one zip file; with the cap of each they bound what can be unpacked."""
_MADE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: the same styles make the same bytes


def read_styles(source: Path) -> Iterator[tuple[str, Style | StyleError]]:
    """The styles of a package, of a folder's packages, or of those in a zip file, one by one.

    Nothing is unpacked to disk, and names inside a zip file are only shown: a style is called what
    its package says. Each comes with what messages call it; a package that cannot be used comes
    as its error, so that the others can be had.

    Raises:
        StyleError: there is no such source, or it holds no package.
    """
    if source.is_dir():
        found = _of_folder(source)
    elif source.is_file() and zipfile.is_zipfile(source):
        found = _of_zip(source)
    else:
        found = iter([(shown(source), _tried(source))])
    empty = True
    for item in found:
        empty = False
        yield item
    if empty:
        raise StyleError(f"{shown(source)}: holds no style package (*{SUFFIX})")


def write_styles(styles: Sequence[Style], target: Path, *, overwrite: bool = False) -> list[Path]:
    """Write styles where they can be read from again, each file whole or not at all.

    A target that ends in `.safetensors` takes one style, one that ends in `.zip` takes all, and
    any other is a folder, made if need be, of one package a style.

    Returns:
        The files written.

    Raises:
        OutputError: a file cannot be written, is there and not `overwrite`, or takes one style
            and is given several.
    """
    suffix = target.suffix.lower()
    if suffix == ZIP_SUFFIX:
        _write_zip(styles, target, overwrite)
        return [target]
    if suffix == SUFFIX and not target.is_dir():
        if len(styles) != 1:
            raise OutputError(f"{shown(target)} takes one style, not {len(styles)}: give a folder")
        write_style(styles[0], target, overwrite=overwrite)
        return [target]
    return _write_folder(styles, target, overwrite)


def _tried(path: Path) -> Style | StyleError:
    try:
        return read_style(path)
    except StyleError as error:
        return error


def _of_folder(folder: Path) -> Iterator[tuple[str, Style | StyleError]]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise StyleError(f"cannot list {shown(folder)}: {reason(error)}") from error
    for path in entries:
        if path.suffix == SUFFIX and not path.name.startswith("."):
            yield shown(path), _tried(path)


def _of_zip(source: Path) -> Iterator[tuple[str, Style | StyleError]]:
    try:
        with zipfile.ZipFile(source) as archive:
            names = [name for name in archive.namelist() if _is_package(name)]
            if len(names) > MAX_PACKAGES:
                raise StyleError(f"{shown(source)}: holds over {MAX_PACKAGES} packages")
            for name in names:
                where = f"{shown(source)}, {shown(name)}"
                yield where, _unpacked(archive, name, where)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise StyleError(f"{shown(source)}: not a usable zip file: {reason(error)}") from error


def _is_package(name: str) -> bool:
    path = PurePosixPath(name)  # macOS puts hidden companions into zip files
    return path.suffix == SUFFIX and not path.name.startswith(".")


def _unpacked(archive: zipfile.ZipFile, name: str, where: str) -> Style | StyleError:
    try:
        with archive.open(name) as file:
            data = file.read(MAX_FILE_BYTES + 1)
        return parse_style(data, where)
    except StyleError as error:
        return error
    except Exception as error:  # encrypted, an unknown method, damaged: each library's own error
        return StyleError(f"{where}: cannot be unpacked: {reason(error)}")


def _write_zip(styles: Sequence[Style], target: Path, overwrite: bool) -> None:
    with (
        atomic_write(target, overwrite=overwrite) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for style in styles:
            info = zipfile.ZipInfo(f"{style.name}{SUFFIX}", _MADE)
            archive.writestr(info, pack_style(style))


def _write_folder(styles: Sequence[Style], folder: Path, overwrite: bool) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {shown(folder)}: {reason(error)}") from error
    targets = [folder / f"{style.name}{SUFFIX}" for style in styles]
    there = [path for path in targets if path.exists()]
    if there and not overwrite:  # before the first is written
        raise OutputError(f"{shown(there[0])} exists already and is not overwritten")
    for style, path in zip(styles, targets, strict=True):
        write_style(style, path, overwrite=overwrite)
    return targets
