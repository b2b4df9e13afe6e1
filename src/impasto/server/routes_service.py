"""What operators and programs ask about the server itself."""

from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from impasto.server.docs import page_of
from impasto.server.metrics import MEDIA_TYPE
from impasto.server.problems import GUARDED, ProblemError, body_of, described
from impasto.server.problems import MEDIA_TYPE as PROBLEM
from impasto.server.schemas import About, Health, Limits, Readiness
from impasto.server.studio import Here

router = APIRouter(responses=GUARDED)


@router.get("/v1/about")
async def about(request: Request, studio: Here) -> About:
    """What this server is, and how much it takes."""
    settings = studio.settings
    limits = Limits(
        max_bytes=settings.max_bytes,
        max_pixels=settings.max_pixels,
        max_regions=settings.max_regions,
        max_video_bytes=settings.max_video_bytes,
        max_video_frames=settings.max_video_frames,
        max_fit_minutes=settings.max_fit_minutes,
        max_live=settings.max_live,
        deadline=settings.deadline,
    )
    return About(
        version=request.app.version,
        model=studio.model.name,
        trunk_id=studio.model.trunk_id,
        limits=limits,
        train=has_extra("train"),
        video=has_extra("video"),
    )


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the process lives."""
    return Health()


@router.get("/readyz", responses=described(503))
async def readyz(studio: Here) -> Response:
    """Whether it can paint now; names the style packages that were refused."""
    facts = Readiness(
        ready=studio.is_ready,
        styles=len(studio.shelf.names()),
        refused={name: _why(name, text) for name, text in studio.shelf.broken.items()},
        fault=studio.fault,
        decoders=len(studio.kitchen.decoders.pids),
        waiting=studio.gate.waiting,
    ).model_dump()
    if studio.is_ready:
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})
    body = {**body_of(ProblemError(503, "the server starts or shuts down")), **facts}
    return JSONResponse(body, 503, {"Retry-After": "1"}, media_type=PROBLEM)


def _why(name: str, text: str) -> str:
    """Without the folder, which is nobody's business; the log has it."""
    return text.rpartition(f"{name}.safetensors: ")[2]


@router.get("/metrics", response_class=Response)
async def metrics(studio: Here) -> Response:
    """Numbers for Prometheus."""
    return Response(studio.metrics.text(), media_type=MEDIA_TYPE)


@router.get("/docs", response_class=HTMLResponse, include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """The description for people to read."""
    description: dict[str, Any] = request.app.openapi()
    return HTMLResponse(page_of(description))


_MODULES = {"train": ("torch", "imagehash", "onnx"), "video": ("av", "cv2")}


def has_extra(extra: str) -> bool:
    """Whether an extra is installed; nothing of it is imported."""
    return all(find_spec(module) is not None for module in _MODULES[extra])
