"""What any answer is: errors are problems, methods are told, and nothing of the inside shows."""

from errno import EDQUOT, ENOSPC, EROFS
from pathlib import Path

import pytest

from impasto.core.errors import OutputError
from impasto.server.problems import problem_of

from .conftest import TOKEN, Running, StartServer, picture_file, until

PROBLEM = "application/problem+json"
PNG = {"content-type": "image/png"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/paint", {"POST"}),
        ("POST", "/v1/styles", {"GET", "HEAD"}),
        ("POST", "/v1/styles/scream", {"GET", "HEAD", "PUT", "DELETE"}),
        ("DELETE", "/healthz", {"GET", "HEAD"}),
        ("PUT", "/index.html", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    server: Running, method: str, path: str, allowed: set[str]
) -> None:
    """405 with all methods that the path takes, for the API and for the page's files."""
    answer = server.client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM)
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/v1/styles", "/v1/styles/scream/preview", "/healthz", "/"])
def test_head_is_get_without_a_body(server: Running, path: str) -> None:
    """Whatever can be got can be asked about, and the headers are those of the whole answer."""
    whole, head = server.client.get(path), server.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == whole.headers.get(name), name


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/sample.jpg", {"range": "bytes=99999999-"}, 416),
        ("/sample.jpg", {"range": "bytes=5-1"}, 400),
        ("/no/such/file", {}, 404),
        ("/v1/nothing", {}, 404),
        ("/v1/styles/", {}, 404),
        ("/v1/styles", {"host": "evil.example"}, 421),
    ],
)
def test_every_error_is_a_problem(
    server: Running, path: str, headers: dict[str, str], status: int
) -> None:
    """RFC 9457, also where a library below would say it in words of its own."""
    answer = server.client.get(path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
    assert answer.json()["detail"]
    assert answer.headers["x-request-id"]
    assert ("content-range" in answer.headers) == (status == 416)


def test_a_refused_preflight_is_a_problem(start: StartServer) -> None:
    """A page that was not named is told so in the same way."""
    server = start(cors_origins="https://page.example")
    ask = {"origin": "https://other.example", "access-control-request-method": "POST"}
    answer = server.client.options("/v1/paint", headers=ask)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)


@pytest.mark.parametrize(("number", "status"), [(ENOSPC, 507), (EDQUOT, 507), (EROFS, 500)])
def test_a_file_that_cannot_be_written_is_the_server_s_fault(number: int, status: int) -> None:
    """No 4xx, and no path: those are for the log."""
    error = OutputError("cannot write /secret/place/x.safetensors: No space left on device")
    error.__cause__ = OSError(number, "why")
    problem = problem_of(error)
    assert problem.status == status
    assert "/secret" not in problem.detail
    assert problem_of(OutputError("WEBP holds at most 16383 pixels a side")).status == 422


def test_readiness_tells_no_paths(start: StartServer, tmp_path: Path) -> None:
    """Anyone may ask whether a server is ready; which folders it has is nobody's business."""
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    server = start(library=str(tmp_path))
    until(lambda: "bad" in server.client.get("/readyz").json()["refused"])
    why = server.client.get("/readyz").json()["refused"]["bad"]
    assert why
    assert str(tmp_path) not in why


def test_settings_that_nobody_would_heed_are_refused(server: Running) -> None:
    """The query of a form, a misspelt mask, and a body that says it is compressed."""
    photo, style = picture_file(), {"style": "scream"}
    query = server.client.post("/v1/paint?strength=0", files={"photo": photo}, data=style)
    assert (query.status_code, "form" in query.json()["detail"]) == (422, True)
    files = {"photo": photo, "maks.udnie": photo}
    mask = server.client.post("/v1/paint", files=files, data=style)
    assert (mask.status_code, "'maks.udnie'" in mask.json()["detail"]) == (422, True)
    for path, name in (("/v1/videos", "video"), ("/v1/fits", "pictures")):
        late = server.client.post(f"{path}?style=scream", files={name: photo}, data=style)
        other = server.client.post(path, files={name: photo, "photo": photo}, data=style)
        if late.status_code != 501:  # where its extra is missing
            assert (late.status_code, "query" in late.json()["detail"]) == (422, True)
            assert other.status_code in (400, 422)
    headers = {**PNG, "content-encoding": "gzip"}
    packed = server.client.post("/v1/paint?style=scream", content=photo, headers=headers)
    assert (packed.status_code, "Content-Encoding" in packed.json()["detail"]) == (415, True)


def test_a_cookie_keeps_to_tls_behind_a_proxy(start: StartServer) -> None:
    """Where the browser came by https, its cookie goes by nothing else."""
    server = start(token=TOKEN)
    for headers, is_secure in (({}, False), ({"x-forwarded-proto": "https"}, True)):
        answer = server.client.get(f"/?token={TOKEN}", headers=headers, follow_redirects=False)
        assert ("Secure" in answer.headers["set-cookie"]) == is_secure


def test_the_page_may_connect_to_its_own_server_alone(server: Running) -> None:
    """The policy names sockets of this host; a strange one is not repeated in it."""
    policy = server.client.get("/").headers["content-security-policy"]
    assert f"connect-src 'self' ws://127.0.0.1:{server.port} wss://" in policy
    odd = server.client.get("/", headers={"host": "x;y@localhost"})
    assert "x;y" not in odd.headers["content-security-policy"]
