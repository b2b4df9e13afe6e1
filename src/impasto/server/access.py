"""Who may call: by which name, from which page, with which token."""

import hashlib
import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from impasto.server.problems import ProblemError
from impasto.server.settings import ServeSettings

COOKIE: Final = "impasto"


def check(scope: Scope, settings: ServeSettings) -> None:
    """Raise `ProblemError` for a request or connection that may not pass."""
    headers = Headers(scope=scope)
    _check_host(headers, settings)
    if not is_guarded(scope["path"]):
        return
    _check_origin(headers, settings)
    if _changes_styles(scope):
        _check_owner(headers, settings)
    elif settings.token is not None and not _has_token(headers, settings.token):
        raise _unauthorised("this server asks for its token: send it as Authorization: Bearer")


def is_owner(headers: Headers, settings: ServeSettings) -> bool:
    """Whether a request brings the token itself; a cookie stands for a browser, not its owner."""
    return settings.token is not None and _same(_bearer(headers), settings.token)


def cookie_asked_for(scope: Scope, settings: ServeSettings) -> str | None:
    """The cookie for a page that was opened as `/?token=...`, or None.

    Raises:
        ProblemError: the token is another one.
    """
    query: bytes = scope.get("query_string", b"")
    if settings.token is None or scope["path"] != "/" or b"token=" not in query:
        return None
    given = parse_qs(query.decode("latin-1")).get("token", [""])[0]
    if not _same(given, settings.token):
        raise _unauthorised("this is not the token of this server")
    is_secret = "https" in (scope["scheme"], Headers(scope=scope).get("x-forwarded-proto"))
    secure = "; Secure" if is_secret else ""
    return f"{COOKIE}={_cookie_value(settings.token)}; HttpOnly; SameSite=Strict; Path=/{secure}"


def is_guarded(path: str) -> bool:
    """Whether a path needs the token, where there is one."""
    return path.startswith("/v1/") or path in ("/v1", "/metrics")


def _check_host(headers: Headers, settings: ServeSettings) -> None:
    """Only addresses, localhost, and names that were allowed.

    A page of a stranger whose name was made to point here (DNS rebinding) sends that name.
    """
    given = headers.getlist("host")
    name = _host_name(given[0]) if len(given) == 1 else ""
    known = {"localhost", settings.host.lower(), *(each.lower() for each in settings.allowed_hosts)}
    if name not in known and not _is_address(name):
        raise ProblemError(421, "this server does not go by that name: see allowed_hosts")


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
    except ValueError:  # brackets that are not closed
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check_origin(headers: Headers, settings: ServeSettings) -> None:
    """Pages of other origins have no business here, unless they were let in."""
    origin = headers.get("origin")
    if origin is None or origin in settings.cors_origins:
        return
    _, marked, address = origin.partition("://")  # "null" has none
    if not marked or address.lower() != headers.get("host", "").lower():
        raise ProblemError(403, "pages of other origins may not call this server")


def _changes_styles(scope: Scope) -> bool:
    return scope.get("method") in ("PUT", "DELETE") and scope["path"].startswith("/v1/styles")


def _check_owner(headers: Headers, settings: ServeSettings) -> None:
    """Styles are changed by those who know the token, not by a browser that was once let in."""
    if settings.token is None:
        raise ProblemError(403, "styles are changed only where a token is set: see --token")
    if not is_owner(headers, settings):
        raise _unauthorised("changing styles asks for the token as Authorization: Bearer")


def _has_token(headers: Headers, token: str) -> bool:
    if _same(_bearer(headers), token):
        return True
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and _same(cookie.value, _cookie_value(token))


def _bearer(headers: Headers) -> str:
    kind, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if kind.lower() == "bearer" else ""


def _cookie_value(token: str) -> str:
    """What stands for the token in a browser, which keeps its cookies in a file."""
    return hmac.new(token.encode(), b"impasto page", hashlib.sha256).hexdigest()


def _same(given: str, secret: str) -> bool:
    """Compared in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _unauthorised(detail: str) -> ProblemError:
    return ProblemError(401, detail, {"WWW-Authenticate": 'Bearer realm="impasto"'})
