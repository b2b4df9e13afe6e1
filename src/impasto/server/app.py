"""The ASGI app: routes, error answers and the page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from impasto.server import problems, routes_paint, routes_styles
from impasto.server.studio import Studio

PAGE = Path(__file__).resolve().parents[1] / "web"
"""The files of the page."""


def make_app(studio: Studio) -> FastAPI:
    """The app of a studio; its life begins and ends the studio's processes and threads."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await studio.kitchen.start()
        watching = asyncio.create_task(studio.watch())
        try:
            yield
        finally:
            studio.closing.set()
            await watching
            await studio.kitchen.close()

    app = FastAPI(
        title="impasto",
        summary="Paints photos and videos in the style of a painting.",
        version=version("impasto"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.studio = studio
    problems.install(app)
    app.include_router(routes_paint.router)
    app.include_router(routes_styles.router)
    if PAGE.is_dir():
        app.mount("/", StaticFiles(directory=PAGE, html=True))
    return app
