"""The ASGI app: routes, error answers and the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import PathLike, stat_result

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from impasto.core.files import BUNDLED_PAGE
from impasto.engine.record import program_version
from impasto.server import (
    access,
    problems,
    routes_jobs,
    routes_live,
    routes_paint,
    routes_service,
    routes_styles,
)
from impasto.server.frontdoor import FrontDoor
from impasto.server.logs import log, request_id
from impasto.server.problems import ProblemError
from impasto.server.studio import Studio


def make_app(studio: Studio) -> ASGIApp:
    """The app of a studio; its life begins and ends the studio's processes and threads."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await studio.start()
        try:
            yield
        finally:
            await studio.close()

    app = FastAPI(
        title="impasto",
        summary="Paints photos and videos in the style of a painting.",
        version=program_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.studio = studio
    has_token = studio.settings.token is not None
    problems.install(app, lambda path: has_token and access.is_guarded(path))
    for routes in (routes_paint, routes_styles, routes_jobs, routes_live, routes_service):
        app.include_router(routes.router)
    if BUNDLED_PAGE.is_dir():
        app.router.routes.append(_Page(app, PageFiles(directory=BUNDLED_PAGE, html=True)))
    door = FrontDoor(app, studio.settings, studio.metrics)
    return _with_cors(door, studio.settings.cors_origins)


def _with_cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Pages that were named may call, with the token and without cookies."""
    if not origins:
        return app
    return _Cors(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["authorization", "content-type", "if-none-match", "x-request-id"],
        expose_headers=["etag", "retry-after", "server-timing", "x-impasto-styles", "x-request-id"],
    )


class _Cors(CORSMiddleware):
    """Answers by itself what browsers ask before they call; those answers have an id, too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code >= 400:
            said = bytes(response.body).decode().lower()
            response = problems.response_of(ProblemError(response.status_code, said))
        response.headers["x-request-id"] = id = request_id(request_headers)
        log.info("preflight", request_id=id, status=response.status_code)
        return response


class _Page(Mount):
    """The page's files, wherever no route of the API is: there a wrong method is a 405."""

    def __init__(self, api: FastAPI, files: ASGIApp) -> None:
        super().__init__("/", files)
        self._api = api

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a path may be a file's."""
        is_api = scope["type"] == "http" and (
            scope["path"].startswith("/v1/") or problems.methods_of(self._api, scope["path"])
        )
        return (Match.NONE, {}) if is_api else super().matches(scope)


class PageFiles(StaticFiles):
    """Files that browsers keep, but ask about each time.

    Otherwise a browser guesses how long a file is good, and after an update of the package it would
    run old modules beside new ones.
    """

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """A file, or 304 for one that the browser has."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response
