"""Who paints clips: impasto frame by frame and calmed, and networks that know no time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.bench.baselines.microast import style_tensors
from impasto.bench.losses_methods import PEERS, graph_paint
from impasto.bench.peer_parts import Peer
from impasto.bench.peers import RELEASED as JOHNSON
from impasto.bench.peers import write_transformer_net
from impasto.bench.speed_microast import RELEASED as MICROAST_WEIGHTS
from impasto.bench.speed_microast import write_microast
from impasto.bench.video_settings import FLOW, MICROAST, PLAIN, STATISTICS, TRANSFORMER
from impasto.core.arrays import RGB
from impasto.core.errors import ModelError
from impasto.core.notice import warn
from impasto.engine.backend import Backend
from impasto.engine.painter import Painter
from impasto.engine.temporal import Temporal

PaintClip = Callable[[Sequence[RGB]], list[RGB]]
"""Paints all frames of a clip; the results have their size."""


@dataclass(frozen=True)
class ClipMethod:
    """One way to paint a clip."""

    name: str
    paint: PaintClip


def our_methods(painter: Painter, rate: float, window: float, flow: float) -> list[ClipMethod]:
    """Impasto without any calming, with smoothed statistics, and with flow on top of them."""
    given = {PLAIN: (0.0, 0.0), STATISTICS: (window, 0.0), FLOW: (window, flow)}
    return [
        ClipMethod(name, _calmly(painter, rate, seconds, strength))
        for name, (seconds, strength) in given.items()
    ]


def _calmly(painter: Painter, rate: float, window: float, flow: float) -> PaintClip:
    def paint(frames: Sequence[RGB]) -> list[RGB]:
        temporal = Temporal(painter, rate=rate, window=window, flow=flow)
        done = [each for frame in frames for each in temporal.push(frame)]
        return done + temporal.finish()

    return paint


def peer_methods(
    style: str, picture: RGB, assets: Path, folder: Path, backend: Backend
) -> Iterator[ClipMethod]:
    """MicroAST, and the pytorch/examples network if there is one for the style.

    A network whose weights are missing is left out with a warning.

    Args:
        style: the style's name.
        picture: its picture, for the network that takes any.
        assets: the folder with their weights.
        folder: an existing folder for their graphs, which must stay while they paint.
        backend: runs them.
    """
    makers: dict[str, Callable[[], Peer]] = {
        MICROAST: lambda: _microast(picture, assets / MICROAST_WEIGHTS, folder)
    }
    if style in PEERS:
        weights = (assets / JOHNSON).with_stem(style)
        makers[TRANSFORMER] = lambda: write_transformer_net(folder, weights)
    for name, make in makers.items():
        try:
            yield ClipMethod(name, _each(make().graph, backend))
        except ModelError as error:
            warn(f"{name} is left out: {error}")


def _microast(picture: RGB, released: Path, folder: Path) -> Peer:
    return write_microast(folder, released, style_tensors(released, picture))


def _each(graph: Path, backend: Backend) -> PaintClip:
    paint = graph_paint(graph, backend)
    return lambda frames: [paint(frame) for frame in frames]
