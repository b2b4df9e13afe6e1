"""Videos and styles that are made in jobs."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

import impasto
from impasto.engine.model import load_model
from impasto.server.job_store import Job, JobStore
from impasto.styles.package import Style, pack_style, parse_style

from ..models import put
from .conftest import TOKEN, Running, StartServer, picture_file, start_server, until

av = pytest.importorskip("av")


MOST_FRAMES = 600
PATIENCE = 500
"""Seconds: jobs stand back, and the machine may have more to do."""

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


def ended(server: Running, url: str) -> dict[str, Any]:
    """A job when it has ended."""

    def found() -> dict[str, Any] | None:
        job: dict[str, Any] = server.client.get(url).json()
        return job if job["state"] in ("done", "failed", "cancelled") else None

    return until(found, PATIENCE)  # type: ignore[no-any-return]


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
    assert _works_in(folder)
    first.end(signal.SIGKILL)
    until(lambda: not _works_in(folder))
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


def _works_in(folder: Path) -> bool:
    """Whether a process runs in a folder."""
    return any(each.info["cwd"] == str(folder) for each in psutil.process_iter(["cwd"]))


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


def fit(server: Running, **settings: str) -> httpx.Response:
    """Ask for a style to be learned."""
    files = [("pictures", (f"../{n}.png", picture_file(300, seed=n))) for n in range(2)]
    return server.client.post("/v1/fits", files=files, data={"name": "mine", **settings})


def test_fits_are_checked_before_they_are_taken(server: Running) -> None:
    """A bad name, too long a time or a broken picture is a 4xx; no job comes of it."""
    pytest.importorskip("torch")
    assert fit(server, name="../mine").status_code == 422
    assert fit(server, minutes="1000").status_code == 422
    assert fit(server, minutes="nan").status_code == 422
    files = {"pictures": b"no picture"}
    broken = server.client.post("/v1/fits", files=files, data={"name": "mine"})
    assert broken.status_code == 422
    assert "picture 1" in broken.json()["detail"]
    assert (
        server.client.post("/v1/fits", data={"name": "mine"}, files={"x": b""}).status_code == 422
    )


def test_only_the_owner_learns_a_style_of_a_bundled_name(
    server: Running, start: StartServer
) -> None:
    """Without the token as Bearer, by a cookie too, a fit cannot stand in front of a style."""
    pytest.importorskip("torch")
    refused = fit(server, name="scream")
    assert refused.status_code == 409
    assert "another name" in refused.json()["detail"]
    guarded = start(token=TOKEN)
    guarded.client.get(f"/?token={TOKEN}")
    assert fit(guarded, name="scream").status_code == 409
    guarded.client.headers["authorization"] = f"Bearer {TOKEN}"
    owners = fit(guarded, name="scream")
    assert owners.status_code == 202
    guarded.client.delete(owners.json()["url"])


def test_two_fits_of_one_name_are_not_taken(server: Running) -> None:
    """While a fit has not ended, another one of its name is a 409, and no folder of it stays."""
    pytest.importorskip("torch")
    url = fit(server).json()["url"]
    before = set((server.home / "serve" / "jobs").iterdir())
    again = fit(server)
    assert again.status_code == 409
    assert "being learned" in again.json()["detail"]
    assert set((server.home / "serve" / "jobs").iterdir()) == before
    server.client.delete(url)
    assert ended(server, url)["state"] == "cancelled"


def test_a_style_that_finds_no_place_can_be_fetched(start: StartServer, tmp_path: Path) -> None:
    """A fit whose name was taken meanwhile says so and keeps it; one that was put there is done.

    The server was killed after the process of each had ended.
    """
    learned = [_learned(tmp_path / "home", name) for name in ("mine", "yours")]
    put(replace(learned[0], title="Put meanwhile"), tmp_path / "home" / "styles")
    put(learned[1], tmp_path / "home" / "styles")
    server = start()
    mine, yours = (ended(server, f"/v1/jobs/{style.name.encode().hex():0>32}") for style in learned)
    assert (mine["state"], yours["state"]) == ("failed", "done")
    assert "you have a style 'mine' already" in mine["message"]
    assert server.client.get(mine["result"]).content == pack_style(learned[0])
    assert server.client.get("/v1/styles/mine").json()["title"] == "Put meanwhile"


def _learned(home: Path, name: str) -> Style:
    """The style of a fit that ended well, while its server did not get to tell it."""
    id = f"{name.encode().hex():0>32}"
    style = replace(impasto.load_style("scream"), name=name, title="Learned")
    put(style, home / "serve" / "jobs" / id)
    store = JobStore(home / "serve")
    store.put(Job(id, "fit", {"name": name, "title": "", "minutes": 1}, state="running"))
    store.close()
    return style


@pytest.mark.slow
def test_a_style_is_learned_and_can_be_painted(start: StartServer) -> None:
    """The job shows previews while it learns; at its end the style is among the others."""
    pytest.importorskip("torch")
    server = start()
    taken = fit(server, title="Mine", minutes="0.3")
    assert taken.status_code == 202
    url = taken.json()["url"]
    preview = until(lambda: server.client.get(url).json()["preview"], 600)
    assert server.client.get(preview).headers["content-type"] == "image/jpeg"
    job: dict[str, Any] = until(
        lambda: (j := server.client.get(url).json())["state"] in ("done", "failed") and j, 600
    )
    assert job["state"] == "done", job
    assert server.client.get("/v1/styles/mine").json()["title"] == "Mine"
    assert fit(server, minutes="0.1").status_code == 409
    result = server.client.get(job["result"])
    assert parse_style(result.content, "the result").name == "mine"
