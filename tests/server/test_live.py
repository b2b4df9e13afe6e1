"""`WS /v1/live`: frames in, paintings out."""

import json
from io import BytesIO

import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

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


def _is_painted(server: Running) -> bool:
    """Whether a camera that comes now is painted."""
    with opened(server) as socket:
        try:
            socket.send(json.dumps({"style": "scream"}))
            socket.send(picture_file())
            return bool(socket.recv(60))
        except ConnectionClosed:
            return False
