"""The server of a vote, by real requests: what it answers, and what it refuses."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from impasto.bench.vote_server import VoteServer
from impasto.core.errors import OutputError

from ..votes import save_votes_folder, serving

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three methods, two styles, two photos."""
    return save_votes_folder(tmp_path)


@pytest.fixture
def server(folder: Path) -> Iterator[VoteServer]:
    """A server that answers on a free port."""
    with serving(folder) as server:
        yield server


@pytest.fixture
def line(server: VoteServer) -> Iterator[http.client.HTTPConnection]:
    """A connection that stays open from request to request."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)) as line:
        yield line


def ask(
    line: http.client.HTTPConnection, method: str, path: str, body: object = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send one request; a body that is no bytes goes as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    line.request(method, path, data, {**(JSON if data is not None else {}), **headers})  # type: ignore[arg-type]
    response = line.getresponse()
    return response, response.read()


def call(line: http.client.HTTPConnection, what: str, **fields: object) -> dict[str, Any]:
    """Make a call that must succeed."""
    response, body = ask(line, "POST", f"/api/{what}", fields)
    assert response.status == 200, body
    told: dict[str, Any] = json.loads(body)
    return told


def test_a_vote_from_name_to_undo(line: http.client.HTTPConnection, server: VoteServer) -> None:
    """A voter gets questions, answers, takes back, and rates, all on one connection."""
    told = call(line, "voter", name="Ada")
    assert told["totals"] == {"compare": 12, "rate": 12}
    who: dict[str, Any] = {"voter": told["voter"], "mode": "compare"}
    first = call(line, "next", **who)
    assert (first["answered"], first["total"], len(first["questions"])) == (0, 12, 2)
    draw = first["questions"][0]["draw"]
    second = call(line, "answer", **who, draw=draw, choice="left", seconds=2.5)
    assert second["answered"] == 1
    assert second["questions"][0] == first["questions"][1]
    assert call(line, "undo", **who) == first
    rated = call(line, "next", **{**who, "mode": "rate"})
    assert len(rated["questions"][0]["paintings"]) == 1
    assert server.ballot.store.answers() == []


def test_pictures_come_by_id(line: http.client.HTTPConnection, server: VoteServer) -> None:
    """Each picture is its file's bytes with the right type, and may be kept."""
    for id, picture in server.pictures.items():
        response, body = ask(line, "GET", f"/picture/{id}")
        assert (response.status, body) == (200, picture.path.read_bytes())
        assert response.headers["Content-Type"] == picture.media_type
        assert "immutable" in response.headers["Cache-Control"]


def test_the_page_may_do_nothing_else(line: http.client.HTTPConnection) -> None:
    """The page comes with a policy that allows this server alone, and holds no inline script."""
    kinds = {"/": "text/html", "/vote.js": "text/javascript", "/vote.css": "text/css"}
    for path, kind in kinds.items():
        response, body = ask(line, "GET", path)
        assert response.status == 200
        assert response.headers.get_content_type() == kind
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert b"http://" not in body
        assert b"https://" not in body
        assert b"style=" not in body


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/picture/",
        "/picture/../votes.sqlite",
        "/picture/%2e%2e/votes.sqlite",
        "/picture//etc/passwd",
        "/vote_page/vote.html",
        "/votes.sqlite",
        "/?a",
    ],
)
def test_no_path_leads_anywhere_else(line: http.client.HTTPConnection, path: str) -> None:
    """Whatever is asked for, only known names and ids are there; the connection goes on."""
    response, _ = ask(line, "GET", path)
    assert response.status == 404
    assert ask(line, "GET", "/")[0].status == 200


