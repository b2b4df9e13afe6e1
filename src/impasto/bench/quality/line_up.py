"""Who is measured: every method by its name, made when its turn comes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from impasto.bench.baselines.graphs import PerStyle
from impasto.bench.contender import Contender
from impasto.bench.quality.controls import ColourTransfer, StyleItself, Unchanged
from impasto.bench.quality.ours import Impasto
from impasto.core.errors import InputError
from impasto.engine.backend import Backend
from impasto.engine.model import Model
from impasto.lab.yardstick import DEEP_VGG
from impasto.styles.library import Library

SLOW = ("optimisation",)
"""Methods that paint few photos."""


@dataclass(frozen=True)
class Workshop:
    """What methods are made from."""

    model: Model
    library: Library
    backend: Backend
    assets: Path | None
    """None where there are none: methods with weights below it are not run."""
    folder: Path
    """An existing folder for graphs, which must stay while they paint."""

    def make(self, name: str) -> Contender:
        """The method of a name of `METHODS`.

        Raises:
            InputError: its weights are not there; with the reason.
        """
        makers: dict[str, Callable[[], Contender]] = {
            "photo": Unchanged,
            "colours": ColourTransfer,
            "style": StyleItself,
            "impasto": lambda: Impasto(self.model, self.library, self.backend),
            "per-style": lambda: PerStyle(self._assets, self.folder, self.backend),
            "microast": self._microast,
        }
        return makers[name]() if name in makers else torch_method(name, self._assets)

    @property
    def _assets(self) -> Path:
        if self.assets is None:
            raise InputError("its weights lie in the folder that IMPASTO_ASSETS names: set it")
        return self.assets

    def _microast(self) -> Contender:
        from impasto.bench.baselines.arbitrary import MicroAst
        from impasto.bench.speed_microast import RELEASED

        return MicroAst(self._assets / RELEASED, self.folder, self.backend)


def torch_method(name: str, assets: Path) -> Contender:
    """A method that runs in torch.

    Raises:
        ModelError: its weights are not there, or damaged.
    """
    from impasto.bench.baselines.adain import AdaIn
    from impasto.bench.baselines.lst import LinearTransfer
    from impasto.bench.baselines.optimise import Optimisation
    from impasto.bench.baselines.wct import RELEASED, Wct

    makers: dict[str, Callable[[], Contender]] = {
        "wct": lambda: Wct(assets / RELEASED),
        "adain": lambda: AdaIn(assets / DEEP_VGG),
        "lst": lambda: LinearTransfer(assets / DEEP_VGG),
        "optimisation": lambda: Optimisation(assets),
    }
    return makers[name]()
