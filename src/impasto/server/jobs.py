"""Works through jobs, one at a time, and tells who listens how far they are."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from impasto.core.errors import ImpastoError
from impasto.server.faults import Faults
from impasto.server.gate import BusyError
from impasto.server.job_folders import JobFolders, lock_folder
from impasto.server.job_process import Command, JobProcess, TooMuchError, command_of
from impasto.server.job_store import Job, JobStore, Kind
from impasto.server.job_sweep import PAUSE, JobSweeper
from impasto.server.logs import log
from impasto.server.problems import ProblemError
from impasto.server.settings import ServeSettings

_TASK: Final = "work on jobs"
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
        self._lock = lock_folder(settings.data_folder)
        self._store = JobStore(settings.data_folder)
        self.folders = JobFolders(settings.data_folder / "jobs")
        self._faults = Faults()
        hours = settings.job_hours
        self._sweeper = JobSweeper(self._store, self.folders, hours, self._faults)
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
        """Begin to work: at first on what an earlier process has left."""
        self._tasks = [asyncio.create_task(each) for each in (self._loop(), self._sweeper.run())]

    async def close(self) -> None:
        """End in order; what is under way goes on at the next start."""
        self._closing = True
        if self._process is not None:
            self._process.end()
        self._work.set()
        self._tasks[1].cancel()
        await asyncio.wait(self._tasks)
        self._store.close()
        self._lock.release()

    @property
    def fault(self) -> str | None:
        """What keeps jobs from being worked on, or ended ones from being removed; None: nothing."""
        if not self._closing and any(task.done() for task in self._tasks):
            return "jobs are not worked on any more: start the server again"
        return self._faults.told

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

    async def add(self, id: str, kind: Kind, settings: Mapping[str, Any]) -> Job:
        """Take a job whose files are in its folder; from now on it outlives the process.

        Raises:
            BusyError: it cannot be written down now.
        """
        job = await self._put(Job(id, kind, settings))
        self._work.set()
        return job

    def get(self, id: str) -> Job | None:
        """A job by its id, as it is now."""
        if self._now is not None and self._now.id == id:
            return self._now
        return self._store.get(id)

    async def cancel(self, job: Job) -> Job:
        """End a job; one that has ended stays as it is.

        Raises:
            BusyError: that cannot be written down now.
        """
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
        await asyncio.to_thread(self.folders.drop, job.id)
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
        """Keep it on the disk, which may take a while; raises `BusyError` if that fails."""
        try:
            kept = await asyncio.to_thread(self._store.put, job)
        except BusyError as error:
            log.error("job not kept", job=job.id, state=job.state, reason=str(error))
            raise
        self._tell(job.id)
        return kept

    def _tell(self, id: str) -> None:
        if (event := self._changed.pop(id, None)) is not None:
            event.set()

    async def _loop(self) -> None:
        while not self._closing:
            try:
                await self._turn()
            except Exception as error:  # or no further job would ever run
                await self._rest(error)

    async def _turn(self) -> None:
        self._work.clear()
        waiting = [each for each in self._store.unfinished() if each.id not in self._cancelled]
        self._faults.over(_TASK)
        if waiting:
            await self._do(waiting[0])
        else:
            await self._work.wait()

    async def _rest(self, error: Exception) -> None:
        """Before what could not be done is tried again."""
        self._faults.note(_TASK, error)
        if not self._closing:
            await asyncio.sleep(PAUSE)

    async def _do(self, job: Job) -> None:
        log.info("job begins", job=job.id, kind=job.kind)
        self._now = job = replace(job, state="running", message="")
        try:
            await self._surely_put(job)
            self._tell(job.id)
            ended = await self._outcome(job)
            if ended.has_ended:  # before that is written down, for which a full disk has no room
                await asyncio.to_thread(self.folders.drop_needless, ended)
            await self._surely_put(ended)
        finally:
            self._now = None
            self._cancelled.discard(job.id)
        self._tell(job.id)
        log.info("job ends", job=job.id, state=ended.state, message=ended.message)

    async def _surely_put(self, job: Job) -> None:
        """Keep it on the disk, however often that has to be tried until the server closes."""
        while True:
            try:
                await asyncio.to_thread(self._store.put, job)
            except BusyError as error:
                if self._closing:
                    log.error("job not kept", job=job.id, state=job.state, reason=str(error))
                    raise
                await self._rest(error)
            else:
                self._faults.over(_TASK)
                return

    async def _outcome(self, job: Job) -> Job:
        if not self.folders.path(job.id).is_dir():
            why = "it had ended when the server did, and how could not be written down"
            return replace(job, state="failed", message=why)
        try:
            return await self._carried_out(job)
        except Exception as error:
            log.error("job failed", job=job.id, exc_info=error)
            return replace(job, state="failed", message="something went wrong on the server")

    async def _carried_out(self, job: Job) -> Job:
        """What becomes of a job; it is still queued if the server closes meanwhile."""
        command = command_of(job, self._settings, self._model)
        result = self.folders.path(job.id) / command.result
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
        self._process = process = JobProcess(command, self.folders.path(job.id))
        if self._closing or job.id in self._cancelled:
            process.end()
        try:
            async for progress, message in process.lines():
                self._now = replace(job, progress=progress, message=message)
                self._tell(job.id)
        finally:
            self._process = None
        return process.last_words
