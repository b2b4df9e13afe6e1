"""What every request passes first: id, host, origin, token."""

import re
import time
from collections.abc import Callable
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.server import access, problems
from impasto.server.answers import Answer
from impasto.server.logs import bind, log, request_id
from impasto.server.metrics import Metrics
from impasto.server.problems import ProblemError
from impasto.server.settings import ServeSettings

POLICY: Final = (
    "default-src 'self'; img-src 'self' blob: data:; script-src 'self' 'wasm-unsafe-eval'; "
    "worker-src 'self' blob:; connect-src 'self'{sockets}; style-src 'self'; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
"""Where the page may get what from; `sockets` are this server's own, for browsers whose 'self' is
without them."""
SECURITY: Final = {
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
        self._common = {**SECURITY, "cross-origin-resource-policy": resource}

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
        headers = Headers(scope=scope)
        id = request_id(headers)
        answer = Answer(send, self._headers(headers, id))
        method = scope["method"] if scope["method"] in _METHODS else "other"
        if method == "HEAD":  # uvicorn sends no body for it, and nobody waits for one
            scope, receive = {**scope, "method": "GET"}, _has_left
        bind(request_id=id)
        started = time.perf_counter()
        try:
            await self._serve(scope, receive, answer.send)
        except Exception as error:
            log.error("failed", path=scope["path"], exc_info=error)
            if not answer.status:
                await problems.response_of(problems.problem_of(error))(scope, receive, answer.send)
        seconds = time.perf_counter() - started
        self._metrics.answered(_route(scope), method, answer.status, seconds)
        log.info(
            "request",
            method=method,
            path=scope["path"][:_LONGEST],
            status=answer.status,
            bytes=answer.bytes,
            ms=round(1000 * seconds, 1),
        )

    def _headers(self, headers: Headers, id: str) -> list[tuple[str, str]]:
        """What goes along with the answer to a request."""
        host = headers.get("host", "")
        sockets = f" ws://{host} wss://{host}" if _PLAIN_HOST.fullmatch(host) else ""
        policy = {"content-security-policy": POLICY.format(sockets=sockets)}
        return [*self._common.items(), *policy.items(), ("x-request-id", id)]

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
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


async def _has_left() -> Message:
    """What a client sends who is content with the headers of an answer."""
    return {"type": "http.disconnect"}


def _route(scope: Scope) -> str:
    """The pattern of a path, for there are as many paths as strangers can think of."""
    found: Callable[..., Any] | None = scope.get("route")
    return getattr(found, "path", None) or "other"
