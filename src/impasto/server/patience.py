"""How long an answer may take, and that nobody works for a client who has left."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from impasto.server.problems import ClientGoneError, ProblemError
from impasto.server.uploads import READ

T = TypeVar("T")


async def attended(request: Request, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What some work returns; it is ended when its client leaves or the time is over.

    The work must read the body of the request, if it has one: a client that leaves is noticed
    behind it.

    Raises:
        ProblemError: 504, the time is over.
        ClientGoneError: nobody waits for the answer.
    """
    request.scope[READ] = read = asyncio.Event()
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
