"""The graphs of a trunk that take a picture: they paint, measure, or do both at once.

See `trunk_graph` for what they share.
"""

from abc import abstractmethod
from pathlib import Path

import numpy as np

from impasto.lab.kernel_graph import filter_count
from impasto.lab.nets import EPSILON, Trunk
from impasto.lab.onnx_graph import FLOAT, PICTURE, Values
from impasto.lab.sites import Site
from impasto.lab.trunk_graph import TrunkGraph

GRAIN = (FLOAT, (1, 1, "rows", "columns"))


class PaintGraph(TrunkGraph):
    """(image, affine, filters) -> painted: nothing looks at more than a neighbourhood."""

    vector = "affine"

    def normalise(self, x: str, site: Site) -> str:
        """Multiplies and shifts by the given affine."""
        return self.scale_and_shift(x, site)


class AdaptiveGraph(TrunkGraph):
    """Normalises by statistics of its own input, then applies the code."""

    vector = "code"

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(trunk, weights)
        self.measured: dict[str, tuple[str, str]] = {}
        floors = self.weight("std_floor", 1, trunk.channels)
        self.floors = self.parts_of(floors, 1, [site for site in trunk.sites if not site.fixed])

    @abstractmethod
    def mean(self, x: str, site: Site) -> str:
        """What of each channel of a site's features [1, c, h, w] is its mean: [1, c, 1, 1]."""

    def normalise(self, x: str, site: Site) -> str:
        """Mean and floored standard deviation, then the code; at fixed sites the code alone."""
        if site.fixed:
            return self.scale_and_shift(x, site)
        mean = self.mean(x, site)
        centred = self.add("Sub", x, mean)
        variance = self.mean(self.add("Mul", centred, centred), site)
        std = self.add("Sqrt", self.add("Add", variance, self.floats(EPSILON)))
        std = self.add("Max", std, self.floors[0, site.name])
        self.measured[site.name] = (mean, std)
        scale = self.add("Div", self.spread(0, site), std)
        return self.add("Add", self.add("Mul", centred, scale), self.spread(1, site))


class WholeGraph(AdaptiveGraph):
    """(image, code, filters) -> painted: measures the whole image as it paints it."""

    def mean(self, x: str, site: Site) -> str:
        """The mean of all: weights would cost a pass over every map."""
        return self.add("ReduceMean", x, self.ints(2, 3), keepdims=1)


class MeasureGraph(AdaptiveGraph):
    """(image, code, filters, weight) -> stats: normalises by weighted statistics and tells them."""

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(trunk, weights)
        self.shares: dict[tuple[int, int], str] = {}
        self.pooled: dict[int, str] = {}

    def mean(self, x: str, site: Site) -> str:
        """The weighted mean."""
        weighted = self.add("Mul", x, self._share(site))
        return self.add("ReduceSum", weighted, self.ints(2, 3), keepdims=1)

    def stats(self) -> str:
        """All that was measured: [2, C].

        OpenVINO computes in bfloat16 what a matrix product or a convolution follows, and in float32
        what only results follow, after changes of layout: with all normalisations among those,
        measuring took 1.2 to 1.7 times as long. Hence a product by one at the end.
        """
        means, stds = zip(*(self._found(site) for site in self.trunk.sites), strict=True)
        line = self.add("Concat", *means, *stds, axis=1)
        column = self.reshape(line, 2 * self.trunk.channels, 1)
        column = self.add("MatMul", column, self.floats([[1.0]]))
        return self.reshape(column, 2, self.trunk.channels)

    def _found(self, site: Site) -> tuple[str, str]:
        """A site's means and standard deviations; where none are measured, as `no_statistics`."""
        if site.name in self.measured:
            return self.measured[site.name]
        shape = (1, site.channels, 1, 1)
        return self.floats(np.zeros(shape)), self.floats(np.ones(shape))

    def _share(self, site: Site) -> str:
        """Each feature pixel's share of the total weight at a site's resolution."""
        key = (site.stride, site.extra)
        if key not in self.shares:
            pooled = self._pooled(site.stride)
            if site.extra:
                pads = self.ints(0, 0, site.extra, site.extra, 0, 0, site.extra, site.extra)
                pooled = self.add("Pad", pooled, pads)
            total = self.add("ReduceSum", pooled, self.ints(2, 3), keepdims=1)
            self.shares[key] = self.add("Div", pooled, total)
        return self.shares[key]

    def _pooled(self, stride: int) -> str:
        """The mean weight of each square of so many pixels, from that of squares half as wide."""
        if stride == 1:
            return "weight"
        if stride not in self.pooled:
            finer = self._pooled(stride // 2)
            pool = self.add("AveragePool", finer, kernel_shape=[2, 2], strides=[2, 2])
            self.pooled[stride] = pool
        return self.pooled[stride]


def write_paint_graph(trunk: Trunk, weights: Path, path: Path) -> None:
    """Writes `(image uint8 [1, h, w, 3], affine [2, C], ...) -> painted uint8 [1, h, w, 3]`."""
    _write_painting(PaintGraph(trunk, weights), path)


def write_whole_graph(trunk: Trunk, weights: Path, path: Path) -> None:
    """Writes `(image uint8 [1, h, w, 3], code [2, C], ...) -> painted uint8 [1, h, w, 3]`."""
    _write_painting(WholeGraph(trunk, weights), path)


def _write_painting(graph: TrunkGraph, path: Path) -> None:
    painted = graph.finish(*graph.body())
    given = {graph.vector: (FLOAT, (2, graph.trunk.channels))}
    inputs = {"image": PICTURE, **given, **_common(graph.trunk)}
    graph.save(path, inputs, painted, {"painted": PICTURE})


def write_measure_graph(trunk: Trunk, weights: Path, path: Path) -> None:
    """Writes `(image, code [2, C], weight [1, 1, h, w], ...) -> stats [2, C]`."""
    graph = MeasureGraph(trunk, weights)
    graph.body()
    vector = (FLOAT, (2, trunk.channels))
    weight = (FLOAT, (1, 1, "height", "width"))
    inputs = {"image": PICTURE, "code": vector, "weight": weight, **_common(trunk)}
    graph.save(path, inputs, graph.stats(), {"stats": vector})


def _common(trunk: Trunk) -> Values:
    """The inputs of all: grain, and filters [n] of `kernel_graph` if the trunk has banks."""
    count = filter_count(trunk)
    return {"grain": GRAIN} | ({"filters": (FLOAT, (count,))} if count else {})
