"""Removes what jobs have left, when it has been kept long enough."""

import asyncio
import time
from typing import Final

from impasto.server.faults import Faults
from impasto.server.job_folders import JobFolders
from impasto.server.job_store import JobStore

PAUSE: Final = 2.0
"""Seconds after which is tried again what failed; writing waits for a lock by itself, too."""
_TASK, _EVERY = "removal of ended jobs", 600.0


class JobSweeper:
    """Removes each job so long after its end, and at once the folders of what became no job.

    Must be made before a job is taken, whose folder is there before the job is.

    Args:
        store: holds the jobs.
        folders: hold their files.
        hours: for which what has ended is kept.
        faults: get what keeps it from its work.
    """

    def __init__(self, store: JobStore, folders: JobFolders, hours: float, faults: Faults) -> None:
        self._store, self._folders, self._hours, self._faults = store, folders, hours, faults
        self._orphans = folders.orphans(lambda id: store.get(id) is not None)

    async def run(self) -> None:
        """Go on until it is cancelled."""
        await asyncio.to_thread(self._folders.drop, *self._orphans)
        while True:
            try:
                await self._remove_old()
                self._faults.over(_TASK)
                await asyncio.sleep(_EVERY)
            except Exception as error:  # or nothing would ever be removed again
                self._faults.note(_TASK, error)
                await asyncio.sleep(PAUSE)

    async def _remove_old(self) -> None:
        for job in self._store.ended_before(time.time() - 3600 * self._hours):
            await asyncio.to_thread(self._store.remove, job.id)
            await asyncio.to_thread(self._folders.drop, job.id)
