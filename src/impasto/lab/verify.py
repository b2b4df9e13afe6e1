"""Compares an exported model with torch by number: nothing is shipped that does not agree.

The graphs run in the default engine in forced float32, on whole photos and on their thumbnails, and
every step is compared: statistics, and painted bytes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from impasto.core.arrays import RGB, Code
from impasto.core.errors import NumericalError
from impasto.core.settings import EngineSettings
from impasto.engine.affines import compose
from impasto.engine.backend import Array, Backend, Part, run_graph
from impasto.engine.backends import open_backend
from impasto.engine.filters import filters_of
from impasto.engine.grain import grain_of
from impasto.engine.model import Model
from impasto.engine.pixels import Batch, pad, place
from impasto.lab.data import to_tensor
from impasto.lab.nets import Trunk
from impasto.lab.sites import apply_affine
from impasto.media.resize import fit_long_side, thumbnail

SIZES = (256, 500, 768)
"""Long sides at which photos are compared; two are no multiples of anything."""

MOST_LEVELS = 1
"""The largest difference of a painted byte that still counts as agreement."""
MOST_STATS = 0.01
"""The same of statistics, relative to the standard deviation of the channel."""


@dataclass(frozen=True)
class Agreement:
    """The largest differences that were seen."""

    stats: float
    """Of statistics, relative to the standard deviation of the channel."""
    levels: int
    """Of painted bytes, in steps of 1/255."""


def verify(
    trunk: Trunk, model: Model, codes: list[Code], photos: list[RGB], backend: Backend | None = None
) -> Agreement:
    """Paints photos with the exported graphs and with torch.

    Args:
        trunk: the network that was exported, its weights rounded as the export rounds them.
        model: the exported model.
        codes: style codes to compare with, one after the other.
        photos: at least one photo for each of `SIZES`.
        backend: what runs the graphs; by default OpenVINO in float32.

    Raises:
        NumericalError: a painted byte differs by more than `MOST_LEVELS`, or statistics by more
            than `MOST_STATS`.
    """
    backend = backend or open_backend(settings=EngineSettings(precision="float32"))
    stats, levels = 0.0, 0
    for index, photo in enumerate(photos):
        small = fit_long_side(photo, SIZES[index % len(SIZES)])
        apart = _compare(trunk, model, codes[index % len(codes)], small, backend)
        stats, levels = max(stats, apart.stats), max(levels, apart.levels)
    if levels > MOST_LEVELS or stats > MOST_STATS:
        raise NumericalError(
            f"{model.folder}: the exported graphs differ from torch by {levels}/255, and their "
            f"statistics by {stats:.1%} of a standard deviation; not written"
        )
    return Agreement(stats, levels)


@torch.no_grad()
def _compare(trunk: Trunk, model: Model, code: Code, photo: RGB, backend: Backend) -> Agreement:
    filters = filters_of(backend, model, code)

    def run(graph: Path, inputs: dict[str, Array], part: Part = ()) -> Array:
        inputs = inputs | grain_of(model, inputs["image"]) | filters
        return run_graph(backend, graph, inputs, part, exact=True)

    small = thumbnail(photo, model.thumbnail)
    ones = np.ones(small.shape[:2], np.float32)
    image, weight = place(small, ones, model.margin, model.thumbnail + 2 * model.margin)
    found = run(model.measure_graph, {"image": image, "code": code, "weight": weight})
    row, given = torch.from_numpy(code.copy())[None], torch.from_numpy(weight)
    expected = trunk.measure_weighted(to_tensor(image[0]), row, given, _grain(model, image))[0]
    apart = (torch.from_numpy(found) - expected).abs() / expected[1]

    padded, part = pad(photo, model.margin, model.multiple)
    affine = compose(code, found)
    painted = run(model.paint_graph, {"image": padded, "affine": affine}, part)
    whole = run(model.whole_graph, {"image": padded, "code": code}, part)
    planes, grain = to_tensor(padded[0]), _grain(model, padded)
    wanted = trunk.run(planes, apply_affine(torch.from_numpy(affine)[None]), grain)
    at_once = trunk.run(planes, trunk.own_statistics(row), grain)
    levels = max(_levels(painted, wanted, part), _levels(whole, at_once, part))
    return Agreement(float(apart.max()), levels)


def _grain(model: Model, image: Batch) -> torch.Tensor:
    return torch.from_numpy(grain_of(model, image)["grain"])


def _levels(painted: Array, planes: torch.Tensor, part: Part) -> int:
    """The largest difference of painted bytes from torch's picture, in levels."""
    wanted = (planes.clamp(0, 1) * 255).round().permute(0, 2, 3, 1).numpy()[part]
    return int(np.abs(painted.astype(np.float32) - wanted).max())
