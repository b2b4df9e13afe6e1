"""The styles as a server holds them: read once, swapped whole when their files change."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from impasto.core.errors import MissingExtraError, OutputError, StyleError
from impasto.core.files import make_folder, reason, shown
from impasto.core.notice import warn
from impasto.styles.library import Library, check_file_name
from impasto.styles.package import SUFFIX, Style, parse_style, read_package

_ROUND: Final = 0.5
"""Seconds after which files are looked at, whatever the system has told."""


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
        before: what was held: a package that is broken now stays as it was. Where nothing was, the
            one that it would stand in front of is held.
        trunk_id: of several packages of a name, one made for this trunk is read.
    """
    held: dict[str, Held] = {}
    broken: dict[str, str] = {}
    for name in library.names():
        kept = before.held(name) if before is not None and name in before.names() else None
        paths = _paths(library, name, trunk_id)
        found, fault = _first_usable(paths, check, library.own, kept)
        held |= {} if found is None else {name: found}
        broken |= {} if fault is None else {name: fault}
    return Shelf(library, held, broken)


def _paths(library: Library, name: str, trunk_id: str | None) -> list[Path]:
    """The packages of a name, the one that counts first; none if they have gone meanwhile."""
    try:
        return library.choose(name, trunk_id)[::-1]
    except StyleError:
        return []


def _first_usable(
    paths: Sequence[Path], check: Callable[[Style], None], own: Path, kept: Held | None
) -> tuple[Held | None, str | None]:
    """What to hold of these, or what was kept of the first; and why the first cannot be used."""
    fault = None
    for path in paths:
        try:
            return _read(path, check, is_own=path.parent == own), fault
        except StyleError as error:
            fault = fault or str(error)
            if kept is not None:
                return kept, fault
    return None, fault


def _read(path: Path, check: Callable[[Style], None], *, is_own: bool) -> Held:
    data = read_package(path)
    style = parse_style(data, shown(path))
    check_file_name(style, path)
    check(style)
    return Held(style, data, is_own)


async def changes(library: Library, stop: asyncio.Event) -> AsyncIterator[None]:
    """Gives something at first, and whenever packages of a library's own folder have changed.

    The folder is made if it is missing. The system tells of what happens in it, but not that it is
    replaced or that a link leads elsewhere, and nothing on some drives: so the files are looked at
    twice a second, too. Changes that follow each other closely are given together, some 50 ms after
    the last one.

    Args:
        library: the folders.
        stop: ends it.

    Raises:
        MissingExtraError: watchfiles is not installed.
        OSError: the folder cannot be listed; one that is not there is an empty one.
    """
    with suppress(OutputError):  # one that cannot be made now may still come
        make_folder(library.own)
    seen: dict[str, object] | None = None
    trouble: str | None = None
    while not stop.is_set():
        found = await asyncio.to_thread(_look, library.own)
        if found != seen:
            seen = found
            yield
        before, trouble = trouble, await _news(library.own, stop)
        if trouble not in (None, before):
            warn(f"{shown(library.own)}: looked at now and then, not watched: {trouble}")


def _look(folder: Path) -> dict[str, object]:
    """What the packages of a folder are known by, unopened."""
    try:
        return {path.name: _facts(path) for path in folder.iterdir() if path.suffix == SUFFIX}
    except FileNotFoundError:
        return {}


def _facts(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:  # it has gone meanwhile, or is a link to nothing
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


async def _news(folder: Path, stop: asyncio.Event) -> str | None:
    """Wait for something to happen in a folder, a while at most; why that cannot be told, if so.

    The watch is set up anew each time: one that is kept stays with a folder that was moved away.
    """
    try:
        async with aclosing(_watch(folder, stop)) as news:
            await anext(news, None)
    except FileNotFoundError:
        await asyncio.sleep(_ROUND)
    except (OSError, RuntimeError) as error:  # watchfiles has a RuntimeError for a system's limits
        await asyncio.sleep(_ROUND)
        return reason(error)
    return None


def _watch(folder: Path, stop: asyncio.Event) -> AsyncGenerator[object, None]:
    try:
        from watchfiles import awatch
    except ImportError:
        raise MissingExtraError("watching styles", "server") from None
    return awatch(
        folder,
        stop_event=stop,
        step=50,
        debounce=400,
        rust_timeout=round(1000 * _ROUND),
        yield_on_timeout=True,
        recursive=False,
    )
