"""The two graphs of a trunk as ONNX, lowered the way CPU runtimes like it.

What the graphs need of the weights in another form (phase kernels, channel orders) they derive with
a few operators on constants, which every runtime folds when it loads.
"""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from impasto.lab.nets import EPSILON, InvertedResidual, ResidualBlock, Trunk
from impasto.lab.onnx_graph import FLOAT, UINT8, Graph
from impasto.lab.phases import phase_taps, skip_taps
from impasto.lab.sites import Site

PICTURE = (UINT8, (1, "height", "width", 3))


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
        x = self.relu(self.conv(half, self.weight("down.weight"), stride=2), trunk.down_site)
        x = self._blocks(x, "before")
        if trunk.settings.eighth:
            x = self.add("Add", x, self._deep(x))
        x = self._blocks(x, "after")
        up = self.add("DepthToSpace", self._phases(x, "up"), blocksize=2, mode="CRD")
        return self.relu(up, trunk.up_site), half, fine

    def finish(self, up: str, half: str, fine: str) -> str:
        """The painted picture as bytes."""
        body = self._phases(up, "end", pad=0, phase_first=True)
        stem = self._phases(half, "end_stem", phase_first=True)
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

    def _blocks(self, x: str, name: str) -> str:
        for index, block in enumerate(getattr(self.trunk, name)):
            key = f"{name}.{index}"
            if isinstance(block, ResidualBlock):
                y = self.relu(self.conv(x, self.weight(f"{key}.conv1.weight")), block.site1)
                y = self.conv(y, self.weight(f"{key}.conv2.weight"))
            else:
                y = self._expanded(x, key, block)
            x = self.add("Add", x, self.normalise(y, block.site2))
        return x

    def _expanded(self, x: str, key: str, block: InvertedResidual) -> str:
        y = self.relu(self.conv(x, self.weight(f"{key}.expand.weight"), pad=0), block.site1)
        depthwise = self.weight(f"{key}.depthwise.weight"), self.weight(f"{key}.depthwise.bias")
        y = self.add("Relu", self.conv(y, *depthwise, group=block.depthwise.groups))
        return self.conv(y, self.weight(f"{key}.project.weight"), pad=0)

    def _deep(self, x: str) -> str:
        y = self.conv(x, self.weight("deep_down.weight"), stride=2)
        y = self._blocks(self.relu(y, self.trunk.deep_site), "deep")
        y = self.add("DepthToSpace", self._phases(y, "deep_up"), blocksize=2, mode="CRD")
        return self.slice(y, (2, 3), (1, 1), (-1, -1))

    def _phases(self, x: str, name: str, *, pad: int = 1, phase_first: bool = False) -> str:
        """`UpConv.phases`: the kernel is derived from the 3x3 one by a constant matrix.

        Outputs are in the order (channel, phase) that DepthToSpace takes, or with `phase_first`
        in the order (phase, channel) that `_shuffled` takes.
        """
        layer = getattr(self.trunk, name)
        outputs, inputs = layer.weight.shape[:2]
        matrix = phase_taps().permute(2, 5, 0, 3, 1, 4).reshape(9, 16)  # u v, r s a b
        kernel = self.reshape(self.weight(f"{name}.weight"), outputs, inputs, 9)
        kernel = self.add("MatMul", kernel, self.floats(matrix))
        kernel = self.reshape(kernel, outputs, inputs, 4, 2, 2)
        order = [2, 0, 1, 3, 4] if phase_first else [0, 2, 1, 3, 4]
        kernel = self.add("Transpose", kernel, perm=order)
        kernel = self.reshape(kernel, outputs * 4, inputs, 2, 2)
        if layer.bias is None:
            return self.conv(x, kernel, pad=pad)
        shape, ones = ((1, outputs), (4, 1)) if phase_first else ((outputs, 1), (1, 4))
        bias = self.reshape(self.weight(f"{name}.bias"), *shape)
        bias = self.add("Mul", bias, self.floats(np.ones(ones)))
        return self.conv(x, kernel, self.reshape(bias, outputs * 4), pad=pad)

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
        """Weighted mean and standard deviation, then the code."""
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
    """Writes `(image uint8 [1, h, w, 3], affine [2, C]) -> painted uint8 [1, h, w, 3]`."""
    graph = PaintGraph(trunk, weights)
    painted = graph.finish(*graph.body())
    inputs = {"image": PICTURE, "affine": (FLOAT, (2, trunk.channels))}
    graph.save(path, inputs, painted, {"painted": PICTURE})


def write_measure_graph(trunk: Trunk, weights: Path, path: Path) -> None:
    """Writes `(image, code [2, C], weight [1, 1, h, w]) -> stats [2, C]`."""
    graph = MeasureGraph(trunk, weights)
    graph.body()
    fixed = trunk.skip_site.channels
    graph.found.append(graph.floats([[0] * fixed, [1] * fixed]))
    stats = graph.add("Concat", *graph.found, axis=1)
    vector = (FLOAT, (2, trunk.channels))
    weight = (FLOAT, (1, 1, "height", "width"))
    inputs = {"image": PICTURE, "code": vector, "weight": weight}
    graph.save(path, inputs, stats, {"stats": vector})
