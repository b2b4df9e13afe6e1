"""`POST /v1/paint`: a photo in, its painting out."""

import hashlib
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from impasto.server.kitchen import Order
from impasto.server.patience import attended
from impasto.server.problems import ProblemError
from impasto.server.schemas import PaintQuery
from impasto.server.studio import Studio, studio_of
from impasto.server.uploads import BodyLimits, check_length, media_type, read_body, read_form
from impasto.styles.spec import parse_spec

router = APIRouter()


@router.post("/v1/paint")
async def paint(request: Request, studio: Annotated[Studio, Depends(studio_of)]) -> Response:
    """Paint a photo."""
    check_length(request, studio.settings.max_bytes)
    with studio.gate.entered():
        return await attended(request, studio.settings.deadline, _painted(request, studio))


async def _painted(request: Request, studio: Studio) -> Response:
    photo, query = await _read(request, studio)
    spec = parse_spec(query.style)
    order = Order(spec, studio.shelf, query.paint, query.format, query.quality)
    key = _key(photo, order, studio)
    headers = {
        "ETag": f'"{key}"',
        "Cache-Control": "private, no-cache",
        "X-Impasto-Styles": order.versions,
    }
    if _matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    served = studio.results.find(key)
    if served is not None:
        studio.metrics.hits.inc()
        stages = {"cache": 0.0}
    else:
        studio.metrics.misses.inc()
        served = await studio.results.make(key, lambda: studio.kitchen.serve(photo, order))
        stages = served.stages
        studio.metrics.painted(stages, served.pixels)
    headers["Server-Timing"] = ", ".join(
        f"{name};dur={1000 * seconds:.1f}" for name, seconds in stages.items()
    )
    return Response(served.data, media_type=served.media_type, headers=headers)


async def _read(request: Request, studio: Studio) -> tuple[bytes, PaintQuery]:
    limits = BodyLimits(studio.settings.max_bytes, studio.settings.body_seconds)
    kind = media_type(request)
    if kind == "multipart/form-data":
        async with read_form(request, limits, files=9) as form:
            photo = form.get("photo")
            if not isinstance(photo, UploadFile):
                raise ProblemError(422, "the form has no file `photo`")
            if any(name.startswith("mask.") for name in form):
                raise ProblemError(501, "regions are not painted by this server")
            fields = {name: text for name, text in form.items() if isinstance(text, str)}
            return await photo.read(), _query(fields)
    if kind.startswith("image/") or kind == "application/octet-stream":
        return await read_body(request, limits), _query(dict(request.query_params))
    raise ProblemError(
        415, "send the photo as image/*, application/octet-stream or multipart/form-data"
    )


def _query(fields: dict[str, str]) -> PaintQuery:
    try:
        return PaintQuery.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("query", *each["loc"])} for each in error.errors()]
        ) from error


def _key(photo: bytes, order: Order, studio: Studio) -> str:
    """Everything that the bytes of the answer depend on."""
    info = studio.kitchen.backend.info if studio.kitchen.backend else None
    rest = (version("impasto"), studio.model.trunk_id, info, str(order.spec), order.versions)
    settings = (order.paint, order.format, order.quality)
    digest = hashlib.sha256(photo)
    digest.update(repr((*rest, *settings, order.spec.weights)).encode())
    return digest.hexdigest()[:32]


def _matches(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return any(each.strip().removeprefix("W/") in (etag, "*") for each in known.split(","))
