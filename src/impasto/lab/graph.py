"""The two graphs of a trunk as ONNX, lowered the way CPU runtimes like it.

What the graphs need of the weights in another form (phase kernels, channel orders) they derive with
a few operators on constants, which every runtime folds when it loads.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from torch import nn

from impasto.lab.nets import EPSILON, GRAIN_CELL, InvertedResidual, Level, ResidualBlock, Trunk
from impasto.lab.onnx_graph import FLOAT, UINT8, Graph
from impasto.lab.phases import EdgeConv, UpConv, phase_taps, skip_taps
from impasto.lab.sites import Site

PICTURE = (UINT8, (1, "height", "width", 3))
GRAIN = (FLOAT, (1, 1, "rows", "columns"))


class TrunkGraph(Graph, ABC):
    """The operators of a trunk, with the conditional normalisation left to subclasses."""

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(weights)
        self.trunk = trunk

    @abstractmethod
    def normalise(self, x: str, site: Site) -> str:
        """The conditional normalisation of one site."""

    def relu(self, x: str, site: Site) -> str:
        """Normalises and cuts off below zero."""
        return self.add("Relu", self.normalise(x, site))

    def body(self) -> tuple[str, str, str]:
        """From `image` to what the end joins: the body's map, the stem's and the picture's."""
        trunk = self.trunk
        x = self.add("Cast", self._unshuffled("image"), to=FLOAT)
        x = self.add("Sub", self.add("Mul", x, self.floats(1 / 255)), self.floats(0.5))
        fine = self.add("Transpose", x, perm=[0, 3, 1, 2])
        half = self.relu(self.conv(fine, self._stem_kernel()), trunk.stem_site)
        x = self.relu(self._layer(half, trunk.down, "down"), trunk.down_site)
        x = self._level(x, trunk.body, "body")
        up = self.add("DepthToSpace", self._phases(x, trunk.up, "up"), blocksize=2, mode="CRD")
        return self.relu(up, trunk.up_site), half, fine

    def finish(self, up: str, half: str, fine: str) -> str:
        """The painted picture as bytes."""
        body = self._phases(up, self.trunk.end, "end", phase_first=True)
        stem = self._phases(half, self.trunk.end_stem, "end_stem", phase_first=True)
        skip = self.normalise(self.conv(fine, self._skip_kernel()), self.trunk.skip_site)
        phases = self.add("Add", self.add("Add", body, stem), skip)
        x = self.add("Mul", self.add("Add", phases, self.floats(0.5)), self.floats(255))
        x = self.add("Clip", x, self.floats(0), self.floats(255))
        x = self.add("Cast", self.add("Round", x), to=UINT8)
        x = self._shuffled(self.add("Transpose", x, perm=[0, 2, 3, 1]))
        return self.slice(x, (1, 2), (1, 1), (-1, -1))

    def _unshuffled(self, x: str) -> str:
        """Bytes [1, h, w, 3] to [1, h / 2, w / 2, (row, column, colour)].

        Done on bytes with colours last, because that moves the least memory.
        """
        height, width = self._halves(x)
        one, two, six = self.ints(1), self.ints(2), self.ints(6)
        x = self.add("Reshape", x, self.add("Concat", height, two, width, six, axis=0))
        x = self.add("Transpose", x, perm=[0, 2, 1, 3])
        shape = self.add("Concat", one, height, width, self.ints(12), axis=0)
        return self.add("Reshape", x, shape)

    def _halves(self, x: str) -> tuple[str, str]:
        shape = self.add("Div", self.add("Shape", x), self.ints(2))
        return self.slice(shape, (0,), (1,), (2,)), self.slice(shape, (0,), (2,), (3,))

    def _shuffled(self, x: str) -> str:
        """Bytes [1, h, w, (row, column, colour)] to [1, 2 h, 2 w, 3]."""
        shape = self.add("Shape", x)
        height, width = self.slice(shape, (0,), (1,), (2,)), self.slice(shape, (0,), (2,), (3,))
        split = self.add("Concat", height, width, self.ints(2), self.ints(6), axis=0)
        x = self.add("Transpose", self.add("Reshape", x, split), perm=[0, 2, 1, 3])
        twice = self.add("Mul", shape, self.ints(2))
        height, width = self.slice(twice, (0,), (1,), (2,)), self.slice(twice, (0,), (2,), (3,))
        one, three = self.ints(1), self.ints(3)
        return self.add("Reshape", x, self.add("Concat", one, height, width, three, axis=0))

    def _level(self, x: str, level: Level, key: str) -> str:
        x = self._blocks(x, level.before, f"{key}.before")
        if level.coarser is not None:
            y = self.normalise(self._layer(x, level.down, f"{key}.down"), level.down_site)
            y = self.add("Relu", self.add("Add", y, self._grain(level)))
            y = self._level(y, level.coarser, f"{key}.coarser")
            y = self._phases(y, level.up, f"{key}.up")
            y = self.add("DepthToSpace", y, blocksize=2, mode="CRD")
            x = self.add("Add", x, self.slice(y, (2, 3), (1, 1), (-1, -1)))
        return self._blocks(x, level.after, f"{key}.after")

    def _grain(self, level: Level) -> str:
        """What each channel of a level's way down gets of the grain."""
        times, x = level.grain_site.stride // GRAIN_CELL, "grain"
        if times > 1:
            x = self.add("AveragePool", x, kernel_shape=[times] * 2, strides=[times] * 2)
            x = self.add("Mul", x, self.floats(times))
        return self.normalise(x, level.grain_site)

    def _blocks(self, x: str, blocks: Iterable[nn.Module], key: str) -> str:
        for index, block in enumerate(blocks):
            if isinstance(block, ResidualBlock):
                y = self._residual(x, block, f"{key}.{index}")
            elif isinstance(block, InvertedResidual):
                y = self._expanded(x, block, f"{key}.{index}")
            x = self.add("Add", x, y)
        return x

    def _residual(self, x: str, block: ResidualBlock, key: str) -> str:
        y = self.relu(self._layer(x, block.conv1, f"{key}.conv1"), block.site1)
        return self.normalise(self._layer(y, block.conv2, f"{key}.conv2"), block.site2)

    def _expanded(self, x: str, block: InvertedResidual, key: str) -> str:
        y = self.relu(self._layer(x, block.expand, f"{key}.expand"), block.site1)
        y = self.add("Relu", self._layer(y, block.depthwise, f"{key}.depthwise"))
        return self.normalise(self._layer(y, block.project, f"{key}.project"), block.site2)

    def _layer(self, x: str, layer: nn.Conv2d, key: str) -> str:
        """A convolution as torch has it."""
        bias = "" if layer.bias is None else self.weight(f"{key}.bias")
        weight, edge = self.weight(f"{key}.weight"), isinstance(layer, EdgeConv)
        return self.conv(x, weight, bias, stride=layer.stride[0], edge=edge, group=layer.groups)

    def _phases(self, x: str, layer: UpConv, key: str, *, phase_first: bool = False) -> str:
        """`UpConv.phases`: the kernel is derived from the 3x3 one by a constant matrix.

        Outputs are in the order (channel, phase) that DepthToSpace takes, or with `phase_first`
        in the order (phase, channel) that `_shuffled` takes.
        """
        outputs, inputs = layer.weight.shape[:2]
        matrix = phase_taps().permute(2, 5, 0, 3, 1, 4).reshape(9, 16)  # u v, r s a b
        kernel = self.reshape(self.weight(f"{key}.weight"), outputs, inputs, 9)
        kernel = self.add("MatMul", kernel, self.floats(matrix))
        kernel = self.reshape(kernel, outputs, inputs, 4, 2, 2)
        order = [2, 0, 1, 3, 4] if phase_first else [0, 2, 1, 3, 4]
        kernel = self.add("Transpose", kernel, perm=order)
        kernel = self.reshape(kernel, outputs * 4, inputs, 2, 2)
        if layer.bias is None:
            return self.conv(x, kernel, edge=layer.padded)
        shape, ones = ((1, outputs), (4, 1)) if phase_first else ((outputs, 1), (1, 4))
        bias = self.reshape(self.weight(f"{key}.bias"), *shape)
        bias = self.add("Mul", bias, self.floats(np.ones(ones)))
        bias = self.reshape(bias, outputs * 4)
        return self.conv(x, kernel, bias, edge=layer.padded)

    def _skip_kernel(self) -> str:
        """`skip_kernel`, from (place, colour) to (phase, colour)."""
        matrix = skip_taps().permute(3, 7, 0, 4, 2, 6, 1, 5).reshape(9, 64)  # u v, r s x y a b
        kernel = self.reshape(self.weight("skip.weight"), 3, 3, 9)
        kernel = self.add("MatMul", kernel, self.floats(matrix))
        kernel = self.reshape(kernel, 3, 3, 4, 4, 2, 2)  # o, i, r s, x y, a, b
        kernel = self.add("Transpose", kernel, perm=[2, 0, 3, 1, 4, 5])
        return self.reshape(kernel, 12, 12, 2, 2)

    def _stem_kernel(self) -> str:
        """The stem's input channels from torch's order (colour, place) to (place, colour)."""
        outputs = self.trunk.settings.stem
        kernel = self.reshape(self.weight("stem.weight"), outputs, 3, 4, 3, 3)
        kernel = self.add("Transpose", kernel, perm=[0, 2, 1, 3, 4])
        return self.reshape(kernel, outputs, 12, 3, 3)

    def _row(self, x: str, row: int, site: Site) -> str:
        """One row of a [2, C] tensor at a site, shaped for features."""
        part = self.slice(x, (0, 1), (row, site.span.start), (row + 1, site.span.stop))
        if site.repeat > 1:  # as (phase, channel), the order that `_shuffled` takes
            part = self.add("Concat", *[part] * site.repeat, axis=1)
        return self.reshape(part, 1, site.channels * site.repeat, 1, 1)


