"""All that the routes share: settings, styles, painters, caches. One in an app."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Request

from impasto.engine.backend import Backend
from impasto.engine.model import Model
from impasto.engine.painter import check_fits
from impasto.server.gate import Gate
from impasto.server.kitchen import Kitchen, decoders_of, painters_of
from impasto.server.logs import log
from impasto.server.settings import ServeSettings
from impasto.server.workers import DecoderPool
from impasto.styles.library import BUNDLED, Library
from impasto.styles.package import Style
from impasto.styles.watch import Shelf, changes, read_shelf


@dataclass(eq=False)
class Studio:
    """What the server has."""

    settings: ServeSettings
    model: Model
    library: Library
    shelf: Shelf
    kitchen: Kitchen
    gate: Gate
    check: Callable[[Style], None]
    """Raises StyleError for a style that the model cannot paint."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def watch(self) -> None:
        """Take up every change of the library's packages, until the server closes."""
        async for _ in changes(self.library, self.closing):
            await self.renew()

    async def renew(self) -> None:
        """Read the packages again; requests that are under way keep the ones they have."""
        async with self._renewing:
            before = self.shelf
            self.shelf = await asyncio.to_thread(read_shelf, self.library, self.check, before)
        _tell(before, self.shelf)


def make_studio(settings: ServeSettings, model: Model, backend: Backend | None = None) -> Studio:
    """Everything that can be had before the loop runs.

    Args:
        settings: what the operator has set.
        model: what paints.
        backend: runs the graphs; None opens the default one.
    """
    library = Library([BUNDLED, settings.library] if settings.library else None)
    pool = DecoderPool(settings, decoders_of(settings))

    def check(style: Style) -> None:
        check_fits(style, model)

    return Studio(
        settings=settings,
        model=model,
        library=library,
        shelf=read_shelf(library, check),
        check=check,
        kitchen=Kitchen(settings, backend, model, pool),
        gate=Gate(painters_of(settings), settings.queue),
    )


def studio_of(request: Request) -> Studio:
    """The studio of the app that a request came to."""
    studio: Studio = request.app.state.studio
    return studio


def _tell(before: Shelf, after: Shelf) -> None:
    """Name in the log what has changed."""
    old, new = (
        {name: each.held(name).version for name in each.names()} for each in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            log.info("style changed", style=name, before=old.get(name), version=new.get(name))
    for name, reason in after.broken.items():
        if before.broken.get(name) != reason:
            log.warning("style package refused", style=name, reason=reason)
