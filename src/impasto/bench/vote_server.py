"""The local web page of a vote: a few files, pictures by id, and four calls that take JSON."""

import json
import socket
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from impasto.bench.vote_ballot import Ballot
from impasto.bench.vote_set import Mode
from impasto.core.errors import ImpastoError, InputError, OutputError
from impasto.core.files import reason

HOST: Final = "127.0.0.1"

_PAGE: Final = Path(__file__).resolve().parent / "vote_page"
_FILES: Final = {
    "/": ("vote.html", "text/html; charset=utf-8"),
    "/vote.js": ("vote.js", "text/javascript; charset=utf-8"),
    "/vote.css": ("vote.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_PICTURE: Final = "/picture/"
_MOST_BYTES: Final = 4096  # of a call: a name and a few numbers
_SECONDS: Final = 30.0  # for a client to say something, or to take what it asked for
_LARGEST: Final = 2**53  # whole numbers that JavaScript keeps exact
_LONGEST_SECONDS: Final = 86_400.0
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Fields = Mapping[str, Any]


class VoteServer(ThreadingHTTPServer):
    """Serves one ballot on this machine alone.

    Only requests whose Host is this server are answered, so that no name that a stranger points at
    127.0.0.1 reaches it, and only calls with a JSON body count, which a page of another origin
    cannot send unasked. Nothing in a request becomes part of a path.

    Raises:
        OutputError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, ballot: Ballot, port: int = 0) -> None:
        self.ballot = ballot
        self.pictures = ballot.pictures.by_id()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:  # OverflowError: no port number
            raise OutputError(f"cannot listen on port {port}: {reason(error)}") from error
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"

    def server_bind(self) -> None:
        """Bind without looking up the machine's name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that left in the middle; a mistake of ours must be seen."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Refused(Exception):  # noqa: N818  # an answer, not a failure of ours
    """What a request gets in place of what it asked for."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: VoteServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "impasto", ""
    timeout = _SECONDS

    def do_GET(self) -> None:  # http.server asks for this name
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is for the address."""

    def _answered(self, work: Callable[[], None]) -> None:
        try:
            if self.headers.get("Host") not in self.server.hosts:
                self.close_connection = True  # a body would be taken for the next request
                raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "this server is not called so")
            work()
        except _Refused as refused:
            self._refuse(refused.status, str(refused))
        except InputError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except ImpastoError as error:
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, str(error))

    def _get(self) -> None:
        if self.path in _FILES:
            name, kind = _FILES[self.path]
            self._send((_PAGE / name).read_bytes(), kind, "no-cache")
            return
        picture = self.server.pictures.get(self.path.removeprefix(_PICTURE))
        if picture is None or not self.path.startswith(_PICTURE):
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        try:
            data = picture.path.read_bytes()
        except OSError as error:
            raise _Refused(HTTPStatus.GONE, "this picture cannot be read any more") from error
        self._send(data, picture.media_type, "private, max-age=86400, immutable")

    def _post(self) -> None:
        call = _CALLS.get(self.path)
        if call is None:
            self.close_connection = True  # its body is not read
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        answer = call(self.server.ballot, self._fields())
        self._send(json.dumps(answer).encode(), "application/json", "no-store")

    def _fields(self) -> Fields:
        """The JSON object that was sent, of at most 4 KB."""
        last, self.close_connection = self.close_connection, True  # unless all of the body is read
        length = self.headers.get("Content-Length", "")
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must be JSON")
        if not (length.isascii() and length.isdecimal() and len(length) <= 9):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "the length of the body must be told")
        if int(length) > _MOST_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {_MOST_BYTES} bytes")
        body = self.rfile.read(int(length))
        self.close_connection = last
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InputError("the body is no JSON") from error
        if not isinstance(fields, dict):
            raise InputError("the body is no JSON object")
        return fields

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._send(json.dumps({"error": message}).encode(), "application/json", "no-store", status)

    def _send(self, data: bytes, kind: str, keep: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(data)), "Cache-Control": keep}
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in {**headers, **_HEADERS}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _voter(ballot: Ballot, fields: Fields) -> dict[str, Any]:
    name = fields.get("name")
    if not isinstance(name, str):
        raise InputError("a voter needs a name")
    totals = {mode: len(questions) for mode, questions in ballot.questions.items()}
    return {"voter": ballot.store.voter(name), "totals": totals}


def _next(ballot: Ballot, fields: Fields) -> dict[str, Any]:
    return ballot.as_dict(ballot.standing(_whole(fields, "voter"), _mode(fields)))


def _answer(ballot: Ballot, fields: Fields) -> dict[str, Any]:
    voter, draw, choice = _whole(fields, "voter"), _whole(fields, "draw"), fields.get("choice")
    if not isinstance(choice, str):
        raise InputError("an answer needs a choice")
    standing = ballot.answer(voter, _mode(fields), draw, choice, _seconds(fields))
    return ballot.as_dict(standing)


def _undo(ballot: Ballot, fields: Fields) -> dict[str, Any]:
    return ballot.as_dict(ballot.undo(_whole(fields, "voter"), _mode(fields)))


_CALLS: Final[Mapping[str, Callable[[Ballot, Fields], dict[str, Any]]]] = {
    "/api/voter": _voter,
    "/api/next": _next,
    "/api/answer": _answer,
    "/api/undo": _undo,
}


def _whole(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 < value < _LARGEST:  # a bool is an int
        raise InputError(f"{name} must be a whole number above 0")
    return value


def _mode(fields: Fields) -> Mode:
    modes: dict[object, Mode] = {"compare": "compare", "rate": "rate"}
    mode = fields.get("mode")
    if not isinstance(mode, str) or mode not in modes:
        raise InputError("mode must be compare or rate")
    return modes[mode]


def _seconds(fields: Fields) -> float | None:
    """How long the voter looked; what is no sensible number is left out and not refused."""
    value = fields.get("seconds")
    if isinstance(value, int | float) and 0 <= value <= _LONGEST_SECONDS:  # NaN is not
        return float(value)
    return None
