"""`WS /v1/live`: frames in, paintings out."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

import impasto

from ..models import put
from .conftest import TOKEN, Running, StartServer, picture_file, until


def opened(server: Running, **options: object) -> ClientConnection:
    """A connection to a server."""
    url = f"ws://127.0.0.1:{server.port}/v1/live"
    return connect(url, proxy=None, **options)  # type: ignore[arg-type]


def test_frames_are_painted_and_settings_change(server: Running) -> None:
    """Each frame comes back as a JPEG of its size; new settings hold from the next frame on."""
    with opened(server, origin=server.url.rstrip("/")) as socket:
        socket.send(json.dumps({"style": "scream"}))
        sizes, paintings = [], []
        for format in ("JPEG", "PNG", "WEBP"):
            socket.send(picture_file(24, format=format))
            paintings.append(socket.recv(60))
        socket.send(json.dumps({"style": "udnie:1,scream:1", "strength": 0.5, "size": 12}))
        socket.send(picture_file(24, format="PNG"))
        paintings.append(socket.recv(60))
        for painting in paintings:
            assert isinstance(painting, bytes)
            with Image.open(BytesIO(painting)) as image:
                assert image.format == "JPEG"
                sizes.append(image.size)
    assert sizes == [(24, 24)] * 3 + [(12, 12)]


def test_only_the_newest_frame_is_painted(server: Running) -> None:
    """Of many frames at once some are left out, and the last one is painted last."""
    with opened(server) as socket:
        socket.send(json.dumps({"style": "scream"}))
        for side in range(20, 60):
            socket.send(picture_file(side, format="PNG"))
        sides = []
        while not sides or sides[-1] != 59:
            painting = socket.recv(60)
            assert isinstance(painting, bytes)
            with Image.open(BytesIO(painting)) as image:
                sides.append(image.width)
    assert sides == sorted(sides)
    assert len(sides) < 40


def test_a_replaced_style_is_painted_from_the_next_frame_on(start: StartServer) -> None:
    """A camera takes up the new version of its style, and goes on when the style is removed."""
    server, frame = start(), picture_file(24)
    scream, udnie = (impasto.load_style(name) for name in ("scream", "udnie"))
    path = put(replace(scream, name="mine"), server.home / "styles")

    def painted(socket: ClientConnection) -> str | bytes:
        socket.send(frame)
        return socket.recv(60)

    def versions() -> object:
        styles = server.client.get("/v1/styles").json()["styles"]
        return {each["version"] for each in styles if each["name"] == "mine"}

    first = until(versions)
    with opened(server) as socket:
        socket.send(json.dumps({"style": "mine"}))
        old = painted(socket)
        put(replace(udnie, name="another"), server.home / "styles")
        until(lambda: server.client.get("/v1/styles/another").status_code == 200)
        assert painted(socket) == old
        put(replace(udnie, name="mine"), server.home / "styles")
        until(lambda: versions() != first)
        new = painted(socket)
        assert new != old
        path.unlink()
        until(lambda: not versions())
        assert painted(socket) == new


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([picture_file()], "settings"),
        (["{"], "Expecting property name"),
        (["[" * 200_000], "nested too deeply"),
        (['{"style": "screan"}', picture_file()], "did you mean scream"),
        (['{"style": "scream", "strength": 7}'], "strength"),
        (['{"style": "scream"}', b"no picture"], "not a JPEG"),
        (['{"style": "scream", "stroke_reference": 9000}', picture_file()], "stroke reference"),
    ],
)
def test_bad_messages_end_the_connection(
    server: Running, messages: list[str | bytes], words: str
) -> None:
    """The reason that the connection is closed with says what was wrong."""
    with opened(server) as socket:
        for message in messages:
            socket.send(message)
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(60)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1007
    assert words in caught.value.rcvd.reason


def test_strangers_cannot_connect(server: Running, start: StartServer) -> None:
    """Pages elsewhere, other names, and those without the token are refused at the door."""
    for options in (
        {"origin": "http://evil.example"},
        {"additional_headers": {"Host": "evil.example"}},
    ):
        with pytest.raises((InvalidStatus, ConnectionClosed)), opened(server, **options):
            pass
    guarded = start(token=TOKEN)
    with pytest.raises(InvalidStatus), opened(guarded):
        pass
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with opened(guarded, additional_headers=headers) as socket:
        socket.send(json.dumps({"style": "scream"}))
        socket.send(picture_file())
        assert socket.recv(60)
        guarded.end()
        with pytest.raises(ConnectionClosed):
            socket.recv(60)


def test_no_more_cameras_than_allowed(start: StartServer) -> None:
    """One too many is told to come later; when another leaves, there is room."""
    server = start(max_live="1")
    with opened(server) as first:
        first.send(json.dumps({"style": "scream"}))
        with opened(server) as second, pytest.raises(ConnectionClosed) as caught:
            second.recv(60)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1013
    assert until(lambda: _is_painted(server))


@pytest.mark.slow
def test_idle_cameras_make_room(start: StartServer) -> None:
    """One that sends settings and no frame for a minute is closed; one that sends frames stays."""
    server = start(max_live="2")
    with opened(server) as idle, opened(server) as busy, ThreadPoolExecutor(1) as pool:
        closed = pool.submit(_closed, idle)
        busy.send(json.dumps({"style": "scream"}))
        while not closed.done():
            idle.send(json.dumps({"style": "scream"}))
            busy.send(picture_file())
            assert busy.recv(60)
            time.sleep(5)
        assert closed.result().code == 1008
        assert "no frame has come for 60 s" in closed.result().reason
        assert until(lambda: _is_painted(server))
        busy.send(picture_file())
        assert busy.recv(60)


def _closed(socket: ClientConnection) -> Close:
    """What a connection is closed with."""
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(200)
    assert caught.value.rcvd is not None
    return caught.value.rcvd


def _is_painted(server: Running) -> bool:
    """Whether a camera that comes now is painted."""
    with opened(server) as socket:
        try:
            socket.send(json.dumps({"style": "scream"}))
            socket.send(picture_file())
            return bool(socket.recv(60))
        except ConnectionClosed:
            return False
