"""Styles that are learned in jobs."""

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import impasto
from impasto.server.job_store import Job, JobStore
from impasto.styles.package import Style, pack_style, parse_style

from ..models import put
from .conftest import PATIENCE, TOKEN, Running, StartServer, ended, picture_file, until
from .processes import works_in

pytestmark = pytest.mark.timeout(1500)


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


@pytest.mark.slow
def test_killing_the_server_loses_no_fit(start: StartServer) -> None:
    """Kill -9 while a style is learned: the next server learns it from the beginning."""
    pytest.importorskip("torch")
    first = start()
    taken = fit(first, minutes="0.2").json()
    until(lambda: first.client.get(taken["url"]).json()["preview"], PATIENCE)
    folder = first.home / "serve" / "jobs" / taken["id"]
    assert works_in(folder)
    first.end(signal.SIGKILL)
    until(lambda: not works_in(folder))
    second = start()
    job = ended(second, taken["url"])
    assert job["state"] == "done", job
    assert second.client.get("/v1/styles/mine").status_code == 200
    kept = {path.name for path in folder.iterdir()}
    assert kept == {"mine.safetensors", "previews"}, "the pictures are not kept"
