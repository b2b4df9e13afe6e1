"""What any method has to beat on one measure or the other, and the networks that run as graphs."""

from pathlib import Path

from impasto.bench.contender import FULL, StyleImage
from impasto.bench.losses_colours import Colours, colours_of, match_colours
from impasto.bench.losses_methods import PEERS, Paint, graph_paint
from impasto.bench.peer_parts import Peer
from impasto.bench.peers import RELEASED as JOHNSON
from impasto.bench.peers import write_transformer_net
from impasto.core.arrays import RGB
from impasto.core.errors import ModelError
from impasto.core.files import sha256_file
from impasto.engine.backend import Backend


class _Control:
    """Has no network and no strength."""

    version, strengths, parameters, gmac_512 = "1", (FULL,), 0, 0.0

    def check(self, style: StyleImage) -> None:
        """Nothing is needed."""


class Unchanged(_Control):
    """The photo as it is: no content is lost."""

    name, about = "photo", "the unchanged photo"

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """The photo."""
        return photo


class ColourTransfer(_Control):
    """The photo in the style's colours (Gatys et al. 2016, symmetric square roots)."""

    name, about = "colours", "the photo with the mean and covariance of the style's colours"

    def check(self, style: StyleImage) -> None:
        """Raises InputError where there is no picture."""
        self._colours(style)

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Recoloured."""
        return match_colours(photo, self._colours(style))

    def _colours(self, style: StyleImage) -> Colours:
        return colours_of([style.picture])


class StyleItself(_Control):
    """The style's own picture, whatever the photo: all of the style.

    Unlike other paintings it has its own size, for a picture that is stretched has another style
    loss than 0.
    """

    name, about = "style", "the style's own picture, at its own size"

    def check(self, style: StyleImage) -> None:
        """Raises InputError where there is no picture."""
        style.picture  # noqa: B018  # it raises

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """The picture."""
        return style.picture


class PerStyle:
    """The released networks of pytorch/examples, each for one style, in our own engine.

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
    strengths = (FULL,)

    def __init__(self, assets: Path, folder: Path, backend: Backend) -> None:
        self._files = {name: (assets / JOHNSON).with_stem(name) for name in PEERS}
        self._files = {name: path for name, path in self._files.items() if path.is_file()}
        if not self._files:
            raise ModelError(f"{assets / JOHNSON.parent}: there are no weights")
        self._folder, self._backend = folder, backend
        self._made: dict[str, tuple[Peer, Paint]] = {}
        any_name = "udnie" if "udnie" in self._files else next(iter(self._files))
        self._first = self._make(any_name)[0]

    @property
    def version(self) -> str:
        """Of all files."""
        return "-".join(sha256_file(path)[:8] for path in self._files.values())

    @property
    def parameters(self) -> int:
        """Of one network."""
        return self._first.parameters

    @property
    def gmac_512(self) -> float:
        """Of one network."""
        return self._first.gmac_512

    def check(self, style: StyleImage) -> None:
        """Load the network of a style; raises ModelError if there is none."""
        if style.name not in self._files:
            known = ", ".join(self._files)
            raise ModelError(f"no network was released for {style.name!r}: there are {known}")
        self._make(style.name)

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo of at least 16 pixels on each side."""
        self.check(style)
        return self._make(style.name)[1](photo)

    def graph(self, style: StyleImage) -> Path:
        """The graph of the style's network."""
        return self._make(style.name)[0].graph

    def _make(self, name: str) -> tuple[Peer, Paint]:
        if name not in self._made:
            place = self._folder / f"per-style-{name}"
            place.mkdir()
            peer = write_transformer_net(place, self._files[name])
            self._made[name] = peer, graph_paint(peer.graph, self._backend)
        return self._made[name]
