"""Who is measured: the photo itself, its recoloured copy, impasto, and networks of one style."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.bench.losses_colours import Colours, match_colours
from impasto.bench.losses_report import COLOURS, IMPASTO, PEER, PHOTO
from impasto.bench.peers import RELEASED, write_transformer_net
from impasto.core.arrays import RGB
from impasto.core.errors import ModelError, StyleError
from impasto.core.notice import warn
from impasto.engine.backend import Backend
from impasto.engine.model import Model
from impasto.engine.painter import Painter
from impasto.styles.library import Library
from impasto.styles.package import Style

PEERS = ("candy", "mosaic", "udnie")
"""The styles of the released pytorch/examples networks."""

Paint = Callable[[RGB], RGB]
"""Paints a picture; the result has its size."""


@dataclass(frozen=True)
class Method:
    """One way to paint in one style."""

    name: str
    style: str
    strength: float | None = None
    """Of impasto alone."""
    paint: Paint | None = None
    """None: it is not run."""
    note: str = ""
    """Why it is not run, or what else is to be said of it."""


def unchanged(pixels: RGB) -> RGB:
    """The photo itself, the same object."""
    return pixels


def plain_methods(style: str, colours: Colours) -> list[Method]:
    """What needs no network."""
    return [
        Method(PHOTO, style, paint=unchanged),
        Method(COLOURS, style, paint=lambda pixels: match_colours(pixels, colours)),
    ]


def our_methods(
    style: str, strengths: Sequence[float], model: Model, library: Library, backend: Backend
) -> Iterator[Method]:
    """Impasto as it is installed, once for each strength; not run without a style that fits."""
    try:
        for strength in strengths:
            painter = Painter(
                style, strength=strength, model=model, library=library, backend=backend
            )
            yield Method(IMPASTO, style, strength, painter.paint)
    except StyleError as error:
        yield left_out(Method(IMPASTO, style, 1.0), str(error))


def identity_painter(model: Model, backend: Backend) -> Paint:
    """Paints with the model's identity code, which is to give the photo back."""
    code = Style("identity", "", "", None, "", model.trunk_id, model.identity_code)
    painter = Painter(code, model=model, backend=backend)
    return lambda pixels: painter.paint(pixels)


def peer_methods(
    assets: Path, styles: Sequence[str], folder: Path, backend: Backend
) -> Iterator[Method]:
    """The pytorch/examples networks, each for the one style that it was trained for.

    Args:
        assets: the folder with their weights; one without is not run.
        styles: those whose pictures are known; of others only content is measured.
        folder: an existing folder for their graphs, which must stay while they paint.
        backend: runs them.
    """
    for name in PEERS:
        method = Method(PEER, name)
        weights = (assets / RELEASED).with_stem(name)
        place = folder / name
        place.mkdir()
        try:
            peer = write_transformer_net(place, weights)
        except ModelError as error:
            yield left_out(method, str(error))
            continue
        note = "" if name in styles else "style not measured: its painting is not among them"
        yield replace(method, paint=graph_paint(peer.graph, backend), note=note)


def graph_paint(graph: Path, backend: Backend) -> Paint:
    """Paints with a peer's graph, see `impasto.bench.peer_parts.Peer`."""

    def paint(pixels: RGB) -> RGB:
        image = pixels[None]
        painted: RGB = backend.load(graph, {"image": image.shape}).run({"image": image})[0]
        # Larger where a side is no multiple of 4; what is added lies right and below.
        return painted[: pixels.shape[0], : pixels.shape[1]]

    return paint


def left_out(method: Method, why: str) -> Method:
    """A method that is not run, with a warning that says so."""
    warn(f"{method.name}, {method.style} is not run: {why}")
    return replace(method, paint=None, note=f"not run: {why}")
