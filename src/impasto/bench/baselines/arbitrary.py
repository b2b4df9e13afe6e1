"""MicroAST with its released weights: the style once in torch, then a graph for each photo.

Wang, Zhao, Zuo et al. 2023, "MicroAST: Towards Super-Fast Ultra-Resolution Arbitrary Style
Transfer". No other difference from the authors' program in what it paints than rounding (weights in
float16, our engine for what runs for each photo) and the variance of a photo's features, which is
divided by the number of places and not by one less. That program has an `--alpha` between the
photo's features and the style's, which is not offered here: the decoder was trained at 1 alone, and
breaks below it (at 0.25 to 0.75 the style loss is over 1,800 times the photo's own), so that there
is no curve to measure.
"""

from pathlib import Path
from tempfile import mkdtemp

from impasto.bench.baselines.graphs import GraphMethod
from impasto.bench.baselines.microast import style_tensors
from impasto.bench.baselines.slim import Last, version_of
from impasto.bench.contender import StyleImage
from impasto.bench.peer_parts import Peer
from impasto.bench.speed_microast import write_microast
from impasto.core.arrays import RGB
from impasto.engine.backend import Backend


class MicroAst(GraphMethod):
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

    def __init__(self, released: Path, folder: Path, backend: Backend) -> None:
        self._released, self._folder = released, folder
        super().__init__(backend, write_microast(self._place(), released))
        self.version = version_of(*sorted(released.glob("*.safetensors")))
        self._peer_of = Last(self._look)

    def peer(self, style: StyleImage) -> Peer:
        """Content encoder and decoder with the style in them: its own networks run once."""
        return self._peer_of(style.picture)

    def _look(self, picture: RGB) -> Peer:
        seen = style_tensors(self._released, picture)
        return write_microast(self._place(), self._released, seen)

    def _place(self) -> Path:
        return Path(mkdtemp(prefix="microast-", dir=self._folder))
