"""HTTP/1.1 connections that cannot be held open or filled up by a slow or boundless request."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from impasto.server.logs import log, request_id
from impasto.server.problems import MEDIA_TYPE, ProblemError, body_of

HEAD_BYTES: Final = 64 * 1024
HEAD_SECONDS: Final = 10.0
"""In which the line and the headers of a request must have come."""
UNREAD_SECONDS: Final = 15.0
"""In which the rest of a body that nobody reads any more must have come."""
_TOO_LONG: Final = "send shorter headers"
_MOST_AT_ONCE: Final = 2**18
"""Bytes that come in one piece at most: a head may begin anywhere in it."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits that it leaves to a proxy.

    A request that was answered before its body came (503 when all painters are busy) lets the rest
    of the body pass unread: closing at once would reset the connection, and most clients would
    then never see the answer.
    """

    _head = 0
    """Bytes of the request's head so far; below 0: the head is complete."""
    _fields = 0
    """Bytes of the request's fields, those behind its body among them."""
    _padding = 0
    """Bytes since there last was something of a body: extensions of chunks, fields behind it."""
    _tail = b""
    """The last bytes of the head: its end may come in two parts."""
    _patience: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    stalled_seconds = 30.0
    """In which a client must have taken something of its answer."""

    def connection_made(self, transport: Any) -> None:
        """Expect a head soon."""
        super().connection_made(transport)
        self._expect(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head or pads a body, and take the rest."""
        if self._head >= 0:
            self._head += len(data)
            if self._head > HEAD_BYTES and not self._is_complete(data):
                self._refuse(431, _TOO_LONG)
                return
            self._tail = data[-3:]
        self._padding += len(data)
        if self._padding > HEAD_BYTES + _MOST_AT_ONCE:
            self._refuse(431, _TOO_LONG)
            return
        super().data_received(data)
        if self.timeout_keep_alive_task is None and self._is_answered and self._patience is None:
            self._expect(UNREAD_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """What has come is no HTTP, or has too long a head behind another request."""
        is_long = self._fields > HEAD_BYTES
        self._refuse(431 if is_long else 400, _TOO_LONG if is_long else msg)

    def _refuse(self, status: int, detail: str) -> None:
        """Answer in place of any app, unless one has answered, and close."""
        id = request_id({})  # what the caller sent is not read
        log.warning("request refused", request_id=id, status=status, reason=detail)
        if self._head < 0 and self._is_answered:
            self.transport.close()
            return
        problem = json.dumps(body_of(ProblemError(status, detail))).encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nconnection: close\r\n"
        head += f"x-request-id: {id}\r\n"
        head += f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(problem)}\r\n\r\n"
        self.transport.write(head.encode() + problem)
        self.transport.close()

    def _is_complete(self, data: bytes) -> bool:
        """Whether a head ends within what has come, and is not too large for all that."""
        before = self._head - len(data)
        tail = self._tail if before else b""
        end = (tail + data).find(b"\r\n\r\n")
        return end >= 0 and before - len(tail) + end <= HEAD_BYTES

    @property
    def _is_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def on_message_begin(self) -> None:
        """A request begins, perhaps behind another one."""
        self._head, self._fields = max(self._head, 0), 0
        self._expect(HEAD_SECONDS)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field has come. One behind a body is dropped: it could belie what was checked."""
        self._fields += len(name) + len(value)
        if self._fields > HEAD_BYTES:
            raise ValueError(_TOO_LONG)  # ends the parser, which has `send_400_response` called
        if self._head >= 0:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Some of a body has come."""
        self._padding = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """The head has come."""
        self._head, self._padding = -1, 0
        self._calm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of a request has come; the next one may begin whenever it likes."""
        self._head = self._padding = 0
        self._calm()
        if self._is_answered and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it comes."""
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The client has taken what there was."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def _watch(self, left: int) -> None:
        self._stalled = self.loop.call_later(self.stalled_seconds, self._end_if_stalled, left)

    def _end_if_stalled(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < before:
            self._watch(left)
        else:  # `close` would wait for what is never taken
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._calm()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def _expect(self, seconds: float) -> None:
        self._calm()
        self._patience = self.loop.call_later(seconds, self.transport.close)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
