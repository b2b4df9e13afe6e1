"""What a style of many pictures costs when painting: `impasto bench encoding`.

A style that is encoded again for each content costs O(contents x pictures). Here its pictures are
looked at once, before training, and what is left of them is a code of one size, so painting costs
O(contents). Both are run as they are, in loops, and nothing is extrapolated.

The competitor encodes with the lab's own feature network and then paints with the same painter;
reading the pictures, and what would turn their features into a code, are left out in its favour.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from impasto.bench.facts import (
    Commit,
    Machine,
    ModelFacts,
    commit,
    date,
    machine,
    model_facts,
    versions,
)
from impasto.bench.settings import EncodingSettings
from impasto.bench.speed import square, time_painter
from impasto.bench.timing import Summary, alternate, summarise
from impasto.core.arrays import RGB
from impasto.core.errors import SettingsError
from impasto.core.files import sha256_file, shown
from impasto.engine.backend import Backend, BackendInfo
from impasto.engine.backends import open_backend
from impasto.engine.painter import Painter
from impasto.lab.data import open_rgb
from impasto.lab.features import load_features
from impasto.lab.looks import Network, mean_look
from impasto.lab.pictures import find_pictures
from impasto.lab.targets import STYLE_LAYERS
from impasto.media.image import read_image


@dataclass(frozen=True)
class Cell:
    """So many contents in a style of so many pictures; seconds for all contents together."""

    contents: int
    pictures: int
    fixed: Summary
    """With a style that is known by its code."""
    encoded: Mapping[str, Summary]
    """With a style that is encoded for each content: `encode`, `paint` and `total`."""


@dataclass(frozen=True)
class Growth:
    """A content in a style of the most pictures, in times of one in a style of the fewest."""

    fixed: float
    encoded: float


@dataclass(frozen=True)
class EncodingReport:
    """Everything that one call measured, and where."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    machine: Machine
    engine: BackendInfo
    model: ModelFacts
    network: Mapping[str, str]
    """What encodes: `file`, its name, and `sha256`."""
    settings: EncodingSettings
    cells: list[Cell]
    growth: Growth

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {"benchmark": "encoding", **asdict(self)}


def measure_encoding(
    settings: EncodingSettings,
    folder: Path,
    photo: Path,
    network: Path,
    *,
    backend: Backend | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> EncodingReport:
    """Paint contents in a style that is known, and in one that is encoded for each of them.

    Args:
        settings: what to measure.
        folder: the pictures of the style, at least as many as are to be encoded.
        photo: contents are cut out of it.
        network: the weights of the feature network that encodes.
        backend: runs the painter; by default OpenVINO.
        tell: is told in words what comes next.

    Raises:
        MissingExtraError: the extra `bench` is not installed.
        InputError: pictures, photo, style or network cannot be used, or there are too few pictures.
        EngineError: the engine does not load or refuses.
    """
    code = commit()
    backend = backend or open_backend()
    bench = _Bench(
        painter=Painter(settings.style, backend=backend),
        contents=_contents(read_image(photo).pixels, max(settings.contents), settings.size),
        pictures=_pictures(folder, max(settings.pictures), settings.style_size),
        network=load_features(network),
        repeats=settings.repeats,
    )
    here = machine()
    bench.encode_and_paint(1, 1)  # to be warm
    cells = []
    for pictures in settings.pictures:
        for contents in settings.contents:
            tell(f"painting {contents} contents in a style of {pictures} pictures")
            cells.append(bench.cell(contents, pictures))
    return EncodingReport(
        date=date(),
        commit=code,
        versions=versions("torch"),
        machine=here,
        engine=backend.info,
        model=model_facts(bench.painter.model),
        network={"file": network.name, "sha256": sha256_file(network)},
        settings=settings,
        cells=cells,
        growth=growth_of(cells),
    )


def growth_of(cells: Sequence[Cell]) -> Growth:
    """What more pictures cost a content, by the medians at the most contents."""
    most = max(cell.contents for cell in cells)
    row = sorted((cell for cell in cells if cell.contents == most), key=lambda cell: cell.pictures)
    few, many = row[0], row[-1]
    return Growth(
        fixed=round(many.fixed.median / few.fixed.median, 3),
        encoded=round(many.encoded["total"].median / few.encoded["total"].median, 3),
    )


@dataclass(frozen=True)
class _Bench:
    painter: Painter
    contents: Sequence[RGB]
    pictures: Sequence[RGB]
    network: Network
    repeats: int

    def cell(self, contents: int, pictures: int) -> Cell:
        """Both ways. They are hundreds of times apart, so they need not take turns."""
        fixed = alternate(self.repeats, {"fixed": lambda: self.paint(contents)})["fixed"]
        turns = [self.encode_and_paint(contents, pictures) for _ in range(self.repeats)]
        encoded = {step: summarise([turn[step] for turn in turns]) for step in turns[0]}
        return Cell(contents, pictures, fixed["total"], encoded)

    def paint(self, contents: int) -> dict[str, float]:
        """Seconds of painting with the code."""
        taken = (time_painter(self.painter, content) for content in self.contents[:contents])
        return {"total": sum(seconds["engine"] for seconds in taken)}

    def encode_and_paint(self, contents: int, pictures: int) -> dict[str, float]:
        """Seconds of encoding the style for each content, of painting, and of both."""
        encode = paint = 0.0
        for content in self.contents[:contents]:
            started = time.perf_counter()
            mean_look(iter(self.pictures[:pictures]), self.network, STYLE_LAYERS, name="a picture")
            encode += time.perf_counter() - started
            paint += time_painter(self.painter, content)["engine"]
        return {"encode": encode, "paint": paint, "total": encode + paint}


def _contents(pixels: RGB, count: int, size: int) -> list[RGB]:
    """Squares of a photo, each shifted a little further, so that no two are the same."""
    whole = square(pixels, size)
    return [np.roll(whole, index * size // count, axis=1) for index in range(count)]


def _pictures(folder: Path, count: int, size: int) -> list[RGB]:
    """The first pictures of a folder as they are encoded."""
    found = find_pictures(folder)
    if len(found) < count:
        raise SettingsError(
            f"pictures is {count}: {shown(folder)} has {len(found)}; give a larger folder or fewer"
        )
    return [open_rgb(path, long_side=size) for path in found[:count]]
