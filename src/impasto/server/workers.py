"""Processes that decode and encode, kept warm, and replaced when they die or take too long."""

import asyncio
import json
import mmap
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from signal import SIGKILL
from typing import Any, Final

from impasto.core import errors
from impasto.core.errors import EngineError, ImageError, ImpastoError
from impasto.media.image import Picture
from impasto.server.arena import Arena, arena_file
from impasto.server.logs import log
from impasto.server.settings import ServeSettings, environment

_BYTES_A_PIXEL: Final = 4
_METADATA: Final = 16 * 2**20
"""Bytes of EXIF and profile beside the pixels."""
_START_SECONDS: Final = 60.0
_PAUSE: Final = 1.0
"""Seconds after a process that does not start."""
_LINE: Final = 2**20
"""Bytes of an answer at most."""


class WorkerLostError(EngineError):
    """A process was ended from outside in the middle of an order; another one can do it."""


class Decoder:
    """One process; takes one order after the other. Made by `Decoder.started`."""

    def __init__(self, process: asyncio.subprocess.Process, memory: mmap.mmap) -> None:
        self.process, self._memory = process, memory
        self.arena = Arena(memory)

    @classmethod
    async def started(cls, settings: ServeSettings) -> "Decoder":
        """A process that is ready for orders.

        Raises:
            EngineError: it does not start.
        """
        size = max(settings.max_bytes, _BYTES_A_PIXEL * settings.max_pixels + _METADATA)
        descriptor = arena_file(size)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "impasto.server.codec"),
                *(str(descriptor), str(size), str(settings.decoder_memory)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(descriptor,),
                start_new_session=True,  # Ctrl-C is for the server
                env=environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"),
                limit=_LINE,
            )
            decoder = cls(process, mmap.mmap(descriptor, size))
        finally:
            os.close(descriptor)
        await decoder.answer_within(_START_SECONDS)
        return decoder

    async def ask(self, order: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Give an order and wait for its answer.

        Raises:
            ImpastoError: what the process found wrong, of the class it was there.
            ImageError: it took too long, or the decoder broke on the picture.
            WorkerLostError: the process was ended.
        """
        stdin = self.process.stdin
        with suppress(ConnectionError):  # it has ended: the answer tells
            if stdin:
                stdin.write(json.dumps(order).encode() + b"\n")
        answer = await self.answer_within(seconds, f"{order['do']}r")
        if "error" in answer:
            raise getattr(errors, answer["kind"], ImageError)(answer["error"])
        return answer

    async def answer_within(self, seconds: float, part: str = "decoder") -> dict[str, Any]:
        """The next line, of its decoder or encoder; see `ask` for what is raised."""
        stdout = self.process.stdout
        try:
            async with asyncio.timeout(seconds):
                line = await stdout.readline() if stdout else b""
        except TimeoutError:
            await self.end()
            raise ImageError(
                f"the picture takes more than {seconds:g} s to read or write"
            ) from None
        if line:
            return dict(json.loads(line))
        code = await self.process.wait()
        if code == -SIGKILL or code >= 0:
            raise WorkerLostError("a decoding process was ended: try again")
        raise ImageError(f"the picture breaks its {part}: try another size or format")

    @property
    def is_alive(self) -> bool:
        """Whether it can take orders."""
        return self.process.returncode is None

    async def end(self) -> None:
        """End it at once, if it has not ended."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()


class DecoderPool:
    """A number of processes, of which each order takes the one that has rested longest.

    Args:
        settings: how many, and their limits.
        count: how many processes.
        on_loss: called whenever one was replaced.
    """

    def __init__(
        self, settings: ServeSettings, count: int, on_loss: Callable[[], None] = lambda: None
    ) -> None:
        self._settings, self.count, self._on_loss = settings, count, on_loss
        self._idle: asyncio.Queue[Decoder | None] = asyncio.Queue()
        self._all: set[Decoder] = set()
        self._orders: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Start all processes."""
        for decoder in await asyncio.gather(*(self._new() for _ in range(self.count))):
            self._idle.put_nowait(decoder)

    async def close(self) -> None:
        """End all processes, after the orders they have."""
        if self._orders:
            await asyncio.wait(self._orders, timeout=self._settings.decoder_seconds)
        for decoder in self._all:
            await decoder.end()

    @property
    def pids(self) -> list[int]:
        """The processes that are there now."""
        return [each.process.pid for each in self._all if each.is_alive]

    async def decode(self, data: bytes, name: str, max_pixels: int | None = None) -> Picture:
        """Decode a file of a stranger.

        Raises:
            ImageError: it is no picture, over a limit, or breaks its decoder.
            WorkerLostError: two processes after each other were ended.
        """
        most = min(max_pixels or self._settings.max_pixels, self._settings.max_pixels)

        async def order(decoder: Decoder) -> Picture:
            count = decoder.arena.put_bytes(data)
            ask = {"do": "decode", "bytes": count, "name": name, "max_pixels": most}
            return decoder.arena.picture(await decoder.ask(ask, self._settings.decoder_seconds))

        picture: Picture = await self._twice(order)
        return picture

    async def encode(
        self,
        picture: Picture,
        format: str | None = None,
        quality: int | None = None,
        record: Mapping[str, str] | None = None,
    ) -> bytes:
        """The bytes of a file, as `write_image` makes them.

        Raises:
            OutputError: the format cannot hold the picture.
            WorkerLostError: two processes after each other were ended.
        """

        async def order(decoder: Decoder) -> bytes:
            about = decoder.arena.put_picture(picture)
            ask = {"do": "encode", "picture": about, "format": format, "quality": quality}
            answer = await decoder.ask(
                {**ask, "record": dict(record or {})}, self._settings.decoder_seconds
            )
            return decoder.arena.bytes(answer["bytes"])

        encoded: bytes = await self._twice(order)
        return encoded

    async def _twice(self, order: Callable[[Decoder], Any]) -> Any:
        """A process that was ended from outside costs nobody an answer."""
        try:
            return await self._carried_out(order)
        except WorkerLostError:
            return await self._carried_out(order)

    async def _carried_out(self, order: Callable[[Decoder], Any]) -> Any:
        """Whoever asked may leave; the order is carried out, or the answer would be the next's."""
        decoder = await self._next()
        return await asyncio.shield(self._kept(self._do(decoder, order)))

    async def _next(self) -> Decoder:
        """The next one that lives; those that died at rest are replaced."""
        while True:
            decoder = await self._idle.get()
            if decoder is not None and decoder.is_alive:
                return decoder
            self._put_back(decoder)

    async def _do(self, decoder: Decoder, order: Callable[[Decoder], Any]) -> Any:
        try:
            return await order(decoder)
        finally:
            decoder.arena.shrink()
            self._put_back(decoder)

    def _kept(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that is waited for at the end, and whose error nobody need hear."""
        task = asyncio.ensure_future(work)
        self._orders.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._orders.discard(task)
        if not task.cancelled():
            task.exception()

    def _put_back(self, decoder: Decoder | None) -> None:
        if decoder is not None and decoder.is_alive:
            self._idle.put_nowait(decoder)
            return
        if decoder is not None:
            self._all.discard(decoder)
            decoder.close()
            self._on_loss()
        self._kept(self._replace())

    async def _replace(self) -> None:
        try:
            self._idle.put_nowait(await self._new())
        except (ImpastoError, OSError) as error:
            log.error("a decoding process does not start", reason=str(error))
            await asyncio.sleep(_PAUSE)
            self._idle.put_nowait(None)  # whoever takes it tries again

    async def _new(self) -> Decoder:
        decoder = await Decoder.started(self._settings)
        self._all.add(decoder)
        return decoder
