"""`/v1/videos`, `/v1/fits` and `/v1/jobs`: what takes longer than a request."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse
from fastapi.sse import EventSourceResponse
from starlette.datastructures import FormData, UploadFile

from impasto.core.errors import ImpastoError, MissingExtraError
from impasto.core.files import make_folder
from impasto.server import access, forms
from impasto.server.job_folders import private_write
from impasto.server.job_process import HOME, INPUT, PICTURES, PREVIEWS
from impasto.server.job_store import Job
from impasto.server.problems import GUARDED, ProblemError, described
from impasto.server.routes_service import has_extra
from impasto.server.schemas import FitForm, JobFacts, JobTaken, VideoForm
from impasto.server.studio import Here, Studio
from impasto.server.uploads import BodyLimits, check_head, media_type, read_form
from impasto.styles.package import SUFFIX
from impasto.styles.shelf import check_free
from impasto.styles.spec import check_name, parse_spec

router = APIRouter(responses=GUARDED)

Id = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", examples=["0123456789abcdef" * 2])]

_BYTES_A_SECOND = 2**19
"""An upload may be as slow as this."""
_MOST_PICTURES = 100
_TAKEN: dict[str, Any] = {"status_code": 202, "response_model": JobTaken}
_VIDEO_TYPES = {".mp4": "video/mp4", ".webm": "video/webm"}


@router.post(
    "/v1/videos",
    **_TAKEN,
    responses=described(408, 413, 415, 501, 503),
    openapi_extra=forms.body_of(VideoForm, "video"),
)
async def video(request: Request, studio: Here) -> Response:
    """Take a video to paint; its job tells how far it is."""
    if not has_extra("video"):
        raise MissingExtraError("painting videos", "video")
    async with _form(request, studio, files=1) as form:
        upload = _files(form, "video", 1)[0]
        asked = forms.parsed(VideoForm, form)
        spec, shelf = parse_spec(asked.style), studio.shelf
        packages = {name: shelf.held(name).data for name in spec.names}
        with _folder(studio) as (id, folder):
            await asyncio.to_thread(_keep_video, folder, upload.file, packages)
            settings = {**asked.model_dump(), "style": str(asked.style).replace(" ", "")}
            return _taken(await studio.jobs.add(id, "video", settings))


def _keep_video(folder: Path, video: BinaryIO, packages: dict[str, bytes]) -> None:
    """The video, and the styles as they are now: the same even after a restart."""
    make_folder(folder / HOME / "styles")
    for name, data in packages.items():
        with private_write(folder / HOME / "styles" / f"{name}{SUFFIX}") as file:
            file.write(data)
    with private_write(folder / INPUT) as file:
        shutil.copyfileobj(video, file, 2**20)


@router.post(
    "/v1/fits",
    **_TAKEN,
    responses=described(408, 409, 413, 415, 501, 503),
    openapi_extra=forms.body_of(FitForm, "pictures", many=True),
)
async def fit(request: Request, studio: Here) -> Response:
    """Take pictures whose style is to be learned; the job's end puts it among the styles."""
    if not has_extra("train"):
        raise MissingExtraError("fitting a style", "train")
    async with _form(request, studio, files=_MOST_PICTURES) as form:
        pictures = _files(form, "pictures", _MOST_PICTURES)
        asked = forms.parsed(FitForm, form)
        _check_fit(asked, studio, is_owner=access.is_owner(request.headers, studio.settings))
        with studio.jobs.naming(asked.name), _folder(studio) as (id, folder):
            make_folder(folder / PICTURES)
            for number, upload in enumerate(pictures):
                path = folder / PICTURES / f"{number:03}.png"
                await _keep_picture(path, f"picture {number + 1}", upload, studio)
            return _taken(await studio.jobs.add(id, "fit", asked.model_dump()))


def _check_fit(asked: FitForm, studio: Studio, *, is_owner: bool) -> None:
    """Only who may change styles may learn one that stands in front of a bundled one."""
    if asked.minutes > studio.settings.max_fit_minutes:
        raise ProblemError(422, f"minutes: at most {studio.settings.max_fit_minutes:g}")
    check_name(asked.name)
    if not is_owner and asked.name in studio.library.names():
        raise ProblemError(409, f"there is a style {asked.name!r}: give this one another name")
    try:
        check_free(studio.library, asked.name)
    except ImpastoError as error:
        raise ProblemError(409, str(error)) from error


