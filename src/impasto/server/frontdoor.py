"""What every request passes first: id, host, origin, token; and the headers of all answers."""

import time
from collections.abc import Callable
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.server import access, problems
from impasto.server.logs import bind, log, request_id
from impasto.server.metrics import Metrics
from impasto.server.problems import ProblemError
from impasto.server.settings import ServeSettings

SECURITY: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; "
    "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self' ws: wss:; "
    "style-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


class FrontDoor:
    """ASGI middleware, the outermost but for CORS.

    Args:
        app: gets what may pass.
        settings: hosts, origins and the token.
        metrics: counts.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        resource = "cross-origin" if settings.cors_origins else "same-origin"
        headers = {**SECURITY, "cross-origin-resource-policy": resource}
        self._headers = [(key.encode(), text.encode()) for key, text in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        bind(request_id=request_id(Headers(scope=scope)))
        try:
            access.check(scope, self._settings)
        except ProblemError as problem:
            log.warning("connection refused", path=scope["path"], reason=problem.detail)
            await send({"type": "websocket.close", "code": 1008, "reason": problem.detail})
            return
        await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        id = request_id(Headers(scope=scope))
        answer = _Answer(send, [*self._headers, (b"x-request-id", id.encode())])
        bind(request_id=id)
        started = time.perf_counter()
        try:
            await self._serve(scope, receive, answer.send)
        except Exception as error:
            log.error("failed", path=scope["path"], exc_info=error)
            if not answer.status:
                await problems.response_of(problems.problem_of(error))(scope, receive, answer.send)
        seconds = time.perf_counter() - started
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.answered(_route(scope), method, answer.status, seconds)
        log.info(
            "request",
            method=method,
            path=scope["path"][:_LONGEST],
            status=answer.status,
            bytes=answer.bytes,
            ms=round(1000 * seconds, 1),
        )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            access.check(scope, self._settings)
            cookie = access.cookie_asked_for(scope, self._settings)
        except ProblemError as problem:
            await problems.response_of(problem)(scope, receive, send)
            return
        if cookie is None:
            await self._app(scope, receive, send)
            return
        response = RedirectResponse("/", 303, {"Set-Cookie": cookie, "Cache-Control": "no-store"})
        await response(scope, receive, send)


_LONGEST = 200
"""Characters of a path in the log."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}


class _Answer:
    """Watches an answer go out, and gives it the headers of all answers."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send, self._headers = send, headers
        self.status = 0
        self.bytes = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *self._headers]
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                # A browser would guess, and keep the page of an older version.
                headers.append((b"cache-control", b"no-cache"))
            message = {**message, "headers": headers}
        else:
            self.bytes += len(message.get("body", b""))
        await self._send(message)


def _route(scope: Scope) -> str:
    """The pattern of a path, for there are as many paths as strangers can think of."""
    found: Callable[..., Any] | None = scope.get("route")
    return getattr(found, "path", None) or "other"
