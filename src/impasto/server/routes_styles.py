"""`/v1/styles`: what can be painted, and changing it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath

from impasto.core.errors import StyleError
from impasto.server.problems import ProblemError, described
from impasto.server.schemas import StyleFacts, StyleList
from impasto.server.studio import Studio, studio_of
from impasto.styles.watch import Held

router = APIRouter()

Name = Annotated[str, InPath(pattern="^[a-z0-9][a-z0-9_-]{0,63}$", examples=["scream"])]
Here = Annotated[Studio, Depends(studio_of)]


@router.get("/v1/styles")
async def styles(studio: Here) -> StyleList:
    """All styles, sorted by name."""
    shelf = studio.shelf
    return StyleList(styles=[_facts(shelf.held(name)) for name in shelf.names()])


@router.get("/v1/styles/{name}", responses=described(404))
async def style(name: Name, studio: Here) -> StyleFacts:
    """One style."""
    return _facts(_held(studio, name))


@router.get("/v1/styles/{name}/preview", responses=described(404), response_class=Response)
async def preview(name: Name, request: Request, studio: Here) -> Response:
    """A small picture of a style (WebP)."""
    held = _held(studio, name)
    if held.style.preview is None:
        raise ProblemError(404, f"the style {name!r} has no preview")
    return _file(request, held, held.style.preview, "image/webp")


@router.get("/v1/styles/{name}/package", responses=described(404), response_class=Response)
async def package(name: Name, request: Request, studio: Here) -> Response:
    """A style as a file, for another library."""
    held = _held(studio, name)
    response = _file(request, held, held.data, "application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.safetensors"'
    return response


def _held(studio: Studio, name: str) -> Held:
    try:
        return studio.shelf.held(name)
    except StyleError as error:
        raise ProblemError(404, str(error)) from error


def _file(request: Request, held: Held, data: bytes, media_type: str) -> Response:
    headers = {"ETag": f'"{held.version}"', "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


def _facts(held: Held) -> StyleFacts:
    style = held.style
    return StyleFacts(
        name=style.name,
        title=style.title,
        artist=style.artist,
        year=style.year,
        licence=style.licence,
        version=held.version,
        bundled=held.is_bundled,
        preview=f"/v1/styles/{style.name}/preview" if style.preview else None,
    )