class PaintGraph(TrunkGraph):
    """(image, affine) -> painted: nothing looks at more than a neighbourhood."""

    def normalise(self, x: str, site: Site) -> str:
        """Multiplies and shifts by the given affine."""
        scaled = self.add("Mul", x, self._row("affine", 0, site))
        return self.add("Add", scaled, self._row("affine", 1, site))


class MeasureGraph(TrunkGraph):
    """(image, code, weight) -> stats: normalises by weighted statistics, and reports them."""

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(trunk, weights)
        self.found: list[str] = []
        self.floor = self.reshape(self.weight("std_floor"), 1, trunk.channels)
        self.shares: dict[tuple[int, int], str] = {}

    def normalise(self, x: str, site: Site) -> str:
        """Weighted mean and standard deviation, then the code; at fixed sites the code alone."""
        if site.fixed:
            self.found.append(self.floats([[0] * site.channels, [1] * site.channels]))
            scaled = self.add("Mul", x, self._row("code", 0, site))
            return self.add("Add", scaled, self._row("code", 1, site))
        share, axes = self._share(site), self.ints(2, 3)
        mean = self.add("ReduceSum", self.add("Mul", x, share), axes, keepdims=1)
        centred = self.add("Sub", x, mean)
        squares = self.add("Mul", self.add("Mul", centred, centred), share)
        variance = self.add("ReduceSum", squares, axes, keepdims=1)
        std = self.add("Sqrt", self.add("Add", variance, self.floats(EPSILON)))
        std = self.add("Max", std, self._row(self.floor, 0, site))
        self.found.append(self.reshape(self.add("Concat", mean, std, axis=0), 2, site.channels))
        scale = self.add("Div", self._row("code", 0, site), std)
        return self.add("Add", self.add("Mul", centred, scale), self._row("code", 1, site))

    def _share(self, site: Site) -> str:
        """Each feature pixel's share of the total weight at a site's resolution."""
        key = (site.stride, site.extra)
        if key not in self.shares:
            stride = [site.stride] * 2
            pooled = self.add("AveragePool", "weight", kernel_shape=stride, strides=stride)
            if site.extra:
                pads = self.ints(0, 0, site.extra, site.extra, 0, 0, site.extra, site.extra)
                pooled = self.add("Pad", pooled, pads)
            total = self.add("ReduceSum", pooled, self.ints(2, 3), keepdims=1)
            self.shares[key] = self.add("Div", pooled, total)
        return self.shares[key]


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
    fixed = trunk.skip_site.channels
    graph.found.append(graph.floats([[0] * fixed, [1] * fixed]))
    stats = graph.add("Concat", *graph.found, axis=1)
    vector = (FLOAT, (2, trunk.channels))
    weight = (FLOAT, (1, 1, "height", "width"))
    inputs = {"image": PICTURE, "code": vector, "weight": weight, "grain": GRAIN}
    graph.save(path, inputs, stats, {"stats": vector})
