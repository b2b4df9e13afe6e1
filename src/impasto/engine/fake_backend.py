"""A backend without a runtime, for tests: small and deterministic; only the grain leaves it cold.

It never opens a graph; it tells them apart by the names of their inputs. It mixes zeros, as many
as the manifest beside the graph says, and they change nothing. Each channel of the pretended trunk
sees one of the three colours, so that `measure` returns true statistics of the picture (nudged by
the code) and `paint` recolours the picture by the affine; `whole` does both.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from impasto.core.arrays import Affine, Code, Stats
from impasto.core.errors import EngineError
from impasto.engine.affines import compose
from impasto.engine.backend import Array, BackendInfo, Part, Session, Shapes, describe, out_of

_STD_FLOOR = 0.02


class FakeBackend:
    """Pretends to run the graphs of a model; counts what it loads and runs."""

    def __init__(self) -> None:
        self.loads: list[tuple[str, Shapes]] = []
        self.runs: list[str] = []

    @property
    def info(self) -> BackendInfo:
        """Says that it is a fake."""
        return BackendInfo("fake", "0", "none", "float32")

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Remember the call; the graph file need not exist."""
        self.loads.append((graph.name, dict(shapes)))
        return _FakeSession(self, graph, shapes)


class _FakeSession:
    def __init__(self, backend: FakeBackend, graph: Path, shapes: Shapes) -> None:
        self._backend = backend
        self._graph = graph
        self._shapes = dict(shapes)

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        """Mix, measure, paint or both, by the names of the inputs."""
        seen = {name: array.shape for name, array in inputs.items()}
        if seen != self._shapes:
            title = describe(self._graph, self._shapes)
            raise EngineError(
                f"the fake engine cannot run {title}: loaded for other shapes: {seen}"
            )
        self._backend.runs.append(self._graph.name)
        if "image" not in inputs:
            manifest = json.loads((self._graph.parent / "manifest.json").read_bytes())
            return np.zeros(manifest["filters"], np.float32)
        if "affine" in inputs:
            return out_of(fake_paint(inputs["image"], inputs["affine"]), part)
        if "weight" in inputs:
            return out_of(fake_measure(inputs["image"], inputs["code"], inputs["weight"]), part)
        return out_of(fake_whole(inputs["image"], inputs["code"]), part)


def fake_measure(image: Array, code: Code, weight: Array) -> Stats:
    """Weighted mean and deviation of the colours (0 to 1), one colour a channel, nudged by code.

    Args:
        image: uint8 [1, height, width, 3].
        code: float32 [2, channels].
        weight: float32 [1, 1, height, width], not all 0.
    """
    colours = image.reshape(-1, 3) / 255.0
    shares = weight.reshape(-1, 1) / weight.sum(dtype=np.float64)
    mean = (colours * shares).sum(axis=0)
    std = np.sqrt(((colours - mean) ** 2 * shares).sum(axis=0))
    colour = np.arange(code.shape[1]) % 3
    nudge = 0.1 * np.tanh(code.astype(np.float64))
    floored = np.maximum(std[colour] * (1.0 + nudge[0]), _STD_FLOOR)
    return np.stack([mean[colour] + nudge[1], floored]).astype(np.float32)


def fake_whole(image: Array, code: Code) -> Array:
    """Measures all of a picture and paints it; arguments and result as those of the others."""
    weight = np.ones((1, 1, *image.shape[1:3]), np.float32)
    return fake_paint(image, compose(code, fake_measure(image, code, weight)))


def fake_paint(image: Array, affine: Affine) -> Array:
    """Recolour by the mean scale and shift of the channels that see each colour.

    Args:
        image: uint8 [1, height, width, 3].
        affine: float32 [2, channels].

    Returns:
        uint8 [1, height, width, 3].
    """
    levels = np.arange(256) / 255.0
    painted = np.empty_like(image)
    for colour in range(3):
        scale, shift = affine[:, colour % affine.shape[1] :: 3].mean(axis=1, dtype=np.float64)
        table = np.clip(255.0 * (0.5 + 0.25 * (scale * levels + shift)), 0.0, 255.0)
        painted[..., colour] = np.rint(table).astype(np.uint8)[image[..., colour]]
    return painted
