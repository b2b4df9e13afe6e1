"""How answers go out: with the headers of all answers, and every error as problem details."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Send

from impasto.server.problems import CLIENT_GONE, MEDIA_TYPE, ProblemError, response_of

_KEPT: Final = ("accept-ranges", "allow", "content-range", "retry-after")
"""Headers that say something about an error."""


class Answer:
    """Watches an answer go out.

    Args:
        send: where it goes.
        headers: go along with it.
    """

    def __init__(self, send: Send, headers: Iterable[tuple[str, str]]) -> None:
        self._send, self._headers = send, tuple(headers)
        self._is_over = False
        self.status = 0
        self.bytes = 0

    async def send(self, message: Message) -> None:
        """Pass on one message of the answer."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            await self._start(message)
        else:
            self.bytes += len(message.get("body", b""))
            await self._send(message)

    async def _start(self, message: Message) -> None:
        self.status = message["status"]
        problem = _problem_of(message)
        if problem is None:
            await self._send(self._with_headers(message))
            return
        # What is not ours, such as files, tells errors in its own words.
        response, self._is_over = response_of(problem), True
        await self._send(self._with_headers({**message, "headers": response.raw_headers}))
        self.bytes += len(response.body)
        await self._send({"type": "http.response.body", "body": bytes(response.body)})

    def _with_headers(self, message: Message) -> Message:
        message = {**message, "headers": list(message.get("headers", ()))}
        headers = MutableHeaders(scope=message)
        for name, text in self._headers:
            headers.append(name, text)
        # A browser would guess, and keep the page of an older version.
        headers.setdefault("cache-control", "no-cache")
        return message


def _problem_of(message: Message) -> ProblemError | None:
    """The problem that an answer is without saying so."""
    status, headers = message["status"], Headers(raw=list(message.get("headers", ())))
    if status < 400 or status == CLIENT_GONE or headers.get("content-type") == MEDIA_TYPE:
        return None
    kept = {name: headers[name] for name in _KEPT if name in headers}
    about = HTTPStatus(status)
    return ProblemError(status, (about.description or about.phrase).lower(), kept)