async def _keep_picture(path: Path, name: str, upload: UploadFile, studio: Studio) -> None:
    """Decoded where it can do no harm, and handed on as a picture of our own making."""
    if (upload.size or 0) > studio.settings.max_bytes:
        raise ProblemError(413, f"{name} is over {studio.settings.max_bytes} bytes")
    picture = await studio.kitchen.decoders.decode(await upload.read(), name)
    data = await studio.kitchen.decoders.encode(picture, "png")
    with private_write(path) as file:
        file.write(data)


async def _found(id: Id, studio: Here) -> Job:
    job = studio.jobs.get(id)
    if job is None:
        raise ProblemError(404, "there is no such job")
    return job


Found = Annotated[Job, Depends(_found)]


@router.get("/v1/jobs/{id}", responses=described(404))
async def job(job: Found, studio: Here) -> JobFacts:
    """How far a job is."""
    return _facts(job, studio)


@router.get("/v1/jobs/{id}/events", responses=described(404), response_class=EventSourceResponse)
async def events(job: Found, studio: Here) -> AsyncIterator[JobFacts]:
    """Server-sent events: the job now, and after each change, until it ends."""
    async for now in studio.jobs.follow(job.id):
        yield _facts(now, studio)


@router.delete("/v1/jobs/{id}", responses=described(404, 503))
async def cancel(job: Found, studio: Here) -> JobFacts:
    """End a job; what it has done so far is removed."""
    return _facts(await studio.jobs.cancel(job), studio)


@router.get(
    "/v1/jobs/{id}/result",
    responses={200: forms.FILE, **described(404, 409)},
    response_class=FileResponse,
)
async def result(job: Found, studio: Here) -> FileResponse:
    """The painted video, or the style package; of a failed fit what found no place, too."""
    path = studio.jobs.folders.path(job.id) / job.result
    if not job.result:
        raise ProblemError(409, f"the job is {job.state}: it has no result")
    if not path.is_file():
        raise ProblemError(404, "the result is not kept any more")
    media_type = _VIDEO_TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=media_type, filename=path.name)


@router.get(
    "/v1/jobs/{id}/preview",
    responses={200: forms.PICTURE, **described(404)},
    response_class=FileResponse,
)
async def preview(job: Found, studio: Here) -> FileResponse:
    """A photo painted in the style as far as it is learned."""
    newest = _newest_preview(job, studio)
    if newest is None:
        raise ProblemError(404, "there is no preview yet")
    return FileResponse(newest, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@contextmanager
def _folder(studio: Studio) -> Iterator[tuple[str, Path]]:
    """A folder that vanishes if no job comes of it."""
    id, folder = studio.jobs.folders.make()
    try:
        yield id, folder
    except BaseException:
        studio.jobs.folders.drop(id)
        raise


@asynccontextmanager
async def _form(request: Request, studio: Studio, files: int) -> AsyncIterator[FormData]:
    """Refuses before the body is read what would be refused behind it; the job has a place then."""
    if media_type(request) != "multipart/form-data":
        raise ProblemError(415, "send a form: multipart/form-data")
    settings = studio.settings
    check_head(request, settings.max_video_bytes)
    seconds = settings.body_seconds + settings.max_video_bytes / _BYTES_A_SECOND
    limits = BodyLimits(settings.max_video_bytes, seconds)
    forms.check_no_query(request)
    with studio.jobs.place():
        async with read_form(request, limits, files) as form:
            yield form


def _files(form: FormData, name: str, most: int) -> list[UploadFile]:
    files = [each for each in form.getlist(name) if isinstance(each, UploadFile)]
    if not 1 <= len(files) <= most:
        raise ProblemError(422, f"the form has {len(files)} files `{name}`: send 1 to {most}")
    forms.check_files(form, lambda each: each == name)
    return files


def _taken(job: Job) -> JSONResponse:
    url = f"/v1/jobs/{job.id}"
    return JSONResponse({"id": job.id, "url": url}, 202, {"Location": url})


def _facts(job: Job, studio: Studio) -> JobFacts:
    url = f"/v1/jobs/{job.id}"
    newest = _newest_preview(job, studio)
    return JobFacts(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=job.progress,
        message=job.message,
        result=f"{url}/result" if job.has_ended and job.result else None,
        preview=f"{url}/preview?{newest.stem}" if newest else None,
    )


def _newest_preview(job: Job, studio: Studio) -> Path | None:
    """The latest that is whole; a name is the step, with leading zeros."""
    if job.kind != "fit":
        return None
    return max((studio.jobs.folders.path(job.id) / PREVIEWS).glob("*.jpg"), default=None)
