"""Works through jobs, one at a time, and tells who listens how far they are."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from impasto.core.errors import ImpastoError
from impasto.core.files import cache_home, data_home, make_folder, shown
from impasto.core.folder_lock import FolderLock
from impasto.server.gate import BusyError
from impasto.server.job_process import HOME, Command, JobProcess, TooMuchError, command_of
from impasto.server.job_store import Job, JobStore, Kind
from impasto.server.logs import log
from impasto.server.problems import ProblemError
from impasto.server.settings import ServeSettings, environment

_SWEEP_SECONDS: Final = 600.0
_LATER = "goes on when the server does"
_KEPT = "the result is there to fetch, and not among the styles"

Finish = Callable[[Job, Path], Awaitable[None]]


class Jobs:
    """Takes jobs and works on them; lives in the server's loop.

    Args:
        settings: where they lie, and their limits.
        model: the folder of the model.
        finish: called with a job and its result before it is told to be done; raises ImpastoError
            if the result cannot be used; then it is only kept.

    Raises:
        OutputError: another server works there, or nothing can be kept there.
    """

    def __init__(self, settings: ServeSettings, model: Path, finish: Finish) -> None:
        self._settings, self._model, self._finish = settings, model, finish
        self._lock = _locked(settings.data_folder)
        self._store = JobStore(settings.data_folder)
        self._changed: dict[str, asyncio.Event] = {}
        self._work = asyncio.Event()
        self._now: Job | None = None
        """The job that runs, with its progress, which is not written to disk."""
        self._process: JobProcess | None = None
        self._cancelled: set[str] = set()
        self._coming = 0
        """Jobs that are still being sent."""
        self._names: set[str] = set()
        """Of fits whose pictures are still being read."""
        self._closing = self._released = False
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what an earlier process has left, and begin to work."""
        for job in self._store.unfinished():
            if job.state == "running":
                await self._put(replace(job, state="queued", message=_LATER))
        self._tasks = [asyncio.create_task(self._loop()), asyncio.create_task(self._sweep())]

    async def close(self) -> None:
        """End in order; what is under way goes on at the next start."""
        self._closing = True
        if self._process is not None:
            self._process.end()
        self._work.set()
        loop, sweep = self._tasks
        sweep.cancel()
        await loop
        self._store.close()
        self._lock.release()

    def folder(self, id: str) -> Path:
        """Where the files of a job lie."""
        return self._settings.data_folder / "jobs" / id

    @property
    def waiting(self) -> int:
        """Jobs that have not ended."""
        return len(self._store.unfinished())

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for a job that is to come, while the block reads what it is sent.

        Raises:
            BusyError: there is none.
        """
        if self._closing or self.waiting + self._coming >= self._settings.max_jobs:
            raise BusyError("too many jobs wait: ask again in a minute", 60)
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def new_folder(self) -> tuple[str, Path]:
        """An id and an empty folder for the files of a job that is to come."""
        id = secrets.token_hex(16)
        make_folder(self.folder(id))
        return id, self.folder(id)

    @contextmanager
    def naming(self, name: str) -> Iterator[None]:
        """Keep the name of a style for a fit that is to come, while the block runs.

        Raises:
            ProblemError: 409 a fit that has not ended will have it.
        """
        fits = (job for job in self._store.unfinished() if job.kind == "fit")
        if name in self._names or any(job.settings["name"] == name for job in fits):
            raise ProblemError(
                409, f"a style {name!r} is being learned: give this one another name"
            )
        self._names.add(name)
        try:
            yield
        finally:
            self._names.discard(name)

    def drop_folder(self, id: str) -> None:
        """Remove the files of what became no job, or of one that has ended."""
        shutil.rmtree(self.folder(id), ignore_errors=True)

    async def add(self, id: str, kind: Kind, settings: Mapping[str, Any]) -> Job:
        """Take a job whose files are in its folder; from now on it outlives the process."""
        job = await self._put(Job(id, kind, settings))
        self._work.set()
        return job

    def get(self, id: str) -> Job | None:
        """A job by its id, as it is now."""
        if self._now is not None and self._now.id == id:
            return self._now
        return self._store.get(id)

    async def cancel(self, job: Job) -> Job:
        """End a job; one that has ended stays as it is."""
        if job.has_ended:
            return job
        self._cancelled.add(job.id)  # before anything is awaited, for it may be the next to run
        if self._now is None or self._now.id != job.id:
            return await self._cancel_waiting(job)
        if self._process is not None:
            self._process.end()
        return job

    async def _cancel_waiting(self, job: Job) -> Job:
        try:
            kept = await self._put(replace(job, state="cancelled", message="cancelled"))
        finally:
            self._cancelled.discard(job.id)
            self._work.set()  # if it could not be written it still waits
        self.drop_folder(job.id)
        return kept

    def release(self) -> None:
        """Let all who follow a job go, as the server will end."""
        self._released = True
        for changed in self._changed.values():
            changed.set()

    async def follow(self, id: str) -> AsyncIterator[Job]:
        """A job as it is now, and after each change, until it has ended or nobody is told more."""
        while not self._released:
            changed = self._changed.setdefault(id, asyncio.Event())
            now = self.get(id)
            if now is None:
                return
            yield now
            if now.has_ended:
                self._changed.pop(id, None)
                return
            await changed.wait()

    async def _put(self, job: Job) -> Job:
        """Keep it on the disk, which may take a while."""
        kept = await asyncio.to_thread(self._store.put, job)
        self._tell(job.id)
        return kept

    def _tell(self, id: str) -> None:
        if (event := self._changed.pop(id, None)) is not None:
            event.set()

    async def _loop(self) -> None:
        while not self._closing:
            self._work.clear()
            waiting = [each for each in self._store.unfinished() if each.id not in self._cancelled]
            if waiting:
                await self._do(waiting[0])
            else:
                await self._work.wait()

    async def _do(self, job: Job) -> None:
        log.info("job begins", job=job.id, kind=job.kind)
        self._now = job = replace(job, state="running", message="")
        try:
            await self._put(job)
            ended = await self._carried_out(job)
        except Exception as error:
            log.error("job failed", job=job.id, exc_info=error)
            ended = replace(job, state="failed", message="something went wrong on the server")
        if ended.state in ("failed", "cancelled") and not ended.result:
            self.drop_folder(job.id)
        self._now = await asyncio.to_thread(self._store.put, ended)
        self._cancelled.discard(job.id)
        self._tell(job.id)
        self._now = None
        log.info("job ends", job=job.id, state=ended.state, message=ended.message)

    async def _carried_out(self, job: Job) -> Job:
        """What becomes of a job; it is still queued if the server closes meanwhile."""
        command = command_of(job, self._settings, self._model)
        result = self.folder(job.id) / command.result
        if not result.exists():  # else the server was ended between the end and telling it
            try:
                last_words = await self._run(job, command)
            except TooMuchError as error:
                return replace(job, state="failed", message=str(error))
            if job.id in self._cancelled:
                return replace(job, state="cancelled", message="cancelled")
            if not result.exists():
                if self._closing:
                    return replace(self._now or job, state="queued", message=_LATER)
                return replace(job, state="failed", message=last_words)
        job = replace(job, result=command.result)
        try:
            await self._finish(job, result)
        except ImpastoError as error:
            why = str(error).replace(f"{result.parent}{os.sep}", "")
            return replace(job, state="failed", message=f"{_KEPT}: {why}")
        return replace(job, state="done", progress=1.0, message="done")

    async def _run(self, job: Job, command: Command) -> str:
        """Runs the process to its end, and returns its last words."""
        folder = self.folder(job.id)
        self._process = process = JobProcess(command, folder, _environment(folder, command))
        if self._closing or job.id in self._cancelled:
            process.end()
        try:
            async for progress, message in process.lines():
                self._now = replace(job, progress=progress, message=message)
                self._tell(job.id)
        finally:
            self._process = None
        return process.last_words

    async def _sweep(self) -> None:
        """Remove what has been kept long enough."""
        while True:
            for job in self._store.ended_before(time.time() - 3600 * self._settings.job_hours):
                self._store.remove(job.id)
                self.drop_folder(job.id)
            await asyncio.sleep(_SWEEP_SECONDS)


def _locked(folder: Path) -> FolderLock:
    """One server a folder: two that shared the jobs of one would both run them."""
    held = (
        f"another server keeps its jobs in {shown(folder)}: end it, or give this one another "
        "folder by --data"
    )
    return FolderLock(folder, "server.lock", held)


def _environment(folder: Path, command: Command) -> dict[str, str]:
    """The styles as they were when the job came; paths that hold in the folder of the job, too."""
    home = folder / HOME if command.own_home else data_home().absolute()
    cache = cache_home().absolute()
    return environment(IMPASTO_HOME=str(home), IMPASTO_CACHE=str(cache), PYTHONUNBUFFERED="1")
