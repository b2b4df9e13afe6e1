"""Health, numbers and description; overload, faults and a good end."""

import os
import signal
import socket
import threading
import time
from io import BytesIO

import httpx
import psutil
import pytest
from PIL import Image

from impasto.engine.model import load_model

from .conftest import Running, StartServer, picture_file, until

PNG = {"content-type": "image/png"}


def test_about_tells_limits(server: Running) -> None:
    """A page can know what it may send before it sends it."""
    about = server.client.get("/v1/about").json()
    assert about["trunk_id"] == load_model().trunk_id
    assert about["limits"]["max_bytes"] == 64 * 2**20
    assert about["limits"]["deadline"] == 110
    assert isinstance(about["train"], bool)


def test_numbers_are_told(server: Running) -> None:
    """Prometheus finds requests, stages, the cache, the queue and pixels; paths add no series."""
    for _ in range(2):
        server.client.post("/v1/paint?style=scream", content=picture_file(8), headers=PNG)
    for number in range(3):
        server.client.get(f"/no/such/path/{number}")
    lines = server.client.get("/metrics").text.splitlines()
    names = {line.split("{")[0].split(" ")[0] for line in lines if not line.startswith("#")}
    wanted = ["requests_total", "request_seconds_bucket", "stage_seconds_sum", "queue_depth"]
    wanted += ["cache_hits_total", "cache_misses_total", "pixels_total", "decoders_lost_total"]
    assert names >= {f"impasto_{name}" for name in wanted}
    assert not any("/no/such" in line for line in lines)
    assert server.number("cache_hits_total") >= 1


def test_the_description_is_served_with_nothing_from_elsewhere(server: Running) -> None:
    """/docs is a page without scripts, and /openapi.json describes every route."""
    page = server.client.get("/docs")
    assert "<script" not in page.text
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    paths = server.client.get("/openapi.json").json()["paths"]
    assert paths.keys() >= {"/v1/paint", "/v1/styles/{name}", "/v1/jobs/{id}/events", "/readyz"}
    assert "<code>POST /v1/paint" in page.text


def test_a_killed_decoder_costs_no_answer(server: Running) -> None:
    """Kill -9 of every decoding process under load: all requests are answered well."""
    codes: list[int] = []

    def ask(seed: int) -> None:
        for number in range(8):
            photo = picture_file(16, seed=1000 * seed + number)
            answer = server.client.post("/v1/paint?style=scream", content=photo, headers=PNG)
            codes.append(answer.status_code)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: len(codes) >= 2)
    for pid in _decoders(server.process.pid):
        os.kill(pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert codes.count(200) >= len(codes) - 1
    assert set(codes) <= {200, 503}
    assert until(lambda: server.client.get("/readyz").json()["decoders"]) >= 1


def _decoders(server: int) -> list[int]:
    """The processes that a server has started to decode."""
    children = psutil.Process(server).children()
    return [each.pid for each in children if "impasto.server.codec" in each.cmdline()]


def test_a_full_queue_answers_before_the_body(start: StartServer) -> None:
    """With no room, 503 with Retry-After comes to a request whose body has not been sent."""
    server = start(queue="0", painters="1", body_seconds="100")
    with _half_sent(server):
        until(lambda: server.number("requests_inside") == 1)
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as second:
            second.sendall(_HEAD)
            answer = second.recv(65536)
            assert b" 503 " in answer.split(b"\r\n")[0]
            assert b"retry-after: " in answer.lower()
            # The rest of the body may still come; the connection is good for another request.
            second.sendall(b"x" * 1000 + b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            rest = b""
            while b'"ok"' not in rest:
                part = second.recv(65536)
                assert part
                rest += part
        assert httpx.get(f"{server.url}healthz").status_code == 200
    until(lambda: server.number("requests_inside") == 0)  # whoever left makes room
    photo = picture_file()
    answer = server.client.post("/v1/paint?style=scream", content=photo, headers=PNG)
    assert answer.status_code == 200


_HEAD = (
    b"POST /v1/paint?style=scream HTTP/1.1\r\nhost: localhost\r\n"
    b"content-type: image/png\r\ncontent-length: 1000\r\n\r\n"
)


def _half_sent(server: Running) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(_HEAD + b"x")
    return connection


def test_nobody_works_for_a_client_who_has_left(server: Running) -> None:
    """A connection that is closed while its photo is painted frees the place; that is no error."""
    stream = BytesIO()
    Image.new("RGB", (2_500, 2_500), "teal").save(stream, "PNG")
    photo = stream.getvalue()
    before = len([line for line in server.lines() if line.get("status") == 499])
    head = "POST /v1/paint?style=udnie HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(f"{head}content-length: {len(photo)}\r\n\r\n".encode() + photo)
        until(lambda: server.number("requests_inside") == 1)
    until(lambda: server.number("requests_inside") == 0)
    until(lambda: len([each for each in server.lines() if each.get("status") == 499]) > before)
    assert not any(line["level"] == "error" for line in server.lines())


def test_what_takes_too_long_is_given_up(start: StartServer) -> None:
    """A request over its deadline is a 504, and its place is free again."""
    server = start(deadline="0.1", body_seconds="100")
    with _half_sent(server) as connection:
        assert b" 504 " in connection.recv(65536).split(b"\r\n")[0]
    until(lambda: server.number("requests_inside") == 0)


def test_a_server_that_is_told_to_end_finishes_what_it_accepted(start: StartServer) -> None:
    """SIGTERM in the middle of a painting: the answer comes, then the process ends with 0."""
    server = start()
    answers: list[httpx.Response] = []
    photo = picture_file(1000)

    def ask() -> None:
        url = "/v1/paint?style=scream"
        answers.append(server.client.post(url, content=photo, headers=PNG))

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: server.number("requests_inside") == 1)
    assert server.end() == 0
    thread.join()
    assert answers[0].status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}healthz")


def test_a_closed_terminal_ends_a_server_in_order(start: StartServer) -> None:
    """SIGHUP ends a server as SIGTERM does."""
    server = start()
    assert server.end(signal.SIGHUP) == 0
    assert "Application shutdown complete." in server.log.read_text()


def test_a_second_interrupt_drops_what_was_accepted(start: StartServer) -> None:
    """A second Ctrl-C ends a server with work at once: with 130, and without a traceback."""
    server = start()
    with _half_sent(server):
        until(lambda: server.number("requests_inside") == 1)
        server.process.send_signal(signal.SIGINT)
        until(lambda: "Waiting for connections to close" in server.log.read_text())
        assert server.end(signal.SIGINT) == 130
    log = server.log.read_text()
    assert "Traceback" not in log
    assert log.splitlines()[-1] == "impasto: interrupted"


def test_a_busy_address_is_told(start: StartServer, server: Running) -> None:
    """A port that is taken is one line, and the exit code is not 0."""
    with pytest.raises(AssertionError, match="cannot listen on"):
        start("--port", str(server.port))


def test_idle_connections_do_not_keep_a_server_alive(start: StartServer) -> None:
    """Open connections that ask nothing do not delay the end."""
    server = start()
    with socket.create_connection(("127.0.0.1", server.port)):
        time.sleep(0.1)
        assert server.end() == 0
