"""`/v1/styles`: what can be painted, and changing it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath

from impasto.core.errors import StyleError
from impasto.server import forms
from impasto.server.problems import GUARDED, ProblemError, described
from impasto.server.routes_paint import is_known
from impasto.server.schemas import STYLE_NAME, StyleFacts, StyleList
from impasto.server.studio import Here, Studio
from impasto.server.uploads import BodyLimits, read_body
from impasto.styles.package import MAX_FILE_BYTES, parse_style
from impasto.styles.shelf import remove_style
from impasto.styles.watch import Held

router = APIRouter(responses=GUARDED)

Name = Annotated[str, InPath(pattern=STYLE_NAME, examples=["scream"])]


_CHANGES = described(408, 413, 415)
_KNOWN = {"description": "It is the one of If-None-Match."}


@router.get("/v1/styles")
async def styles(studio: Here) -> StyleList:
    """All styles, sorted by name."""
    shelf = studio.shelf
    return StyleList(styles=[_facts(shelf.held(name)) for name in shelf.names()])


@router.get("/v1/styles/{name}", responses=described(404))
async def style(name: Name, studio: Here) -> StyleFacts:
    """One style."""
    return _facts(_held(studio, name))


@router.get(
    "/v1/styles/{name}/preview",
    responses={200: forms.PICTURE, 304: _KNOWN, **described(404)},
    response_class=Response,
)
async def preview(name: Name, request: Request, studio: Here) -> Response:
    """A small picture of a style (WebP)."""
    held = _held(studio, name)
    if held.style.preview is None:
        raise ProblemError(404, f"the style {name!r} has no preview")
    return _file(request, held, held.style.preview, "image/webp")


@router.get(
    "/v1/styles/{name}/package",
    responses={200: forms.FILE, 304: _KNOWN, **described(404)},
    response_class=Response,
)
async def package(name: Name, request: Request, studio: Here) -> Response:
    """A style as a file, for another library."""
    held = _held(studio, name)
    response = _file(request, held, held.data, "application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.safetensors"'
    return response


@router.put(
    "/v1/styles/{name}",
    responses={201: {"model": StyleFacts, "description": "It is new."}, **_CHANGES},
    openapi_extra=forms.raw_body("application/octet-stream"),
)
async def put(name: Name, request: Request, response: Response, studio: Here) -> StyleFacts:
    """Add a style package, or replace one; it can be painted when the answer comes."""
    limits = BodyLimits(MAX_FILE_BYTES, studio.settings.body_seconds)
    found = parse_style(await read_body(request, limits), "the package")
    if found.name != name:
        raise ProblemError(422, f"the package holds the style {found.name!r}, not {name!r}")
    is_new = name not in studio.shelf.names()
    await studio.put_style(found, overwrite=True)
    response.status_code = 201 if is_new else 200
    return _facts(_held(studio, name))


@router.delete("/v1/styles/{name}", status_code=204, responses={**_CHANGES, **described(404, 409)})
async def delete(name: Name, studio: Here) -> None:
    """Remove a style that was added, or is broken; a bundled one of its name appears again."""
    if not await asyncio.to_thread(_is_own, studio, name):
        raise ProblemError(409, f"the style {name!r} comes with impasto and cannot be removed")
    await asyncio.to_thread(remove_style, studio.library, name)
    await studio.renew()


def _is_own(studio: Studio, name: str) -> bool:
    """Whether the package that counts is the user's; a broken one is never held, but in the way."""
    try:
        package = studio.library.choose(name, studio.model.trunk_id)[-1]
    except StyleError as error:
        raise ProblemError(404, str(error)) from error
    return package.parent == studio.library.own


def _held(studio: Studio, name: str) -> Held:
    try:
        return studio.shelf.held(name)
    except StyleError as error:
        raise ProblemError(404, str(error)) from error


def _file(request: Request, held: Held, data: bytes, media_type: str) -> Response:
    headers = {"ETag": f'"{held.version}"', "Cache-Control": "no-cache"}
    if _has_any(request) or is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


def _has_any(request: Request) -> bool:
    """Whether a caller is content with any version, for it has one (RFC 9110, 13.1.2)."""
    return request.headers.get("if-none-match", "").strip() == "*"


def _facts(held: Held) -> StyleFacts:
    style = held.style
    return StyleFacts(
        name=style.name,
        title=style.title,
        artist=style.artist,
        year=style.year,
        licence=style.licence,
        version=held.version,
        bundled=not held.is_own,
        preview=f"/v1/styles/{style.name}/preview" if style.preview else None,
    )
