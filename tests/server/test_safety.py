"""What keeps strangers out, and large, slow or odd requests from doing harm."""

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from .conftest import TOKEN, Running, StartServer, picture_file, start_server, until

PNG = {"content-type": "image/png"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with a token, small limits, and one page elsewhere that may call."""
    running = start_server(
        tmp_path_factory.mktemp("guarded"),
        token=TOKEN,
        allowed_hosts="studio.example",
        cors_origins="https://page.example",
        max_bytes="100000",
        body_seconds="1",
        max_pixels="100000",
    )
    yield running
    assert running.end() == 0


def bearer(token: str = TOKEN) -> dict[str, str]:
    """The header of a token."""
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "[::1", "", "127.0.0.1.evil"]
)
def test_other_names_are_not_answered(server: Running, host: str) -> None:
    """A name that was made to point here (DNS rebinding) gets nothing, not even the page."""
    for path in ("/", "/v1/styles", "/healthz"):
        answer = server.client.get(path, headers={"host": host})
        assert answer.status_code in (400, 421), path


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
def test_this_machine_s_names_are_answered(server: Running, host: str) -> None:
    """Addresses and localhost are fine: no stranger's name is one."""
    assert server.client.get("/v1/styles", headers={"host": host}).status_code == 200


def test_pages_of_other_origins_may_not_call(server: Running) -> None:
    """A page elsewhere can neither paint nor start jobs, and is given no CORS headers."""
    for origin in ("http://evil.example", "null", "https://page.example", "http://[", "x"):
        headers = {**PNG, "origin": origin}
        answer = server.client.post("/v1/paint?style=scream", content=b"x", headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    own = {**PNG, "origin": server.url.rstrip("/")}
    answer = server.client.post("/v1/paint?style=scream", content=picture_file(), headers=own)
    assert answer.status_code == 200


def test_cors_is_for_those_who_were_named(guarded: Running) -> None:
    """A named page may call with the token; its browser is told so before."""
    ask = {"origin": "https://page.example", "access-control-request-method": "POST"}
    wanted = {**ask, "access-control-request-headers": "authorization,content-type"}
    allowed = guarded.client.options("/v1/paint", headers=wanted)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://page.example"
    assert "access-control-allow-credentials" not in allowed.headers
    assert allowed.headers["x-request-id"]
    other = guarded.client.options("/v1/paint", headers={**wanted, "origin": "https://e.example"})
    assert "access-control-allow-origin" not in other.headers
    styles = guarded.client.get(
        "/v1/styles", headers={**bearer(), "origin": "https://page.example"}
    )
    assert styles.status_code == 200
    assert styles.headers["access-control-allow-origin"] == "https://page.example"


def test_a_token_guards_every_call(guarded: Running) -> None:
    """Without the token, or with another one, nothing below /v1 answers; health and page do."""
    client = guarded.client
    for path in ("/v1/styles", "/v1/about", "/v1/paint", "/v1/jobs/x", "/metrics"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=bearer("x" * len(TOKEN))).status_code == 401
    assert client.get("/v1/styles", headers=bearer()).status_code == 200
    assert client.get("/healthz").status_code == client.get("/").status_code == 200
    assert client.get("/v1/styles").headers["www-authenticate"].startswith("Bearer")


def test_a_browser_gets_a_cookie_for_the_token(guarded: Running) -> None:
    """`/?token=` sets a cookie that scripts cannot read, is not the token, and opens /v1."""
    with httpx.Client(base_url=guarded.url) as client:
        wrong = client.get("/?token=another-token-that-is-wrong")
        assert wrong.status_code == 401
        entered = client.get(f"/?token={TOKEN}")
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/v1/styles").status_code == 200
        put = client.put("/v1/styles/x", content=b"x")
        assert put.status_code == 401, "a cookie must not change styles"


def test_the_token_is_nowhere_in_the_log(guarded: Running) -> None:
    """Neither queries nor headers get into the log, whatever is asked."""
    guarded.client.get(f"/?token={TOKEN}")
    guarded.client.get(f"/v1/styles?token={TOKEN}", headers=bearer())
    guarded.client.get("/v1/nothing", headers=bearer())
    # A line is written after its answer is sent.
    asked = {"/", "/v1/styles", "/v1/nothing"}
    until(lambda: asked <= {line["path"] for line in guarded.lines() if "path" in line})
    assert TOKEN not in guarded.log.read_text()


def test_answers_carry_the_headers_of_a_careful_server(server: Running) -> None:
    """Every answer, errors too, tells browsers what not to do, and has an id that the log has."""
    for path in ("/", "/v1/styles", "/v1/nothing", "/docs"):
        headers = server.client.get(path, headers={"x-request-id": "bad id!"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-embedder-policy"] == "require-corp"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"] != "bad id!"
        found = headers["x-request-id"]
        until(lambda wanted=found: any(each.get("request_id") == wanted for each in server.lines()))


def test_a_large_body_is_refused_by_its_length(guarded: Running) -> None:
    """413 comes before a byte of the body is sent."""
    head = f"content-type: image/png\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 100001"
    status, _ = _raw(guarded, f"POST /v1/paint?style=scream HTTP/1.1\r\nhost: localhost\r\n{head}")
    assert status == 413


def test_a_large_body_without_a_length_is_cut_off(guarded: Running) -> None:
    """A body in chunks is refused as soon as it is too large."""
    pieces = (b"x" * 10_000 for _ in range(20))
    headers = {**PNG, **bearer()}
    answer = guarded.client.post("/v1/paint?style=scream", content=pieces, headers=headers)
    assert answer.status_code == 413


def test_a_slow_body_is_given_up(guarded: Running) -> None:
    """A body that does not come in time is a 408, and the connection ends."""
    head = f"content-type: image/png\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 1000"
    status, closed = _raw(
        guarded, f"POST /v1/paint?style=scream HTTP/1.1\r\nhost: localhost\r\n{head}", wait=True
    )
    assert (status, closed) == (408, True)


def test_large_heads_are_refused(server: Running) -> None:
    """A head of more than 64 KB is a 431, however it is made up."""
    for head in (f"x: {'y' * 70_000}", "\r\n".join(f"h{n}: {'v' * 50}" for n in range(1500))):
        status, closed = _raw(server, f"GET / HTTP/1.1\r\nhost: localhost\r\n{head}", wait=True)
        assert (status, closed) == (431, True)
    assert server.client.get("/healthz").status_code == 200


def _endless(server: Running, beginning: bytes, piece: bytes) -> None:
    """Send a piece again and again, up to 64 MB, which the server must not take."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(beginning)
        try:
            for _ in range(2**26 // len(piece)):
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        except OSError:  # the server has closed
            pass
        else:
            pytest.fail("all of it was taken")


CHUNKED = "host: localhost\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        ("5\r\nhello\r\n0\r\n", f"h: {'v' * 500}\r\n" * 64),
        ("5\r\nhello\r\n0\r\nh: ", "v" * 32_768),
        ("5\r\nhello\r\n5;", "extension=" * 3000),
    ],
    ids=["many fields behind the body", "an endless one", "an endless extension of a chunk"],
)
@pytest.mark.parametrize("path", ["/v1/paint?style=scream", "/v1/styles"])
def test_a_body_is_not_padded_without_end(
    server: Running, path: str, beginning: str, piece: str
) -> None:
    """What comes with a body and is none of it has the bounds of a head."""
    head = f"POST {path} HTTP/1.1\r\n{CHUNKED}\r\n"
    _endless(server, (head + beginning).encode(), piece.encode())
    assert server.client.get("/healthz").status_code == 200


def test_a_large_head_behind_a_body_is_refused(server: Running) -> None:
    """A second request in the same piece as the first one has the same bounds."""
    first = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    second = f"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {'y' * 70_000}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall((first + second).encode())
        answers = connection.makefile("rb").read()
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] in ([b"200", b"431"], [b"431"])


def test_fields_behind_a_body_count_for_nothing(guarded: Running) -> None:
    """A token that comes behind the body opens no door, and the answer is the usual one."""
    photo = picture_file(40)
    body = f"{len(photo):x}\r\n".encode() + photo + b"\r\n0\r\n"
    late = f"authorization: Bearer {TOKEN}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=60) as connection:
        head = f"POST /v1/paint?style=scream HTTP/1.1\r\n{CHUNKED}connection: close\r\n\r\n"
        connection.sendall(head.encode() + body + late)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 401")


def test_a_head_that_comes_in_parts_is_taken(server: Running) -> None:
    """A head that is cut anywhere, with a large body right behind it, is no large head."""
    body = picture_file(200)
    lines = "POST /v1/paint?style=scream HTTP/1.1", "host: localhost", "content-type: image/png"
    head = "\r\n".join([*lines, f"content-length: {len(body)}", "connection: close"]) + "\r\n\r\n"
    for cut in (1, len(head) - 3, len(head) - 1, len(head)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            whole = head.encode() + body
            connection.sendall(whole[:cut])
            time.sleep(0.1)
            connection.sendall(whole[cut:])
            assert connection.recv(65536).split(b" ")[1] == b"200"


def test_what_is_no_http_is_refused(server: Running) -> None:
    """Bytes that are no request get a 400 with an id that the log has, and nothing else."""
    status, closed = _raw(server, "\x16\x03\x01 hello", wait=True)
    assert (status, closed) == (400, True)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        head = connection.makefile("rb").read().split(b"\r\n\r\n")[0].decode()
    id = dict(line.split(": ") for line in head.split("\r\n")[1:])["x-request-id"]
    until(lambda: any(each.get("request_id") == id for each in server.lines()))


def test_too_many_pixels_are_refused_from_the_header(guarded: Running) -> None:
    """A picture over the limit is refused before it is decoded."""
    photo = picture_file(400)[:5_000]  # its pixels are not even there
    answer = guarded.client.post(
        "/v1/paint?style=scream", content=photo, headers={**PNG, **bearer()}
    )
    assert answer.status_code == 422
    assert "too many pixels (400x400)" in answer.json()["detail"]


def test_names_of_uploads_become_no_paths(server: Running) -> None:
    """A file name that climbs, is absolute or holds a NUL plays no part at all."""
    names = ("../../../tmp/evil", "/etc/passwd", "a\x00b", "C:\\con", "." * 300)
    before = {path for path in server.home.rglob("*") if not path.name.startswith("log")}
    for name in names:
        files = {"photo": (name, picture_file())}
        answer = server.client.post("/v1/paint", files=files, data={"style": "scream"})
        assert answer.status_code == 200
    assert {path for path in server.home.rglob("*") if not path.name.startswith("log")} == before


def test_paths_do_not_climb(server: Running) -> None:
    """No path leads out of the page's folder or into a style that is none."""
    for path in ("/..%2f..%2fetc/passwd", "/%2e%2e/api.py", "/v1/styles/..%2f..%2fx/package"):
        status, _ = _raw(server, f"GET {path} HTTP/1.1\r\nhost: localhost")
        assert status in (404, 422), path


def test_a_host_that_others_reach_needs_a_token(start: StartServer) -> None:
    """Without a token the server does not start; the message says how to make one."""
    with pytest.raises(AssertionError, match="IMPASTO_SERVE_TOKEN"):
        start("--host", "0.0.0.0")  # noqa: S104


def _raw(server: Running, head: str, *, wait: bool = False) -> tuple[int, bool]:
    """The status that the bytes of a head get, and whether the connection was closed then."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer and (part := connection.recv(65536)):
            answer += part
        closed = False
        if wait:
            until = time.monotonic() + 60
            while time.monotonic() < until and not closed:
                try:
                    closed = connection.recv(65536) == b""
                except ConnectionResetError:
                    closed = True
    assert b"Traceback" not in answer
    if b"problem+json" in answer and b"{" in answer:
        json.loads(answer[answer.index(b"{") :].split(b"\r\n")[0])
    return int(answer.split()[1]), closed
