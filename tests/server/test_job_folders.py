"""The files of jobs: who may read them, and how long they are there."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto.server.job_store import Job, JobStore

from .conftest import Running, StartServer, ended, start_server, until
from .test_jobs import clip, send

pytest.importorskip("av")

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the data of an earlier version, which every user of the machine could read."""
    home = tmp_path_factory.mktemp("server")
    data = home / "serve"
    store = JobStore(data)
    store.put(Job("0" * 32, "video", {}, state="cancelled"))
    (data / "jobs").mkdir()
    (data / "jobs").chmod(0o755)
    for path in data.glob("jobs.sqlite*"):
        path.chmod(0o644)
    running = start_server(home)
    store.close()
    yield running
    assert running.end() == 0


def is_private(path: Path) -> bool:
    """Whether no other user has any right."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_no_other_user_may_read_what_jobs_keep(server: Running) -> None:
    """Folders and files of jobs are their user's alone: uploads, results, ids, old data too."""
    data = server.home / "serve"
    taken = send(server, clip(20), size=16).json()
    folder = data / "jobs" / taken["id"]
    for when in ("while it waits or runs", "when it has ended"):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files, when
        assert all(is_private(path) for path in (data / "jobs", folder, *files)), when
        assert all(is_private(path) for path in data.glob("jobs.sqlite*")), when
        assert ended(server, taken["url"])["state"] == "done"


def test_a_new_folder_of_jobs_is_private(start: StartServer, tmp_path: Path) -> None:
    """What the server makes for its data is its user's alone; what is there keeps its rights."""
    made, given = tmp_path / "made", tmp_path / "given"
    given.mkdir()
    given.chmod(0o755)
    for folder in (made, given):
        start(data=str(folder)).end()
    assert is_private(made)
    assert not is_private(given)
    assert is_private(given / "jobs")


def test_an_upload_goes_when_its_job_ends(server: Running) -> None:
    """Of a job that is done its result alone is kept, of one that failed nothing."""
    jobs = server.home / "serve" / "jobs"
    done, failed = (send(server, video).json() for video in (clip(2), b"no video"))
    assert ended(server, done["url"])["state"] == "done"
    assert [path.name for path in (jobs / done["id"]).iterdir()] == ["result.mp4"]
    assert server.client.get(f"{done['url']}/result").status_code == 200
    assert ended(server, failed["url"])["state"] == "failed"
    assert not (jobs / failed["id"]).exists()


def test_what_never_became_a_job_goes_at_the_next_start(start: StartServer, tmp_path: Path) -> None:
    """An upload whose server was killed before it took the job is removed, and nothing else is."""
    jobs = tmp_path / "home" / "serve" / "jobs"
    for name in ("a" * 32, "0" * 32, "notes"):
        (jobs / name).mkdir(parents=True)
        (jobs / name / "input").write_bytes(b"x")
    store = JobStore(jobs.parent)
    store.put(Job("0" * 32, "video", {}, state="done", result="input"))
    store.close()
    start()
    until(lambda: not (jobs / ("a" * 32)).exists())
    assert sorted(path.name for path in jobs.iterdir()) == ["0" * 32, "notes"]


def test_a_job_without_its_files_fails_with_a_word(start: StartServer, tmp_path: Path) -> None:
    """A job whose end could not be written down is not begun again when its files are gone."""
    store = JobStore(tmp_path / "home" / "serve")
    store.put(Job("0" * 32, "video", {}, state="running"))
    store.close()
    job = ended(start(), f"/v1/jobs/{'0' * 32}")
    assert (job["state"], job["message"][:12]) == ("failed", "it had ended")
