"""Uploads that mean harm are each a 4xx; the server does not crash, hang or fill up."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator

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
    server = start(body_seconds="1")
    found = [(upload.kind, _status(server, upload)) for upload in uploads(count)]
    answer = server.client.post("/v1/paint?style=scream", content=picture_file(), headers=PNG)
    assert answer.status_code == 200
    assert not any(line["level"] == "error" for line in server.lines())
    unheard = [status for _, status in found].count(UNHEARD)
    refusals = Counter(line.get("status") for line in server.lines())
    assert unheard <= refusals[431] + refusals[408]
    return [(kind, status) for kind, status in found if not 400 <= status < 500]


UNHEARD = 499
"""The connection was closed while the request was still sent; what was said is in the log."""


def _status(server: Running, upload: Upload) -> int:
    body = _dripping(upload.body) if upload.is_slow else upload.body
    try:
        url = f"/v1/paint?{upload.query}"
        return server.client.post(url, content=body, headers=upload.headers).status_code
    except httpx.TransportError:
        assert "x-padding" in upload.headers or upload.is_slow
        return UNHEARD


def _dripping(body: bytes) -> Iterator[bytes]:
    for at in itertools.cycle(range(len(body))):
        yield body[at : at + 1]
        time.sleep(0.05)
