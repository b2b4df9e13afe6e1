"""A real server in a process of its own, with the shipped model, and small pictures to paint."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

START_SECONDS = 180
PATIENCE = 500
"""Seconds for a job: jobs stand back, and the machine may have more to do."""
_CACHE = TemporaryDirectory(prefix="impasto-cache-")
"""Compiled graphs: one folder for all servers, which start faster so."""
TOKEN = "a-token-for-tests-only"  # noqa: S105


@dataclass
class Running:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    log: Path

    @cached_property
    def client(self) -> httpx.Client:
        """Calls it from any thread, and waits long enough for a loaded machine."""
        return httpx.Client(base_url=self.url, timeout=120, verify=False)  # noqa: S501

    @property
    def port(self) -> int:
        """Where it listens."""
        return httpx.URL(self.url).port or 0

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        text = self.log.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def number(self, name: str) -> float:
        """What /metrics tells of something that has no labels."""
        lines = self.client.get("/metrics").text.splitlines()
        (found,) = (line for line in lines if line.startswith(f"impasto_{name} "))
        return float(found.split()[1])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


def start_server(home: Path, *options: str, **variables: str) -> Running:
    """Start `impasto serve` on a free port, and wait until it is ready."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / f"log-{time.monotonic_ns()}.txt"
    # One decoder starts faster than two; a machine that has more to do may take long.
    variables = {"deadline": "110", "decoders": "1", **variables}
    given = {f"IMPASTO_SERVE_{name.upper()}": text for name, text in variables.items()}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "impasto.cli.app", "serve", "--port", "0", *options],
            env={**os.environ, "IMPASTO_HOME": str(home), "IMPASTO_CACHE": _CACHE.name, **given},
            stdin=subprocess.DEVNULL,
            stderr=file,
        )
    try:
        return Running(process, _ready(process, log), home, log)
    except BaseException:
        process.kill()
        raise


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        said = [line for line in log.read_text().splitlines() if "serving on " in line]
        if said:
            url = said[0].split("serving on ")[1].split()[0]
            try:
                if httpx.get(f"{url}readyz", timeout=5).status_code == 200:
                    return url
            except httpx.TransportError:
                pass
        time.sleep(0.05)
    raise AssertionError(log.read_text())


StartServer = Callable[..., Running]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the tests of one file, with the settings of a new installation."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    assert running.end() == 0, running.log.read_text()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers that end with the test; they share a folder unless they are given another."""
    running: list[Running] = []

    def make(*options: str, **variables: str) -> Running:
        running.append(start_server(tmp_path / "home", *options, **variables))
        return running[-1]

    yield make
    for each in running:
        each.end(signal.SIGKILL)


def picture_file(side: int = 16, seed: int = 0, format: str = "PNG", **options: Any) -> bytes:
    """A small picture of noise as a file."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, format, **options)
    return stream.getvalue()


def pixels_of(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of a file."""
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """Ask again and again until there is an answer that counts as true; fails after a while."""
    last = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < last, "it did not come"
        time.sleep(0.02)
    return answer


def ended(server: Running, url: str) -> dict[str, Any]:
    """A job when it has ended."""

    def found() -> dict[str, Any] | None:
        job: dict[str, Any] = server.client.get(url).json()
        return job if job["state"] in ("done", "failed", "cancelled") else None

    return until(found, PATIENCE)  # type: ignore[no-any-return]
