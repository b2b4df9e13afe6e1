"""A server process and a thin HTTP client, for `serve_load.py`: it must cost the cores little."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from PIL import Image
from serve_load_alone import spec_of

from impasto.core.files import BUNDLED_DATA

SIDE = 512


def photos(count: int) -> list[bytes]:
    """Crops of the photo that comes along, each another one, as JPEG files of 512 x 512."""
    chance = random.Random(0)  # noqa: S311  # the same on every run
    with Image.open(BUNDLED_DATA / "demo" / "coffee.jpg") as image:
        image.load()
        return [_crop(image, chance) for _ in range(count)]


def _crop(image: Image.Image, chance: random.Random) -> bytes:
    side = chance.randrange(250, min(image.size))
    left, top = (chance.randrange(0, length - side) for length in image.size)
    crop = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
    stream = BytesIO()
    crop.save(stream, "JPEG", quality=92)
    return stream.getvalue()


@dataclass
class Server:
    """`impasto serve` in a process of its own; use it in a `with` block.

    Args:
        variables: settings, by their names.
        home: the user's data; a new folder by default.
    """

    variables: dict[str, str]
    home: Path | None = None
    port: int = 0
    _process: subprocess.Popen[str] | None = None
    _folder: TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Server":
        if self.home is None:
            self._folder = TemporaryDirectory()
            self.home = Path(self._folder.name)
        log = (self.home / "log.txt").open("w+")
        given = {f"IMPASTO_SERVE_{name.upper()}": text for name, text in self.variables.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "impasto.cli.app", "serve", "--port", "0"],
            env={**os.environ, "IMPASTO_HOME": str(self.home), **given},
            stderr=log,
            text=True,
        )
        self.port = self._wait(self.home / "log.txt")
        return self

    def _wait(self, log: Path) -> int:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            text = log.read_text()
            if "startup complete" in text:
                return int(text.split("serving on http://127.0.0.1:")[1].split("/")[0])
            time.sleep(0.05)
        raise SystemExit(f"the server does not start:\n{log.read_text()}")

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)
        if self._folder:
            self._folder.cleanup()

    def end(self, number: int) -> None:
        """Send a signal and wait for the end."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(120)

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def _all(self) -> list[psutil.Process]:
        parent = psutil.Process(self._process.pid if self._process else None)
        return [parent, *parent.children(recursive=True)]

    def memory(self) -> int:
        """Bytes that it and its processes have to themselves (shared ones counted once)."""
        return sum(_memory(process) for process in self._all)

    def cpu_seconds(self) -> float:
        """What it and its processes have taken."""
        return sum(sum(process.cpu_times()[:2]) for process in self._all)

    def decoders(self) -> list[psutil.Process]:
        """The processes that decode."""
        return [each for each in self._all[1:] if "impasto.server.codec" in each.cmdline()]


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


@dataclass
class Answer:
    """What a request got."""

    status: int
    """0: the connection broke."""
    seconds: float
    """From when it was due to the head of the answer for a refusal, to its end otherwise."""
    size: int = 0


@dataclass
class Client:
    """Sends photos to a server over connections that stay open.

    Args:
        port: of the server.
        files: the photos, one after the other.
    """

    port: int
    files: list[bytes]
    answers: list[Answer] = field(default_factory=list)
    number: int = 0
    """Of the next photo; photos of other numbers are painted in other mixes."""
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def send(self, due: float | None = None) -> Answer:
        """Paint the next photo, in a mix that nobody has asked for before."""
        due = time.perf_counter() if due is None else due
        number, self.number = self.number, self.number + 1
        body = self.files[number % len(self.files)]
        head = (
            f"POST /v1/paint?style={spec_of(number)} HTTP/1.1\r\n"
            f"host: 127.0.0.1\r\ncontent-type: image/jpeg\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        try:
            status, size = await self._exchange(head.encode() + body)
        except (OSError, asyncio.IncompleteReadError):
            status, size = 0, 0
        answer = Answer(status, time.perf_counter() - due, size)
        self.answers.append(answer)
        return answer

    async def ask(self, path: str) -> float:
        """Seconds that something small takes on a connection of its own."""
        started = time.perf_counter()
        reader, writer = await self._connect()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return time.perf_counter() - started

    async def _exchange(self, request: bytes) -> tuple[int, int]:
        reader, writer = self._take_idle() or await self._connect()
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(size)
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in head:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(head[9:12]), size

    def _take_idle(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """An open connection that the server has not closed meanwhile, as HTTP clients look for."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)

    def disconnect(self) -> None:
        """Give up the open connections, which only the loop that made them can use."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def closed_loop(self, connections: int, count: int) -> float:
        """Send so many photos, so many at a time; returns the seconds that it took."""
        started, last = time.perf_counter(), self.number + count

        async def work() -> None:
            while self.number < last:
                await self.send()

        await asyncio.gather(*(work() for _ in range(connections)))
        return time.perf_counter() - started

    async def open_loop(self, rate: float, seconds: float) -> None:
        """Send photos at a rate, whatever becomes of those before."""
        started, tasks = time.perf_counter(), []
        for number in range(max(1, round(rate * seconds))):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.ensure_future(self.send(due)))
        await asyncio.gather(*tasks)
