"""The styles as a server holds them: read once, swapped whole when their files change."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from impasto.core.errors import MissingExtraError, StyleError
from impasto.core.files import make_folder, shown
from impasto.styles.library import Library, check_file_name
from impasto.styles.package import Style, parse_style, read_package


@dataclass(frozen=True, eq=False)
class Held:
    """A style that was read, and which version of its package it is."""

    style: Style
    data: bytes = field(repr=False)
    """The package."""
    is_own: bool
    """Whether it is the user's; others came with impasto or with the model."""

    @cached_property
    def version(self) -> str:
        """The first 12 hexadecimal digits of the package's SHA-256."""
        return hashlib.sha256(self.data).hexdigest()[:12]


class Shelf(Library):
    """A library as it was at one moment; it never changes, and nothing is read from disk again.

    Args:
        library: the folders.
        held: the styles by name.
        broken: why a package of a name could not be used.
    """

    def __init__(
        self,
        library: Library,
        held: Mapping[str, Held],
        broken: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(library.folders)
        self._held = dict(held)
        self.broken = dict(broken)

    def names(self) -> list[str]:
        """The names of all styles, sorted."""
        return sorted(self._held)

    def held(self, name: str) -> Held:
        """A style with its version.

        Raises:
            StyleError: there is no such style.
        """
        if name not in self._held:
            self.raise_unknown(name, self.names())
        return self._held[name]

    def get(self, name: str, trunk_id: str | None = None) -> Style:
        """One style, which was chosen for its trunk before; raises as `held`."""
        return self.held(name).style

    def styles(self, trunk_id: str | None = None) -> list[Style]:
        """All styles, sorted by name."""
        return [self._held[name].style for name in self.names()]


def read_shelf(
    library: Library,
    check: Callable[[Style], None],
    before: Shelf | None = None,
    trunk_id: str | None = None,
) -> Shelf:
    """Read all packages of a library.

    Args:
        library: the folders.
        check: raises StyleError for a style that cannot be used here.
        before: what was held: a package that is broken now stays as it was.
        trunk_id: of several packages of a name, one made for this trunk is read.
    """
    held: dict[str, Held] = {}
    broken: dict[str, str] = {}
    for name in library.names():
        try:
            path = library.choose(name, trunk_id)[-1]
            held[name] = _read(path, check, is_own=path.parent == library.own)
        except StyleError as error:
            broken[name] = str(error)
            if before is not None and name in before.names():
                held[name] = before.held(name)
    return Shelf(library, held, broken)


def _read(path: Path, check: Callable[[Style], None], *, is_own: bool) -> Held:
    data = read_package(path)
    style = parse_style(data, shown(path))
    check_file_name(style, path)
    check(style)
    return Held(style, data, is_own)


async def changes(library: Library, stop: asyncio.Event) -> AsyncIterator[None]:
    """Gives something whenever packages of a library's own folder may have changed, until `stop`.

    The folder is made if it is missing, for a folder that is not there cannot be watched. Changes
    that follow each other closely are given together, some 50 ms after the last one.

    Raises:
        MissingExtraError: watchfiles is not installed.
        OutputError: the folder cannot be made.
    """
    try:
        from watchfiles import awatch
    except ImportError:
        raise MissingExtraError("watching styles", "server") from None
    make_folder(library.own)
    async for _ in awatch(library.own, stop_event=stop, step=50, debounce=400, recursive=False):
        yield
