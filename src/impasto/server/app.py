"""The ASGI app: routes, error answers and the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from impasto.engine.record import program_version
from impasto.server import (
    problems,
    routes_jobs,
    routes_live,
    routes_paint,
    routes_service,
    routes_styles,
)
from impasto.server.frontdoor import FrontDoor
from impasto.server.page import PageFiles
from impasto.server.studio import Studio

PAGE = Path(__file__).resolve().parents[1] / "web"
"""The files of the page."""


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
    )
    app.state.studio = studio
    problems.install(app)
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        return problems.add_schema(plain())

    app.openapi = openapi  # type: ignore[method-assign]
    app.include_router(routes_paint.router)
    app.include_router(routes_styles.router)
    app.include_router(routes_jobs.router)
    app.include_router(routes_live.router)
    app.include_router(routes_service.router)
    if PAGE.is_dir():
        app.mount("/", PageFiles(directory=PAGE, html=True))
    door = FrontDoor(app, studio.settings, studio.metrics)
    return _with_cors(door, studio.settings.cors_origins)


def _with_cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Pages that were named may call, with the token and without cookies."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["authorization", "content-type", "if-none-match", "x-request-id"],
        expose_headers=["etag", "retry-after", "server-timing", "x-impasto-styles", "x-request-id"],
    )
