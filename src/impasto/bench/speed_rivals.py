"""Other networks, timed in turns with impasto, at the same precision and threads."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from impasto.bench.peer_parts import Peer
from impasto.bench.peers import STORED, released_weights, write_transformer_net
from impasto.bench.speed import peer_turn, time_painter
from impasto.bench.speed_adain import write_adain
from impasto.bench.speed_microast import released_microast, write_microast
from impasto.bench.timing import Summary, Turn, alternate, rounds_within
from impasto.core.arrays import RGB
from impasto.core.errors import EngineError, ImpastoError
from impasto.core.memory import free_memory, shown_memory
from impasto.engine.painter import Painter

Times = tuple[Summary, Summary]
"""Of impasto, and of a rival in the same turns."""

TORCH = "eager torch"
_BYTES_A_PIXEL = 1600
"""What the hungriest of them needs at its peak: six maps of 64 channels at full size."""


@dataclass(frozen=True)
class Rival:
    """A network at one size, and impasto in the same turns; in seconds."""

    name: str
    runtime: str
    """The runtime that impasto uses too, or eager torch."""
    weights: str
    parameters: int
    gmac_512: float
    width: int
    height: int
    seconds: Summary | None
    """None if it was not run."""
    impasto: Summary | None
    ratio: float | None
    """How many times as long it takes, by the two medians."""
    note: str = ""
    """Why it was not run."""


def write_rivals(folder: Path) -> list[Peer]:
    """Write the graphs of all rivals into an existing folder, with real weights where there are.

    Raises:
        ModelError: released weights cannot be read.
    """
    return [
        write_transformer_net(folder, released_weights()),
        write_microast(folder, released_microast()),
        write_adain(folder),
    ]


@dataclass(frozen=True)
class Race:
    """What rivals are timed beside, and how long."""

    painter: Painter
    """Rivals run on its backend."""
    pixels: RGB
    threads: int | None
    """For torch; the backend has its own. None lets it take the cores."""
    rounds: int
    """The most timings of each rival."""
    seconds: float
    """How long the timings of one rival may take together."""

    def run(self, peers: Sequence[Peer], original: Peer) -> Iterator[Rival]:
        """Time every peer on the backend, and `original` in eager torch.

        Args:
            peers: from `write_rivals`.
            original: the pytorch/examples network, the first of those.
        """
        name = self.painter.backend.info.name
        for peer in peers:
            yield self._rival(peer, name, partial(self._in_backend, peer))
        yield self._rival(original, TORCH, partial(self._in_torch, original))

    def _rival(self, peer: Peer, runtime: str, race: Callable[[], Times]) -> Rival:
        height, width = self.pixels.shape[:2]
        make = partial(Rival, peer.name, runtime, peer.weights, peer.parameters, peer.gmac_512)
        try:
            ours, theirs = race()
        except ImpastoError as error:
            return make(width, height, None, None, None, str(error))
        return make(width, height, theirs, ours, round(theirs.median / ours.median, 3))

    def _in_backend(self, peer: Peer) -> Times:
        need = self.pixels.shape[0] * self.pixels.shape[1] * _BYTES_A_PIXEL
        if need > free_memory():
            raise EngineError(f"not run: it may need {shown_memory(need)} of memory")
        return self._timed(peer_turn(self.painter.backend, peer, self.pixels))

    def _in_torch(self, peer: Peer) -> Times:
        if find_spec("torch") is None:
            raise EngineError("not run: torch is not installed")
        with torch_turn(peer.graph.with_name(STORED), self.pixels, self.threads) as turn:
            return self._timed(turn)

    def _timed(self, turn: Turn) -> Times:
        ours = partial(time_painter, self.painter, self.pixels)
        for work in (turn, ours):  # the first call loads graphs, and tells nothing
            work()
        started = time.perf_counter()
        for work in (turn, ours):
            work()
        count = rounds_within(self.seconds, time.perf_counter() - started, self.rounds)
        taken = alternate(count, {"impasto": ours, "rival": turn})
        return taken["impasto"]["engine"], taken["rival"]["engine"]


@contextmanager
def torch_turn(weights: Path, pixels: RGB, threads: int | None) -> Iterator[Turn]:
    """A process that paints in eager torch whenever the turn is called.

    Args:
        weights: of the pytorch/examples network.
        pixels: a picture of the size that it paints.
        threads: for torch; None lets it take the cores.

    Raises:
        EngineError: the process ends; with the last line that it said.
    """
    size = (str(side) for side in pixels.shape[:2])
    words = [str(weights), *size, str(threads or 0)]
    command = [sys.executable, "-m", "impasto.bench.baselines.eager", *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]  # noqa: S603
        try:
            _line(process)
            yield lambda: _asked(process)
        finally:
            process.kill()


def _asked(process: "subprocess.Popen[str]") -> dict[str, float]:
    assert process.stdin is not None  # noqa: S101  # it is a pipe
    process.stdin.write("\n")
    process.stdin.flush()
    return {"engine": float(_line(process))}


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018
    line = process.stdout.readline()
    if not line:
        last = (process.stderr.read().strip().splitlines() or ["it says nothing"])[-1]
        raise EngineError(f"eager torch ended: {last}")
    return line
