"""Jobs while their file does not take what it is given, as when another process holds it."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from impasto.server.job_store import Job, JobStore
from impasto.server.jobs import Jobs
from impasto.server.settings import ServeSettings

from .conftest import PATIENCE, Running, StartServer, ended, until
from .test_jobs import clip, send

pytestmark = pytest.mark.timeout(1500)


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Nobody else can write the file of jobs while the block runs."""
    other = sqlite3.connect(data / "jobs.sqlite", isolation_level=None, timeout=60)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def fails(server: Running, task: str) -> bool:
    """Whether the log tells that a task cannot do its work."""
    lines = server.lines()
    return any(line["event"] == "task fails" and line["task"] == task for line in lines)


@pytest.mark.slow
def test_a_job_that_ends_while_its_file_is_held_is_told_afterwards(start: StartServer) -> None:
    """What cannot be written down is tried again: no job is lost, and others follow."""
    server = start()
    first = send(server, clip(300)).json()["url"]
    until(lambda: server.client.get(first).json()["message"], PATIENCE)
    second = send(server, clip(3)).json()["url"]
    with held(server.home / "serve"):
        until(lambda: fails(server, "work on jobs"), PATIENCE)
        assert "database is locked" in server.client.get("/readyz").json()["fault"]
        assert server.client.get(first).json()["state"] == "running"
        assert server.client.get(second).json()["state"] == "queued"
        for refused in (send(server, clip(2)), server.client.delete(second)):
            assert refused.status_code == 503
            assert "database is locked" in refused.json()["detail"]
            assert int(refused.headers["retry-after"]) > 0
    for url in (first, second):
        assert ended(server, url)["state"] == "done"
    assert [line for line in server.lines() if line["event"] == "task works again"]


@pytest.mark.slow
def test_a_server_ends_in_order_while_its_file_is_held(start: StartServer) -> None:
    """SIGTERM is then 0 without a traceback, and the next server tells how the job ended."""
    first = start()
    url = send(first, clip(300)).json()["url"]
    until(lambda: first.client.get(url).json()["message"], PATIENCE)
    with held(first.home / "serve"):
        until(lambda: fails(first, "work on jobs"), PATIENCE)
        assert first.end() == 0
    log = first.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert [line["state"] for line in first.lines() if line["event"] == "job not kept"] == ["done"]
    assert ended(start(), url)["state"] == "done"


def test_ended_jobs_are_removed_when_their_file_is_free(start: StartServer, tmp_path: Path) -> None:
    """A server starts while the file is held, and removes what it could not remove then."""
    data, id = tmp_path / "home" / "serve", "0" * 32
    store = JobStore(data)
    store.put(Job(id, "video", {}, state="done"))
    with held(data):
        server = start(job_hours="0")
        until(lambda: fails(server, "removal of ended jobs"), PATIENCE)
        assert server.client.get(f"/v1/jobs/{id}").status_code == 200
    until(lambda: server.client.get(f"/v1/jobs/{id}").status_code == 404)
    store.close()


async def _never(job: Job, result: Path) -> None:
    raise AssertionError("nothing is finished")


async def _when(jobs: Jobs, is_wrong: bool) -> str:
    """What is wrong with jobs, as soon as something is, or nothing is any more."""
    async with asyncio.timeout(PATIENCE):
        while (jobs.fault is not None) != is_wrong:
            await asyncio.sleep(0.02)
    return jobs.fault or ""


def test_what_keeps_jobs_waiting_is_told_while_it_does(tmp_path: Path) -> None:
    """The fault is there while the file is held and gone afterwards, and the job ends."""

    async def run() -> None:
        jobs = Jobs(ServeSettings(data=tmp_path), tmp_path, _never)
        id, _ = jobs.folders.make()
        await jobs.add(id, "video", {})
        assert jobs.fault is None
        with held(tmp_path):
            await jobs.start()
            assert "database is locked" in await _when(jobs, is_wrong=True)
        await _when(jobs, is_wrong=False)
        async for now in jobs.follow(id):
            last = now
        assert last.state == "failed", "it had no settings"
        await jobs.close()

    asyncio.run(run())


def test_work_that_has_died_is_told(tmp_path: Path) -> None:
    """Where no job can be worked on any more, that is no secret."""

    async def run() -> None:
        jobs = Jobs(ServeSettings(data=tmp_path), tmp_path, _never)
        before = asyncio.all_tasks()
        await jobs.start()
        for task in asyncio.all_tasks() - before:
            task.cancel()
        assert "start the server again" in await _when(jobs, is_wrong=True)
        await jobs.close()

    asyncio.run(run())
