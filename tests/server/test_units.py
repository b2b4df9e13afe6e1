"""The parts of the server that need no server: settings, the gate, kept results, jobs on disk."""

import asyncio
import math
import re
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from impasto.cli.verbs import make_app
from impasto.core.errors import SettingsError
from impasto.server.docs import page_of
from impasto.server.gate import BusyError, Gate
from impasto.server.job_store import Job, JobStore
from impasto.server.jobs import Jobs
from impasto.server.kitchen import Served
from impasto.server.results import Results
from impasto.server.settings import PREFIX, ServeSettings, settings_from

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "sixteen-letters-x"  # noqa: S105


def test_settings_come_from_variables_and_options() -> None:
    """Variables set what they name, options stand in front of them, the rest are defaults."""
    env = {
        "IMPASTO_SERVE_QUEUE": "3",
        "IMPASTO_SERVE_CACHE_BYTES": "2M",
        "IMPASTO_SERVE_ALLOWED_HOSTS": "a.example, b.example",
        "IMPASTO_SERVE_DATA": "/data",
        "IMPASTO_SERVE_TOKEN": "",
        "PATH": "x",
    }
    found = settings_from(env, queue=5, deadline=None)
    expected = ServeSettings(
        queue=5,
        cache_bytes=2 * 2**20,
        allowed_hosts=("a.example", "b.example"),
        data=Path("/data"),
    )
    assert found == expected


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("QUEU", "3"),
        ("QUEUE", "many"),
        ("QUEUE", "-1"),
        ("PORT", "70000"),
        ("CACHE_BYTES", "lots"),
        ("TOKEN", "short"),
        ("TOKEN", "with spaces in it, many"),
        ("HOST", "0.0.0.0"),  # noqa: S104
        ("DEADLINE", "nan"),
    ],
)
def test_bad_settings_are_named(variable: str, text: str) -> None:
    """A variable that is unknown, no number, or out of range is an error that names it."""
    with pytest.raises(SettingsError) as caught:
        settings_from({f"{PREFIX}{variable}": text})
    assert variable.lower() in str(caught.value).lower()


def test_every_setting_is_documented() -> None:
    """docs/server.md has a row for each variable, with the default that the code has."""
    page = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `IMPASTO_SERVE_([A-Z_]+)` \| ([^|]*) \|", page, re.MULTILINE))
    assert rows.keys() == {field.name.upper() for field in fields(ServeSettings)}
    for field in fields(ServeSettings):
        if isinstance(field.default, int | float) and "`" in rows[field.name.upper()]:
            text = rows[field.name.upper()].strip(" `")
            found = settings_from({f"{PREFIX}{field.name.upper()}": text})
            assert getattr(found, field.name) == field.default, field.name


def test_the_gate_lets_in_so_many_and_no_more() -> None:
    """Workers and queue are filled, the next is told when to come again, and places come back."""
    gate = Gate(workers=2, queue=1)
    places = [gate.entered() for _ in range(3)]
    for place in places:
        place.__enter__()
    assert (gate.inside, gate.waiting) == (3, 1)
    with pytest.raises(BusyError) as caught, gate.entered():
        pass
    assert caught.value.retry_after >= 1
    places[0].__exit__(None, None, None)
    with gate.entered():
        assert gate.inside == 3
    gate.closed = True
    with pytest.raises(BusyError, match="shutting down"), gate.entered():
        pass


def served(size: int) -> Served:
    """A painting of so many bytes."""
    return Served(b"x" * size, "image/png")


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3_000)), max_size=60))
def test_results_stay_within_their_bytes(orders: list[tuple[int, int]]) -> None:
    """Whatever is kept, the sum is right and bounded, and the newest that fits is there."""

    async def run() -> None:
        results = Results(10_000)
        for key, size in orders:

            async def make(size: int = size) -> Served:
                return served(size)

            await results.make(str(key), make)
            found = results.find(str(key))
            fits = size + 1024 <= 2_500
            assert (found is not None and len(found.data) == size) or not fits
            assert results.bytes <= 10_000

    asyncio.run(run())


def test_what_was_not_asked_for_longest_goes() -> None:
    """A result that is asked for again stays, an older one goes."""

    async def run() -> None:
        results = Results(8_000)

        async def make() -> Served:
            return served(900)

        for key in ("a", "b", "c", "d", "e"):
            await results.make(key, make)
            results.find("a")
        assert results.find("a") is not None
        assert results.find("b") is None

    asyncio.run(run())


