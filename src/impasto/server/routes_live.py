"""`/v1/live`: frames of a camera in, their paintings out, the newest first."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from impasto.core.errors import ImpastoError
from impasto.engine.images import to_picture
from impasto.engine.temporal import Temporal
from impasto.media.image import Picture
from impasto.server.kitchen import Order, check_strokes
from impasto.server.problems import named
from impasto.server.schemas import LiveSettings
from impasto.server.studio import Studio
from impasto.styles.spec import parse_spec

router = APIRouter()

_GOING_AWAY: Final = 1001
_BAD_DATA: Final = 1007
_TRY_LATER: Final = 1013
_RATE: Final = 15.0
"""Frames a second that a camera's statistics are smoothed for."""
_WINDOW: Final = 0.5
"""Seconds over which they are."""
_MAX_PIXELS: Final = 8_500_000
"""A frame of 4K."""


@dataclass(eq=False)
class _Session:
    """What a camera has sent and was not painted yet."""

    settings: LiveSettings | None = None
    frame: bytes = b""
    news: asyncio.Event = field(default_factory=asyncio.Event)


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


async def _listen(socket: WebSocket, session: _Session) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            session.settings = _settings_of(message["text"])
        else:
            session.frame = message["bytes"]  # one that still waits is never painted
            session.news.set()


def _settings_of(text: str) -> LiveSettings:
    try:
        return LiveSettings.model_validate(json.loads(text))
    except RecursionError:
        raise ValueError("the settings are nested too deeply") from None


async def _paint(socket: WebSocket, session: _Session, studio: Studio) -> None:
    settings, temporal = None, None
    while True:
        await session.news.wait()
        session.news.clear()
        if session.settings is None:
            raise ValueError("send the settings before the first frame")
        frame = session.frame
        if temporal is None or settings is not session.settings:
            settings = session.settings
            temporal = _new_temporal(studio, settings)
        await socket.send_bytes(await _painting(studio, temporal, settings, frame))


def _new_temporal(studio: Studio, settings: LiveSettings) -> Temporal:
    order = Order(parse_spec(settings.style), studio.shelf, settings.paint)
    return Temporal(studio.kitchen.painter(order), rate=_RATE, window=_WINDOW, live=True)


async def _painting(
    studio: Studio, temporal: Temporal, settings: LiveSettings, frame: bytes
) -> bytes:
    kitchen = studio.kitchen
    picture = to_picture(await kitchen.decoders.decode(frame, "the frame", _MAX_PIXELS))
    most = min(_MAX_PIXELS, studio.settings.max_pixels)
    check_strokes(picture, settings.paint, most)
    pixels = await kitchen.run(lambda: temporal.push(picture.pixels)[-1])
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
