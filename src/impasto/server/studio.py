"""All that the routes share: settings, styles, painters, caches. One in an app."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from fastapi import Depends, Request

from impasto.core.settings import PaintSettings
from impasto.engine.backend import Backend
from impasto.engine.looks import check_fits, library_of
from impasto.engine.model import Model
from impasto.server.faults import Faults
from impasto.server.gate import BusyError, Gate
from impasto.server.job_store import Job
from impasto.server.job_sweep import PAUSE
from impasto.server.jobs import Jobs
from impasto.server.kitchen import Kitchen, Order, Served, decoders_of, painters_of
from impasto.server.logs import log
from impasto.server.metrics import Metrics
from impasto.server.results import Results
from impasto.server.settings import ServeSettings
from impasto.server.workers import DecoderPool
from impasto.styles.library import Library
from impasto.styles.package import Style, pack_style, read_style
from impasto.styles.shelf import add_style
from impasto.styles.spec import parse_spec
from impasto.styles.watch import Shelf, changes, read_shelf

_WATCHING: Final = "watching styles"


@dataclass(eq=False)
class Studio:
    """What the server has."""

    settings: ServeSettings
    model: Model
    library: Library
    shelf: Shelf
    kitchen: Kitchen
    gate: Gate
    results: Results
    jobs: Jobs
    check: Callable[[Style], None]
    """Raises StyleError for a style that the model cannot paint."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    is_open: bool = False
    """Whether everything has started."""
    live: int = 0
    """Cameras that are painted now."""
    metrics: Metrics = field(init=False)
    _watching: asyncio.Task[None] | None = None
    _faults: Faults = field(default_factory=Faults)
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Metrics look at everything else."""
        self.metrics = Metrics(
            {
                "requests_inside": ("Requests worked on or waiting.", lambda: self.gate.inside),
                "queue_depth": ("Requests that wait.", lambda: self.gate.waiting),
                "cache_bytes": ("Of kept paintings.", lambda: self.results.bytes),
                "jobs": ("Jobs that wait or run.", lambda: self.jobs.waiting),
                "live": ("Cameras that are painted.", lambda: self.live),
                "styles": ("Styles that can be painted.", lambda: len(self.shelf.names())),
                "styles_refused": ("Packages that are broken.", lambda: len(self.shelf.broken)),
            }
        )

    @property
    def is_ready(self) -> bool:
        """Whether a painting that is asked for now would be made."""
        return self.is_open and not self.closing.is_set() and bool(self.shelf.names())

    async def start(self) -> None:
        """Start engine, processes and jobs."""
        await self.kitchen.start()
        for name in self.shelf.names()[:1]:
            await self.kitchen.warm_up(Order(parse_spec(name), self.shelf, PaintSettings()))
        await self.jobs.start()
        self._watching = asyncio.create_task(self.watch())
        self.is_open = True

    def end(self) -> None:
        """Take nothing more, and let streams without an end end; may be called by a signal."""
        self.gate.closed = True
        self.closing.set()
        self.jobs.release()

    async def close(self) -> None:
        """Finish what was accepted, and end everything."""
        self.end()
        if self._watching is not None:
            await self._watching
        await self.jobs.close()
        await self.kitchen.close()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A place among those who are served, while the block runs.

        Raises:
            BusyError: there is none.
        """
        try:
            with self.gate.entered():
                yield
        except BusyError:
            self.metrics.refused.inc()
            raise

    async def paint(self, photo: bytes, order: Order) -> Served:
        """Paint a photo, and count it.

        Raises:
            ImpastoError: the photo or the order cannot be used.
        """
        served = await self.kitchen.serve(photo, order)
        self.metrics.painted(served.stages, served.pixels)
        return served

    async def finish(self, job: Job, result: Path) -> None:
        """Use the result of a job: a new style goes among the others.

        Raises:
            StyleError: it cannot be painted here, or its name was taken meanwhile.
            OutputError: the library cannot be written.
        """
        if job.kind == "fit":
            style = await asyncio.to_thread(read_style, result)
            if not self._has(style):  # else the server was ended between this and telling it
                await self.put_style(style, overwrite=False)

    def _has(self, style: Style) -> bool:
        """Whether this very style is there."""
        name = style.name
        return name in self.shelf.names() and self.shelf.held(name).data == pack_style(style)

    async def put_style(self, style: Style, *, overwrite: bool) -> None:
        """Put a style among the user's own; it can be painted when this returns.

        Raises:
            StyleError: it was made for another model, or its name is taken.
            OutputError: the library cannot be written.
        """
        self.check(style)
        await asyncio.to_thread(add_style, self.library, style, overwrite=overwrite)
        await self.renew()

    @property
    def fault(self) -> str | None:
        """What keeps jobs, or the watch of styles, from their work; None: nothing."""
        return "; ".join(filter(None, (self.jobs.fault, self._faults.told))) or None

    async def watch(self) -> None:
        """Take up every change of the library's packages, until the server closes."""
        while not self.closing.is_set():
            try:
                async for _ in changes(self.library, self.closing):
                    await self.renew()
                    self._faults.over(_WATCHING)
            except Exception as error:  # or no change would ever be seen again
                self._faults.note(_WATCHING, error)
                await asyncio.sleep(PAUSE)

    async def renew(self) -> None:
        """Read the packages again; requests that are under way keep the ones they have."""
        async with self._renewing:
            before = self.shelf
            wanted = self.library, self.check, before, self.model.trunk_id
            self.shelf = await asyncio.to_thread(read_shelf, *wanted)
        _tell(before, self.shelf)


def make_studio(settings: ServeSettings, model: Model, backend: Backend | None = None) -> Studio:
    """Everything that can be had before the loop runs.

    Args:
        settings: what the operator has set.
        model: what paints.
        backend: runs the graphs; None opens the default one.

    Raises:
        OutputError: another server works in the folder of jobs, or nothing can be kept there.
    """
    library = library_of(model, settings.library)
    pool = DecoderPool(settings, decoders_of(settings), lambda: studio.metrics.lost.inc())

    def check(style: Style) -> None:
        check_fits(style, model)

    studio = Studio(
        settings=settings,
        model=model,
        library=library,
        shelf=read_shelf(library, check, trunk_id=model.trunk_id),
        check=check,
        kitchen=Kitchen(settings, backend, model, pool),
        gate=Gate(painters_of(settings), settings.queue),
        results=Results(settings.cache_bytes),
        jobs=Jobs(settings, model.folder, lambda job, path: studio.finish(job, path)),
    )
    return studio


def studio_of(request: Request) -> Studio:
    """The studio of the app that a request came to."""
    studio: Studio = request.app.state.studio
    return studio


Here = Annotated[Studio, Depends(studio_of)]
"""The studio, as a parameter of a route."""


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
