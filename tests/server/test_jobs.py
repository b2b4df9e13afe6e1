"""Videos that are painted in jobs, and what becomes of jobs."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from impasto.engine.model import load_model
from impasto.server.job_process import command_of
from impasto.server.job_store import Job, JobStore
from impasto.server.settings import ServeSettings

from .conftest import PATIENCE, Running, StartServer, ended, start_server, until
from .processes import works_in

av = pytest.importorskip("av")


MOST_FRAMES = 600

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that takes videos of 600 frames at most."""
    folder = tmp_path_factory.mktemp("server")
    running = start_server(folder, max_video_frames=str(MOST_FRAMES))
    yield running
    assert running.end() == 0


def clip(frames: int = 12, side: int = 32) -> bytes:
    """A small video of a colour that changes."""
    stream = BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("libx264", rate=Fraction(10))
        track.width = track.height = side
        track.pix_fmt = "yuv420p"
        for number in range(frames):
            pixels = np.full((side, side, 3), number * 250 // frames, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(track.encode(frame))
        container.mux(track.encode())
    return stream.getvalue()


def send(server: Running, video: bytes, **settings: Any) -> httpx.Response:
    """Ask for a video to be painted."""
    files = {"video": ("../../evil.mp4", video)}
    return server.client.post("/v1/videos", files=files, data={"style": "scream", **settings})


def test_a_video_is_painted_and_its_progress_told(server: Running) -> None:
    """Events tell the states in their order, and the result is the painted video."""
    taken = send(server, clip(), size=16)
    assert taken.status_code == 202, taken.text
    url = taken.json()["url"]
    assert taken.headers["location"] == url
    events = []
    with server.client.stream("GET", f"{url}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
    assert events[-1]["state"] == "done", events
    assert events[-1]["progress"] == 1.0
    assert {event["state"] for event in events} <= {"queued", "running", "done"}
    result = server.client.get(events[-1]["result"])
    assert result.headers["content-type"] == "video/mp4"
    with av.open(BytesIO(result.content)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 12
    assert frames[0].width == 16


def test_bad_videos_fail_with_a_word(server: Running) -> None:
    """What is no video is a failed job whose message says so, without paths of the server."""
    job = ended(server, send(server, b"no video at all").json()["url"])
    assert job["state"] == "failed"
    assert "input" in job["message"]
    assert str(server.home) not in job["message"]
    answer = server.client.get(f"/v1/jobs/{job['id']}/result")
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "settings",
    [
        {"style": "screan"},
        {"flow": "2"},
        {"fps": "0"},
        {"fps": "1;x"},
        {"fps": "999999"},
        {"fps": "1/101"},
        {"format": "avi"},
        {"x": "1"},
    ],
)
def test_bad_settings_become_no_job(server: Running, settings: dict[str, str]) -> None:
    """Settings are checked before a job is taken, and nothing is left on the disk."""
    jobs = server.home / "serve" / "jobs"
    before = set(jobs.rglob("*"))
    assert send(server, clip(2), **settings).status_code == 422
    assert set(jobs.rglob("*")) == before


def test_jobs_that_are_not_there_are_404(server: Running) -> None:
    """An unknown id is a 404, and what is no id never becomes a path."""
    for path in ("", "/events", "/result", "/preview"):
        assert server.client.get(f"/v1/jobs/{'0' * 32}{path}").status_code == 404
        assert server.client.get(f"/v1/jobs/..%2f..%2fx{path}").status_code in (404, 422)


def test_a_job_is_cancelled(server: Running) -> None:
    """A job that runs and one that waits both end, and their files are gone."""
    video = clip(MOST_FRAMES, 128)
    urls = [send(server, video).json()["url"] for _ in range(2)]
    until(lambda: server.client.get(urls[0]).json()["state"] == "running")
    for url in urls[::-1]:
        assert server.client.delete(url).status_code == 200
    for url in urls:
        assert ended(server, url)["state"] == "cancelled"
        assert not (server.home / "serve" / "jobs" / url.split("/")[-1]).exists()
    assert server.client.delete(urls[0]).json()["state"] == "cancelled"


def test_too_long_videos_are_ended(server: Running) -> None:
    """A video of more frames than allowed fails before it is painted."""
    job = ended(server, send(server, clip(MOST_FRAMES + 1, 16)).json()["url"])
    assert (job["state"], job["message"]) == ("failed", "the video has more than 600 frames")


def test_jobs_that_take_too_long_are_ended(start: StartServer) -> None:
    """A video that holds the only place too long fails, and its process is gone."""
    server = start(max_job_minutes="0.1")
    taken = send(server, clip(48, 320), stroke_reference=8000).json()
    job = ended(server, taken["url"])
    limit = "within 0.1 minutes: IMPASTO_SERVE_MAX_JOB_MINUTES of the server allows no more"
    assert (job["state"], job["message"]) == ("failed", f"the job was not done {limit}")
    assert not works_in(server.home / "serve" / "jobs" / taken["id"])


def test_a_fit_has_its_minutes_beside_those_of_any_job(tmp_path: Path) -> None:
    """The time that was asked for does not count against the time that any job may take."""
    settings = ServeSettings(max_job_minutes=5)
    asked = {"name": "mine", "title": "", "minutes": 60}
    assert command_of(Job("0" * 32, "fit", asked), settings, tmp_path).minutes == 65


def test_places_and_hours_of_jobs_are_bounded(start: StartServer, tmp_path: Path) -> None:
    """A job that ended long ago is gone at the next start; with no place left the answer is 503."""
    store = JobStore(tmp_path / "home" / "serve")
    store.put(Job("0" * 32, "video", {}, state="done"))
    folder = tmp_path / "home" / "serve" / "jobs" / ("0" * 32)
    folder.mkdir(parents=True)
    store.close()
    server = start(max_jobs="0", job_hours="0")
    until(lambda: server.client.get(f"/v1/jobs/{'0' * 32}").status_code == 404)
    assert not folder.exists()
    answer = send(server, clip(2))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_uploads_under_way_have_places(start: StartServer) -> None:
    """One that is still being sent takes the place of a job; breaking it off gives that back."""
    server = start(max_jobs="1")
    lines = "POST /v1/videos HTTP/1.1", "host: localhost", "expect: 100-continue"
    form = "content-type: multipart/form-data; boundary=x", "content-length: 100000"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as upload:
        upload.sendall("\r\n".join([*lines, *form, "", ""]).encode())
        assert b" 100 " in upload.recv(1024), "the server must have begun to read"
        assert send(server, clip(2)).status_code == 503
    taken = until(lambda: (answer := send(server, clip(2))).status_code == 202 and answer)
    assert send(server, clip(2)).status_code == 503
    server.client.delete(taken.json()["url"])


def test_killing_the_server_loses_no_job(start: StartServer) -> None:
    """Kill -9 in the middle: the next server goes on with the job, and ends it well."""
    first = start()
    urls = [send(first, clip(200)).json()["url"], send(first, clip(3)).json()["url"]]
    until(lambda: first.client.get(urls[0]).json()["progress"] > 0, PATIENCE)
    folder = first.home / "serve" / "jobs" / urls[0].split("/")[-1]
    assert works_in(folder)
    first.end(signal.SIGKILL)
    until(lambda: not works_in(folder))
    second = start()
    for url, frames in zip(urls, (200, 3), strict=True):
        assert ended(second, url)["state"] == "done"
        video = second.client.get(f"{url}/result").content
        with av.open(BytesIO(video)) as container:
            assert sum(1 for _ in container.decode(video=0)) == frames


def test_relative_paths_hold_for_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Model, data and IMPASTO_HOME relative to where the server was started serve its jobs, too."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(load_model().folder, "mymodel")
    server = start_server(Path("home"), "--model", "./mymodel", "--data", "jobs")
    try:
        job = ended(server, send(server, clip(2), size=16).json()["url"])
        assert job["state"] == "done", job
        assert (tmp_path / "jobs" / "jobs" / job["id"] / "result.mp4").is_file()
    finally:
        server.end(signal.SIGKILL)


def test_a_folder_of_jobs_has_one_server(start: StartServer) -> None:
    """A second server ends with one line and 1; after `kill -9` of the first one it starts."""
    first = start()
    second = subprocess.run(
        [sys.executable, "-m", "impasto.cli.app", "serve", "--port", "0"],
        env={**os.environ, "IMPASTO_HOME": str(first.home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert "another server keeps its jobs in" in line
    assert first.client.get("/readyz").status_code == 200
    first.end(signal.SIGKILL)
    assert start().client.get("/readyz").status_code == 200


def test_a_server_that_ends_keeps_its_job_for_the_next(start: StartServer) -> None:
    """SIGTERM ends the painting process and the events in order, and the job is there again."""
    first = start()
    url = send(first, clip(3000, 128)).json()["url"]
    until(lambda: first.client.get(url).json()["progress"] > 0, PATIENCE)
    with first.client.stream("GET", f"{url}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("data: ")
        assert first.end() == 0
        told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
        assert all(job["state"] == "running" for job in told)
    second = start()
    assert second.client.get(url).json()["state"] in ("queued", "running")
    second.client.delete(url)
    assert ended(second, url)["state"] == "cancelled"