def test_a_picture_that_has_gone(line: http.client.HTTPConnection, server: VoteServer) -> None:
    """A file that was removed since the start is told as such."""
    id, picture = next(iter(server.pictures.items()))
    picture.path.unlink()
    assert ask(line, "GET", f"/picture/{id}")[0].status == 410


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8642", "127.0.0.1", ""])
def test_other_names_are_refused(
    line: http.client.HTTPConnection, server: VoteServer, host: str
) -> None:
    """A request for another host is refused whatever it asks; `localhost` with the port is ours."""
    assert ask(line, "GET", "/", Host=host)[0].status == 421
    assert ask(line, "POST", "/api/voter", {"name": "Ada"}, Host=host)[0].status == 421
    assert ask(line, "GET", "/", Host=f"localhost:{server.server_port}")[0].status == 200


@pytest.mark.parametrize(
    ("what", "fields", "told"),
    [
        ("voter", {}, "needs a name"),
        ("voter", {"name": 5}, "needs a name"),
        ("voter", {"name": "x" * 41}, "1 to 40"),
        ("next", {"mode": "compare"}, "voter must be"),
        ("next", {"voter": True, "mode": "compare"}, "voter must be"),
        ("next", {"voter": 10**30, "mode": "compare"}, "voter must be"),
        ("next", {"voter": 99, "mode": "compare"}, "no voter 99"),
        ("next", {"voter": 1, "mode": ["rate"]}, "mode must be"),
        ("answer", {"voter": 1, "mode": "compare", "draw": 1}, "needs a choice"),
        ("answer", {"voter": 1, "mode": "compare", "draw": 1, "choice": "up"}, "must be one of"),
        ("answer", {"voter": 1, "mode": "compare", "draw": 999, "choice": "tie"}, "not asked"),
        ("undo", {"voter": 1}, "mode must be"),
    ],
)
def test_bad_fields_are_named(
    line: http.client.HTTPConnection, what: str, fields: dict[str, object], told: str
) -> None:
    """A field that is missing or senseless is named, and nothing is kept of the call."""
    assert call(line, "voter", name="Ada")["voter"] == 1
    call(line, "next", voter=1, mode="compare")
    response, body = ask(line, "POST", f"/api/{what}", fields)
    assert response.status == 400
    assert told in json.loads(body)["error"]
    assert call(line, "next", voter=1, mode="compare")["answered"] == 0


@pytest.mark.parametrize("seconds", ["long", -1, 1e9, None, [1], float("nan")])
def test_senseless_times_are_left_out(
    line: http.client.HTTPConnection, server: VoteServer, seconds: object
) -> None:
    """An answer counts even where a clock went wrong."""
    voter = call(line, "voter", name="Ada")["voter"]
    draw = call(line, "next", voter=voter, mode="rate")["questions"][0]["draw"]
    call(line, "answer", voter=voter, mode="rate", draw=draw, choice="5", seconds=seconds)
    assert [answer.choice for answer in server.ballot.store.answers()] == ["5"]


def test_bodies_that_are_no_small_json_are_refused(line: http.client.HTTPConnection) -> None:
    """Forms, what is too large, what is no JSON, nests deeply or has no length, and other calls."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(line, "POST", "/api/voter", b"name=Ada", **form)[0].status == 415
    assert ask(line, "POST", "/api/voter", b" " * 5000)[0].status == 413
    for body in (b"{", b"[]", b"\xff", b"[" * 4000):
        assert ask(line, "POST", "/api/voter", body)[0].status == 400
    assert ask(line, "POST", "/api/none", {})[0].status == 404
    assert ask(line, "POST", "/", {})[0].status == 404
    line.putrequest("POST", "/api/voter")
    line.putheader("Content-Type", "application/json")
    line.putheader("Transfer-Encoding", "chunked")
    line.endheaders()
    response = line.getresponse()
    assert response.status == 411
    response.read()
    assert ask(line, "PUT", "/api/voter", {})[0].status == 501


def test_a_taken_port_is_one_line(server: VoteServer) -> None:
    """Two servers cannot share a port, and it is told which one."""
    with pytest.raises(OutputError, match=f"port {server.server_port}"):
        VoteServer(server.ballot, server.server_port)