def test_work_is_given_up_when_all_have_left() -> None:
    """One who leaves does not end the work of another; when the last leaves, it ends."""

    async def run() -> None:
        results, ended = Results(10_000), []

        async def make() -> Served:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(True)
            return served(1)

        asking = [asyncio.ensure_future(results.make("key", make)) for _ in range(2)]
        await asyncio.sleep(0.01)
        asking[0].cancel()
        await asyncio.sleep(0.01)
        assert not ended
        asking[1].cancel()
        await asyncio.sleep(0.01)
        assert ended == [True]

    asyncio.run(run())


def test_errors_reach_all_who_wait_and_are_not_kept() -> None:
    """Both get the error; the next one tries again."""

    async def run() -> None:
        results, calls = Results(10_000), []

        async def make() -> Served:
            calls.append(True)
            await asyncio.sleep(0)
            raise ValueError("broken")

        asking = [results.make("key", make), results.make("key", make)]
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert [str(each) for each in found] == ["broken", "broken"]
        with pytest.raises(ValueError, match="broken"):
            await results.make("key", make)
        assert len(calls) == 2

    asyncio.run(run())


def test_jobs_outlive_the_store(tmp_path: Path) -> None:
    """A store that is opened again has the jobs as they were, the oldest first."""
    store = JobStore(tmp_path)
    first = store.put(Job("a", "video", {"style": "scream"}))
    store.put(Job("b", "fit", {}))
    store.put(replace(first, state="running", progress=0.5))
    again = JobStore(tmp_path)  # while the first one is open, as after kill -9
    assert [job.id for job in again.unfinished()] == ["a", "b"]
    job = again.get("a")
    assert job is not None
    assert (job.state, job.progress, job.settings) == ("running", 0.5, {"style": "scream"})
    assert job.created == first.created
    again.put(replace(job, state="done"))
    assert [each.id for each in again.ended_before(job.changed + 1e9)] == ["a"]
    again.remove("a")
    assert again.get("a") is None
    with sqlite3.connect(tmp_path / "jobs.sqlite") as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
    again.close()


@pytest.mark.parametrize("as_json", [False, True])
def test_tracebacks_show_no_variables(as_json: bool) -> None:
    """What a function holds when it fails, such as the header of a token, is not in the log."""
    lines = (
        "from impasto.server.logs import log, set_up",
        f"set_up(as_json={as_json})",
        "def fail(headers): raise ValueError('broken')",
        "try: fail({'authorization': 'Bearer ' + 'x' * 16})",
        "except ValueError as error: log.error('failed', exc_info=error)",
    )
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert "ValueError: broken" in run.stderr
    assert "Traceback" in run.stderr
    assert "x" * 16 not in run.stderr


def test_a_job_that_is_being_cancelled_is_not_begun(tmp_path: Path) -> None:
    """Cancelling a job that waits takes a write to the disk, during which its turn may come."""

    async def finish(job: Job, result: Path) -> None:
        raise AssertionError("nothing is finished")

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        jobs, disk = Jobs(ServeSettings(data=tmp_path), tmp_path, finish), threading.Event()
        id, folder = jobs.folders.make()
        job = await jobs.add(id, "video", {})
        asyncio.get_running_loop().run_in_executor(None, disk.wait)  # no write is done any more
        cancelling = asyncio.create_task(jobs.cancel(job))
        await asyncio.sleep(0)
        await jobs.start()
        await asyncio.sleep(0)  # its turn has come
        meanwhile, is_there = jobs.get(id), folder.is_dir()
        disk.set()
        assert (meanwhile, is_there) == (job, True)
        assert (await cancelling).state == "cancelled"
        assert not folder.exists()
        await jobs.close()

    asyncio.run(run())
    assert [job.state for job in JobStore(tmp_path).ended_before(math.inf)] == ["cancelled"]


def test_the_page_of_the_description_escapes_what_it_shows() -> None:
    """Nothing of a description becomes markup."""
    parameter = {"name": "<b>", "required": True, "description": "<script>"}
    operation = {"description": "a & b", "parameters": [parameter], "responses": {"200": {}}}
    info = {"title": "<i>", "version": "1", "summary": "s"}
    page = page_of({"info": info, "paths": {"/x": {"get": operation}}})
    assert "<script>" not in page
    assert "<i>" not in page
    assert "a &amp; b" in page


def test_the_help_tells_the_defaults_that_hold() -> None:
    """What an option is without being given is in the help, as the settings have it."""
    told = CliRunner().invoke(make_app(), ["serve", "--help"], env={"COLUMNS": "200"}).output
    for default in (ServeSettings.host, ServeSettings.port, ServeSettings.queue):
        assert f"[default: {default}]" in told
    assert f"[default: {ServeSettings.deadline:g}]" in told
