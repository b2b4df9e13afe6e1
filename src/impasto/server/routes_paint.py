"""`POST /v1/paint`: a photo in, its painting out."""

import asyncio
import hashlib
from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile

from impasto.engine.record import program_version
from impasto.server import forms
from impasto.server.kitchen import Order, Served
from impasto.server.problems import GUARDED, ProblemError, described
from impasto.server.schemas import PaintForm
from impasto.server.studio import Here, Studio
from impasto.server.uploads import (
    BodyLimits,
    attended,
    check_head,
    media_type,
    read_body,
    read_form,
)
from impasto.styles.spec import parse_spec

router = APIRouter(responses=GUARDED)


_LARGE = 2**20
"""Bytes."""
_MASK = "mask."
"""Begins the names of files that say where styles go."""
_DESCRIBED = forms.paint_body(PaintForm)


@router.post(
    "/v1/paint",
    response_class=Response,
    responses={
        200: forms.PICTURE,
        304: {"description": "The painting is the one of If-None-Match."},
        **described(408, 413, 415, 500, 503, 504),
    },
    openapi_extra=_DESCRIBED,
)
async def paint(request: Request, studio: Here) -> Response:
    """Paint a photo.

    The photo is the body, with the settings in the query; or the file `photo` of a form, with the
    settings as its fields. In a form each file `mask.SPEC` lays the style SPEC over the picture
    where it is white, in the order of the fields.
    """
    check_head(request, studio.settings.max_bytes)
    with studio.entered():
        return await attended(request, studio.settings.deadline, _painted(request, studio))


async def _painted(request: Request, studio: Studio) -> Response:
    photo, query, masks = await _read(request, studio)
    order = _order(query, masks, studio)
    # Large photos are hashed in a thread: others are answered meanwhile.
    make = partial(_key, photo, order, studio)
    key = await asyncio.to_thread(make) if len(photo) > _LARGE else make()
    headers = {
        "ETag": f'"{key}"',
        "Cache-Control": "private, no-cache",
        "X-Impasto-Styles": order.versions,
    }
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    served, stages = await _found_or_made(key, photo, order, studio)
    headers["Server-Timing"] = ", ".join(
        f"{name};dur={1000 * seconds:.1f}" for name, seconds in stages.items()
    )
    return Response(served.data, media_type=served.media_type, headers=headers)


async def _found_or_made(
    key: str, photo: bytes, order: Order, studio: Studio
) -> tuple[Served, Mapping[str, float]]:
    """A painting, and the seconds of the stages that it takes this time."""
    served = studio.results.find(key)
    if served is not None:
        studio.metrics.hits.inc()
        return served, {"cache": 0.0}
    studio.metrics.misses.inc()
    served = await studio.results.make(key, lambda: studio.paint(photo, order))
    return served, served.stages


Masks = list[tuple[str, bytes]]
"""Style specs and files."""


def _order(query: PaintForm, masks: Masks, studio: Studio) -> Order:
    return Order(
        parse_spec(query.style),
        studio.shelf,
        query.paint,
        query.format,
        query.quality,
        tuple((parse_spec(spec), mask) for spec, mask in masks),
        query.feather,
    )


async def _read(request: Request, studio: Studio) -> tuple[bytes, PaintForm, Masks]:
    limits = BodyLimits(studio.settings.max_bytes, studio.settings.body_seconds)
    kind = media_type(request)
    if kind == "multipart/form-data":
        forms.check_no_query(request)
        async with read_form(request, limits, files=1 + studio.settings.max_regions) as form:
            photos = [each for each in form.getlist("photo") if isinstance(each, UploadFile)]
            if len(photos) != 1:
                count = len(photos) or "no"
                raise ProblemError(422, f"the form has {count} files `photo`: send one")
            forms.check_files(form, lambda name: name == "photo" or name.startswith(_MASK))
            query, masks = forms.parsed(PaintForm, form), await _masks(form)
            _check_feather(query, masks)
            return await photos[0].read(), query, masks
    if kind.startswith("image/") or kind == "application/octet-stream":
        query = forms.parsed(PaintForm, request.query_params)
        _check_feather(query, [])
        return await read_body(request, limits), query, []
    kinds = "image/*, application/octet-stream or multipart/form-data"
    raise ProblemError(415, f"send the photo as {kinds}")


def _check_feather(query: PaintForm, masks: Masks) -> None:
    if query.feather and not masks:
        raise ProblemError(422, "feather softens the edges of masks: send a file mask.SPEC, too")


async def _masks(form: FormData) -> Masks:
    """The files named `mask.SPEC`, in their order; a spec may have several."""
    return [
        (name.removeprefix(_MASK), await file.read())
        for name, file in form.multi_items()
        if name.startswith(_MASK) and isinstance(file, UploadFile)
    ]


def _key(photo: bytes, order: Order, studio: Studio) -> str:
    """Everything that the bytes of the answer depend on."""
    info = studio.kitchen.backend.info if studio.kitchen.backend else None
    rest = (program_version(), studio.model.trunk_id, info, str(order.spec), order.versions)
    settings = (order.paint, order.format, order.quality)
    digest = hashlib.sha256(photo)
    digest.update(repr((*rest, *settings, order.spec.weights, order.feather)).encode())
    for spec, mask in order.masks:
        digest.update(repr((spec, hashlib.sha256(mask).digest())).encode())
    return digest.hexdigest()[:32]


def is_known(request: Request, etag: str) -> bool:
    """Whether a caller has what an ETag names (RFC 9110, If-None-Match)."""
    known = request.headers.get("if-none-match", "")
    return any(each.strip().removeprefix("W/") == etag for each in known.split(","))
