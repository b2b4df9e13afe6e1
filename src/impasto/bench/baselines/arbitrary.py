"""MicroAST with its released weights: the style once in torch, then a graph for each photo.

Wang, Zhao, Zuo et al. 2023, "MicroAST: Towards Super-Fast Ultra-Resolution Arbitrary Style
Transfer". No other difference from the authors' program than rounding: weights in float16, our
engine for what runs for each photo.
"""

from pathlib import Path
from tempfile import mkdtemp

from impasto.bench.baselines.microast import style_tensors
from impasto.bench.baselines.slim import Last
from impasto.bench.contender import FULL, StyleImage
from impasto.bench.losses_methods import graph_paint
from impasto.bench.peer_parts import Peer
from impasto.bench.speed_microast import write_microast
from impasto.core.arrays import RGB
from impasto.core.files import sha256_file
from impasto.engine.backend import Backend


class MicroAst:
    """MicroAST.

    Args:
        released: the folder with the released weights.
        folder: an existing folder for graphs.
        backend: runs them.

    Raises:
        ModelError: the weights are missing or damaged.
    """

    name = "microast"
    about = "Wang et al. 2023 with its released weights; our engine"
    strengths = (FULL,)

    def __init__(self, released: Path, folder: Path, backend: Backend) -> None:
        self._released, self._folder, self._backend = released, folder, backend
        self._peer = write_microast(self._place(), released)
        self.version = sha256_file(released / "decoder.safetensors")[:16]
        self._peer_of = Last(self._look)

    @property
    def parameters(self) -> int:
        """Of content encoder and decoder: the style's own networks run once."""
        return self._peer.parameters

    @property
    def gmac_512(self) -> float:
        """Of content encoder and decoder."""
        return self._peer.gmac_512

    def check(self, style: StyleImage) -> None:
        """Look at the style."""
        self._peer_of(style.picture)

    def graph(self, style: StyleImage) -> Path:
        """The graph with the style in it."""
        return self._peer_of(style.picture).graph

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo of at least 16 pixels on each side."""
        return graph_paint(self.graph(style), self._backend)(photo)

    def _look(self, picture: RGB) -> Peer:
        seen = style_tensors(self._released, picture)
        return write_microast(self._place(), self._released, seen)

    def _place(self) -> Path:
        return Path(mkdtemp(prefix="microast-", dir=self._folder))
