"""Requests within limits: so many bytes, so much time, and only while their client is there."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from impasto.server.problems import ClientGoneError, ProblemError

T = TypeVar("T")

_READ = "impasto.read"
"""Where a request keeps the event that its body was read to its end."""

_MOST_FIELDS = 64
_FIELD_BYTES = 64 * 1024


@dataclass(frozen=True)
class BodyLimits:
    """How much of a body is taken, and for how long."""

    max_bytes: int
    seconds: float


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """All of a raw body.

    Raises:
        ProblemError: 413 it is too large, 408 it comes too slowly.
        ClientGoneError: the client left.
    """
    parts = [part async for part in chunks(request, limits)]
    return b"".join(parts)


@asynccontextmanager
async def read_form(request: Request, limits: BodyLimits, files: int) -> AsyncIterator[FormData]:
    """A multipart form while the block runs; files lie on disk when they are large.

    Raises:
        ProblemError: 413 it is too large, 408 it comes too slowly, 400 it is no form.
        ClientGoneError: the client left.
    """
    parser = MultiPartParser(
        request.headers,
        chunks(request, limits),
        max_files=files,
        max_fields=_MOST_FIELDS,
        max_part_size=_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise ProblemError(400, f"the form cannot be read: {error.message}") from error
    except (KeyError, ValueError, AssertionError) as error:  # a boundary that is none
        raise ProblemError(400, "the form cannot be read") from error
    try:
        yield form
    finally:
        await form.close()


async def chunks(request: Request, limits: BodyLimits) -> AsyncGenerator[bytes, None]:
    """The parts of a body as they come; see `read_body` for what is raised."""
    check_head(request, limits.max_bytes)
    left = limits.max_bytes
    until = asyncio.get_running_loop().time() + limits.seconds
    parts = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout_at(until):
                part = await anext(parts)
        except StopAsyncIteration:
            if _READ in request.scope:
                request.scope[_READ].set()
            return
        except TimeoutError:
            detail = f"the body did not come within {limits.seconds:g} s"
            raise ProblemError(408, detail, {"Connection": "close"}) from None
        except ClientDisconnect:
            raise ClientGoneError from None
        left -= len(part)
        if left < 0:
            raise too_large(limits.max_bytes)
        yield part


def check_head(request: Request, most: int) -> None:
    """Raise `ProblemError` for a body that cannot be taken, by what is said of it before it comes.

    That is one that is too large, or compressed: what that comes to is not known before.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(415, "send the body without Content-Encoding", {"Connection": "close"})
    text = request.headers.get("content-length", "0")
    if not text.isdecimal() or len(text) > 18:
        raise ProblemError(400, "Content-Length is no number", {"Connection": "close"})
    if int(text) > most:
        raise too_large(most)


def too_large(most: int) -> ProblemError:
    """The answer to a body of too many bytes."""
    return ProblemError(413, f"the body is over {most} bytes", {"Connection": "close"})


def media_type(request: Request) -> str:
    """What a body says it is, without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def attended(request: Request, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What some work returns; it is ended when its client leaves or the time is over.

    The work must read the body of the request, if it has one: a client that leaves is noticed
    behind it.

    Raises:
        ProblemError: 504, the time is over.
        ClientGoneError: nobody waits for the answer.
    """
    request.scope[_READ] = read = asyncio.Event()
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request, read))
    try:
        done, _ = await asyncio.wait(
            {task, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
    if task in done:
        return task.result()
    if gone in done:
        raise ClientGoneError
    raise ProblemError(504, f"not painted within {seconds:g} s", {"Retry-After": "1"})


async def _gone(request: Request, read: asyncio.Event) -> None:
    """Returns when the client has left; as long as the body is read, its reader notices."""
    await read.wait()
    while (await request.receive())["type"] != "http.disconnect":
        pass
