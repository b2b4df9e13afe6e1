"""Uploads that mean harm are each a 4xx; the server does not crash, hang or fill up."""

import httpx
import pytest

from .conftest import Running, StartServer, picture_file
from .hostile import Upload, uploads

PNG = {"content-type": "image/png"}


def test_sixty_hostile_uploads_are_refused(start: StartServer) -> None:
    """60 of them: each gets a 4xx, and a good photo is painted afterwards."""
    assert _not_refused(start, 60) == []


@pytest.mark.slow
def test_a_thousand_hostile_uploads_are_refused(start: StartServer) -> None:
    """1,000 of them: each gets a 4xx, and a good photo is painted afterwards."""
    assert _not_refused(start, 1_000) == []


def _not_refused(start: StartServer, count: int) -> list[tuple[str, int]]:
    """The uploads that got anything but a 4xx; the server must be well behind them."""
    server = start(body_seconds="5")
    found = [(upload.kind, _status(server, upload)) for upload in uploads(count)]
    answer = server.client.post("/v1/paint?style=scream", content=picture_file(), headers=PNG)
    assert answer.status_code == 200
    assert not any(line["level"] == "error" for line in server.lines())
    return [(kind, status) for kind, status in found if not 400 <= status < 500]


def _status(server: Running, upload: Upload) -> int:
    try:
        url = f"/v1/paint?{upload.query}"
        return server.client.post(url, content=upload.body, headers=upload.headers).status_code
    except httpx.TransportError:
        # The server closed the connection while the head was still sent: it had said 431 by then.
        assert "x-padding" in upload.headers
        return 431
