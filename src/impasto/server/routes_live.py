"""`/v1/live`: frames of a camera in, their paintings out, the newest first."""

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from typing import Final

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from impasto.core.errors import ImpastoError, StyleError
from impasto.engine.images import to_picture
from impasto.engine.temporal import Temporal
from impasto.media.image import Picture
from impasto.server.kitchen import Order, check_strokes
from impasto.server.problems import named
from impasto.server.schemas import LiveSettings
from impasto.server.studio import Studio
from impasto.styles.spec import parse_spec
from impasto.styles.watch import Shelf

router = APIRouter()

_GOING_AWAY: Final = 1001
_BAD_DATA: Final = 1007
_POLICY: Final = 1008
_TRY_LATER: Final = 1013
_RATE: Final = 15.0
"""Frames a second that a camera's statistics are smoothed for."""
_WINDOW: Final = 0.5
"""Seconds over which they are."""
_MAX_PIXELS: Final = 8_500_000
"""A frame of 4K."""
_IDLE_SECONDS: Final = 60.0
"""After which one that sends no frame makes room for another."""


@dataclass(eq=False)
class _Session:
    """What a camera has sent and was not painted yet."""

    settings: LiveSettings | None = None
    frame: bytes = b""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    active: float = field(default_factory=time.monotonic)
    """When it last sent a frame, or got a painting; at first, when it came."""


@dataclass(frozen=True, eq=False)
class _View:
    """What paints a camera, and what it was made of."""

    settings: LiveSettings
    order: Order
    temporal: Temporal


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """Settings as JSON at first and whenever they change, then frames as JPEG, PNG or WebP."""
    studio: Studio = socket.app.state.studio
    await socket.accept()
    if studio.live >= studio.settings.max_live or studio.closing.is_set():
        await socket.close(_TRY_LATER, "as many cameras as this server paints are painted already")
        return
    studio.live += 1
    try:
        await _painted_until_closed(socket, studio)
    except WebSocketDisconnect:
        pass
    except (ImpastoError, ValidationError, ValueError) as error:
        await _close(socket, _BAD_DATA, _reason(error))
    finally:
        studio.live -= 1


async def _painted_until_closed(socket: WebSocket, studio: Studio) -> None:
    session = _Session()
    tasks = [
        asyncio.create_task(_listen(socket, session)),
        asyncio.create_task(_paint(socket, session, studio)),
        asyncio.create_task(_until_closing(socket, studio)),
        asyncio.create_task(_until_idle(socket, session)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_closing(socket: WebSocket, studio: Studio) -> None:
    await studio.closing.wait()
    await _close(socket, _GOING_AWAY, "the server is shutting down")


async def _until_idle(socket: WebSocket, session: _Session) -> None:
    while (left := session.active + _IDLE_SECONDS - time.monotonic()) > 0:
        await asyncio.sleep(left)
    await _close(socket, _POLICY, f"no frame has come for {_IDLE_SECONDS:.0f} s: connect again")


async def _listen(socket: WebSocket, session: _Session) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            session.settings = _settings_of(message["text"])
        else:
            session.frame = message["bytes"]  # one that still waits is never painted
            session.active = time.monotonic()
            session.news.set()


def _settings_of(text: str) -> LiveSettings:
    try:
        return LiveSettings.model_validate(json.loads(text))
    except RecursionError:
        raise ValueError("the settings are nested too deeply") from None


async def _paint(socket: WebSocket, session: _Session, studio: Studio) -> None:
    view: _View | None = None
    while True:
        await session.news.wait()
        session.news.clear()
        if session.settings is None:
            raise ValueError("send the settings before the first frame")
        if view is None or view.settings is not session.settings or _is_old(view, studio.shelf):
            view = _new_view(studio, session.settings)
        await socket.send_bytes(await _painting(studio, view, session.frame))
        session.active = time.monotonic()


def _is_old(view: _View, shelf: Shelf) -> bool:
    """Whether a style of a camera was replaced; one that was removed is painted on."""
    if view.order.shelf is shelf:
        return False
    try:
        return replace(view.order, shelf=shelf).versions != view.order.versions
    except StyleError:
        return False


def _new_view(studio: Studio, settings: LiveSettings) -> _View:
    order = Order(parse_spec(settings.style), studio.shelf, settings.paint)
    painter = studio.kitchen.painter(order)
    return _View(settings, order, Temporal(painter, rate=_RATE, window=_WINDOW, live=True))


async def _painting(studio: Studio, view: _View, frame: bytes) -> bytes:
    kitchen, settings = studio.kitchen, view.settings
    picture = to_picture(await kitchen.decoders.decode(frame, "the frame", _MAX_PIXELS))
    most = min(_MAX_PIXELS, studio.settings.max_pixels)
    check_strokes(picture, settings.paint, most)
    pixels = await kitchen.run(lambda: view.temporal.push(picture.pixels)[-1])
    painted = Picture(pixels, None, None, None, "JPEG")
    studio.metrics.live.inc()
    return await kitchen.decoders.encode(painted, "jpeg", settings.quality)


def _reason(error: Exception) -> str:
    """What fits into the frame that closes a connection: 123 bytes."""
    text = named(error.errors()[0]) if isinstance(error, ValidationError) else str(error)
    return text.encode("ascii", "replace")[:120].decode()


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    if socket.application_state is not WebSocketState.DISCONNECTED:
        await socket.close(code, reason)
