"""Methods that paint by a graph for each style, in our own engine."""

from abc import ABC, abstractmethod
from pathlib import Path

from impasto.bench.contender import FULL, StyleImage
from impasto.bench.losses_methods import PEERS, graph_paint
from impasto.bench.peer_parts import Peer
from impasto.bench.peers import RELEASED, write_transformer_net
from impasto.core.arrays import RGB
from impasto.core.errors import ModelError
from impasto.core.files import sha256_file
from impasto.engine.backend import Backend


class GraphMethod(ABC):
    """What such methods share.

    Args:
        backend: runs the graphs.
        any_peer: a graph of the method, whatever its style: all are of one size.
    """

    strengths = (FULL,)

    def __init__(self, backend: Backend, any_peer: Peer) -> None:
        self._backend, self._any = backend, any_peer

    @abstractmethod
    def peer(self, style: StyleImage) -> Peer:
        """The graph with the style in it, made once.

        Raises:
            ImpastoError: it cannot paint in this style; with the reason.
        """

    @property
    def parameters(self) -> int:
        """Of what runs for each photo."""
        return self._any.parameters

    @property
    def gmac_512(self) -> float:
        """Of what runs for each photo."""
        return self._any.gmac_512

    def check(self, style: StyleImage) -> None:
        """Make the graph of a style; raises as `peer`."""
        self.peer(style)

    def graph(self, style: StyleImage) -> Path:
        """The graph with the style in it."""
        return self.peer(style).graph

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo of at least 16 pixels on each side."""
        return graph_paint(self.graph(style), self._backend)(photo)


class PerStyle(GraphMethod):
    """The released networks of pytorch/examples, each for one style.

    Johnson, Alahi and Fei-Fei 2016 with instance norm (Ulyanov et al. 2016) and nearest upsampling;
    other than the paper: those two, as in that program.

    Args:
        assets: holds the weights.
        folder: an existing folder for graphs.
        backend: runs them.

    Raises:
        ModelError: there are no weights at all.
    """

    name = "per-style"
    about = "Johnson et al. 2016, pytorch/examples with its released weights; our engine"

    def __init__(self, assets: Path, folder: Path, backend: Backend) -> None:
        files = {name: (assets / RELEASED).with_stem(name) for name in PEERS}
        self._files = {name: path for name, path in files.items() if path.is_file()}
        if not self._files:
            raise ModelError(f"{assets / RELEASED.parent}: there are no weights")
        self._folder = folder
        self._made: dict[str, Peer] = {}
        super().__init__(backend, self._make(next(iter(self._files))))

    @property
    def version(self) -> str:
        """Of all files."""
        return "-".join(sha256_file(path)[:8] for path in self._files.values())

    def peer(self, style: StyleImage) -> Peer:
        """The network of a style; raises ModelError if there is none."""
        if style.name not in self._files:
            known = ", ".join(self._files)
            raise ModelError(f"no network was released for {style.name!r}: there are {known}")
        return self._make(style.name)

    def _make(self, name: str) -> Peer:
        if name not in self._made:
            place = self._folder / f"per-style-{name}"
            place.mkdir()
            self._made[name] = write_transformer_net(place, self._files[name])
        return self._made[name]
