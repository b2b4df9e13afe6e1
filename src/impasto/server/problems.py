"""Errors as RFC 9457 problem details."""

import re
from collections.abc import Callable, Mapping
from errno import EDQUOT, ENOSPC
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from impasto.core.errors import ImpastoError, InputError, MissingExtraError, OutputError
from impasto.server.gate import BusyError
from impasto.server.logs import log
from impasto.server.workers import WorkerLostError

MEDIA_TYPE = "application/problem+json"
_HERE: Final = "the server's log says what is in the way"
CLIENT_GONE: Final = 499
"""What the log says of a request whose client has left; nobody gets to see it."""


class ProblemDetails(BaseModel):
    """What went wrong, after RFC 9457."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["no style 'screan': did you mean scream?"])


class ProblemError(Exception):
    """An answer that is an error.

    Args:
        status: the HTTP status.
        detail: one line that says what to do about it.
        headers: go along.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


def problem_of(error: Exception) -> ProblemError:
    """What a client is told of an error; nothing of the server's inside for an unexpected one."""
    match error:
        case ProblemError():
            return error
        case BusyError():
            return ProblemError(503, str(error), {"Retry-After": str(error.retry_after)})
        case WorkerLostError():
            return ProblemError(503, str(error), {"Retry-After": "1"})
        case MissingExtraError():
            return ProblemError(501, str(error))
        case OutputError() if isinstance(error.__cause__, OSError):  # a file of the server's own
            is_full = error.__cause__.errno in (ENOSPC, EDQUOT)
            return ProblemError(507 if is_full else 500, f"nothing was kept: {_HERE}")
        case InputError() | OutputError():
            return ProblemError(422, str(error))
        case ImpastoError():
            return ProblemError(500, str(error))
        case HTTPException():
            return ProblemError(error.status_code, str(error.detail), error.headers)
        case RequestValidationError():
            faults = ({**each, "loc": each["loc"][1:]} for each in error.errors())
            return ProblemError(422, "; ".join(map(named, faults)))
        case _:
            return ProblemError(500, f"something went wrong here: {_HERE}")


def response_of(problem: ProblemError) -> JSONResponse:
    """The response of a problem."""
    return JSONResponse(
        body_of(problem), problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def body_of(problem: ProblemError) -> dict[str, Any]:
    """The fields of a problem."""
    return ProblemDetails(
        type="about:blank",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
    ).model_dump()


def install(app: FastAPI, is_guarded: Callable[[str], bool]) -> None:
    """Let an app answer every error with problem details, and describe them.

    Args:
        app: the app.
        is_guarded: whether the calls of a path need a token, for the description.
    """

    async def answer(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error)
        if problem.status in (500, 507) and isinstance(error, ImpastoError):
            log.error("failed", path=request.url.path, reason=str(error))
        if problem.status == 405:
            allowed = ", ".join(sorted(methods_of(app, request.url.path) or {"GET", "HEAD"}))
            problem = ProblemError(405, f"this path takes {allowed}", {"Allow": allowed})
        return response_of(problem)

    async def nobody(request: Request, error: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)

    _describe(app, is_guarded)
    app.add_exception_handler(ClientGoneError, nobody)
    for kind in (ProblemError, ImpastoError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)


def methods_of(app: FastAPI, path: str) -> set[str]:
    """The methods that a path of the API takes, by its description; none is no path of it."""
    methods = {each for pattern, some in _paths(app) if pattern.match(path) for each in some}
    return methods | {"HEAD"} if "GET" in methods else methods


@lru_cache(maxsize=1)
def _paths(app: FastAPI) -> list[tuple[re.Pattern[str], list[str]]]:
    """Asked for each file of the page, and always the same."""
    paths: Mapping[str, Mapping[str, Any]] = app.openapi()["paths"]
    return [(compile_path(path)[0], [each.upper() for each in paths[path]]) for path in paths]


def named(fault: Mapping[str, Any]) -> str:
    """What pydantic found wrong, behind the name of the setting."""
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"


def _describe(app: FastAPI, is_guarded: Callable[[str], bool]) -> None:
    """Let the references of `described` lead somewhere, and tell of the token."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        description = plain()
        components = description.setdefault("components", {})
        components.setdefault("schemas", {})["ProblemDetails"] = ProblemDetails.model_json_schema()
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for path, operations in description["paths"].items():
            for operation in operations.values() if is_guarded(path) else ():
                operation["security"] = [{"token": []}]
        return description

    app.openapi = openapi  # type: ignore[method-assign]


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that are problems, for its description."""
    content: dict[str, Any] = {
        MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    }
    return {each: {"description": HTTPStatus(each).phrase, "content": content} for each in statuses}


GUARDED: Final = described(400, 401, 403, 421, 422)
"""What any call below /v1 may be answered with."""
