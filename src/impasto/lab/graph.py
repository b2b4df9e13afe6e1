"""The two graphs of a trunk as ONNX: one paints, one measures; see `trunk_graph` for both."""

from pathlib import Path

import numpy as np

from impasto.lab.nets import EPSILON, Trunk
from impasto.lab.onnx_graph import FLOAT, PICTURE
from impasto.lab.phases import EdgeConv, UpConv
from impasto.lab.sites import Site
from impasto.lab.trunk_graph import Form, TrunkGraph

GRAIN = (FLOAT, (1, 1, "rows", "columns"))


class PaintGraph(TrunkGraph):
    """(image, affine) -> painted: nothing looks at more than a neighbourhood."""

    vector = "affine"

    def normalise(self, x: str, site: Site) -> str:
        """Multiplies and shifts by the given affine."""
        scaled = self.add("Mul", x, self.spread(0, site))
        return self.add("Add", scaled, self.spread(1, site))


class MeasureGraph(TrunkGraph):
    """(image, code, weight) -> stats: normalises by weighted statistics, and reports them."""

    vector = "code"

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(trunk, weights)
        self.means: list[str] = []
        self.stds: list[str] = []
        self.floors = self.parts_of(self.weight("std_floor"), 1)
        self.shares: dict[tuple[int, int], str] = {}
        self.pooled: dict[int, str] = {}

    def normalise(self, x: str, site: Site) -> str:
        """Weighted mean and standard deviation, then the code; at fixed sites the code alone."""
        if site.fixed:
            self.report_nothing(site)
            scaled = self.add("Mul", x, self.spread(0, site))
            return self.add("Add", scaled, self.spread(1, site))
        share, axes = self._share(site), self.ints(2, 3)
        mean = self.add("ReduceSum", self.add("Mul", x, share), axes, keepdims=1)
        centred = self.add("Sub", x, mean)
        squares = self.add("Mul", self.add("Mul", centred, centred), share)
        variance = self.add("ReduceSum", squares, axes, keepdims=1)
        std = self.add("Sqrt", self.add("Add", variance, self.floats(EPSILON)))
        std = self.add("Max", std, self.floors[0, site.name])
        self.means.append(mean)
        self.stds.append(std)
        scale = self.add("Div", self.spread(0, site), std)
        return self.add("Add", self.add("Mul", centred, scale), self.spread(1, site))

    def mixed(self, layer: EdgeConv | UpConv, key: str, form: Form) -> str:
        """As for painting, and notes that there was nothing to measure."""
        if layer.bank is not None:
            self.report_nothing(layer.bank.site)
        return super().mixed(layer, key, form)

    def report_nothing(self, site: Site) -> None:
        """Mean 0 and standard deviation 1, as `no_statistics`."""
        self.means.append(self.floats(np.zeros((1, site.channels, 1, 1))))
        self.stds.append(self.floats(np.ones((1, site.channels, 1, 1))))

    def stats(self) -> str:
        """All that was measured: [2, C]."""
        line = self.add("Concat", *self.means, *self.stds, axis=1)
        return self.reshape(line, 2, self.trunk.channels)

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
    """Writes `(image uint8 [1, h, w, 3], affine [2, C], grain) -> painted uint8 [1, h, w, 3]`."""
    graph = PaintGraph(trunk, weights)
    painted = graph.finish(*graph.body())
    inputs = {"image": PICTURE, "affine": (FLOAT, (2, trunk.channels)), "grain": GRAIN}
    graph.save(path, inputs, painted, {"painted": PICTURE})


def write_measure_graph(trunk: Trunk, weights: Path, path: Path) -> None:
    """Writes `(image, code [2, C], weight [1, 1, h, w], grain) -> stats [2, C]`."""
    graph = MeasureGraph(trunk, weights)
    graph.body()
    for layer in (trunk.end, trunk.end_stem):
        if layer.bank is not None:
            graph.report_nothing(layer.bank.site)
    graph.report_nothing(trunk.skip_site)
    vector = (FLOAT, (2, trunk.channels))
    weight = (FLOAT, (1, 1, "height", "width"))
    inputs = {"image": PICTURE, "code": vector, "weight": weight, "grain": GRAIN}
    graph.save(path, inputs, graph.stats(), {"stats": vector})
