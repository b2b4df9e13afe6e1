"""A trunk as operators of ONNX, lowered the way CPU runtimes like it.

What the graphs need of the weights in another form (phase kernels, channel orders) they derive with
a few operators on constants, which every runtime folds when it loads. Filters that a style mixes
from banks are given, as one line of numbers: a graph of their own makes them once for a style.

Runtimes compute convolutions with colours and channels last in memory, and moving numbers about
costs as much as a layer. So the picture stays as it is: what torch unshuffles first is read by
kernels of twice the size that step by two. And the phases of an upsampling come before the
channels, so that interleaving copies whole pixels. The end has 16 outputs, four of them spare:
vectors hold 8 or 16 numbers, and with AVX2 12 outputs took 40 % longer than 16.

Loading a graph takes a time in proportion to its nodes, constants among them, so there are few.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from math import prod
from pathlib import Path

import numpy as np
from torch import nn

from impasto.lab.kernel_graph import KernelGraph, banked_layers, kernel_shape
from impasto.lab.levels import GRAIN_CELL, InvertedResidual, Level, ResidualBlock
from impasto.lab.nets import Trunk
from impasto.lab.onnx_graph import FLOAT, UINT8
from impasto.lab.phases import EdgeConv, UpConv, skip_taps
from impasto.lab.sites import Site

SPARE = 4
"""Outputs of the end that nothing reads, beside those of four phases and three colours."""
END = np.iinfo(np.int32).max
"""As the end of a slice: to the last."""


class TrunkGraph(KernelGraph, ABC):
    """The operators of a trunk, with the conditional normalisation left to subclasses."""

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(trunk, weights)
        *sites, last = (site for site in trunk.sites if not site.bank)
        # What the end takes stays float32, and would keep all from being rounded at once.
        self.parts = self.parts_of(self.vector, 2, sites) | self.parts_of(self.vector, 2, [last])
        self.given = self._given()

    @property
    @abstractmethod
    def vector(self) -> str:
        """The input that says how a style paints: an affine or a code."""

    @abstractmethod
    def normalise(self, x: str, site: Site) -> str:
        """The conditional normalisation of one site."""

    def scale_and_shift(self, x: str, site: Site) -> str:
        """Multiplies by the first row of the vector, and adds the second."""
        scaled = self.add("Mul", x, self.spread(0, site))
        return self.add("Add", scaled, self.spread(1, site))

    def row(self, row: int, site: Site) -> str:
        """A site's part of one of the vector's two rows: [1, channels, 1, 1]."""
        return self.parts[row, site.name]

    def kernel(self, layer: EdgeConv | UpConv, key: str) -> str:
        """A layer's kernel: what the style mixed, where the layer has a bank."""
        if layer.bank is None:
            return super().kernel(layer, key)
        return self.reshape(self.given[key], *kernel_shape(layer, self.trunk))

    def _given(self) -> dict[str, str]:
        """The pieces of `filters`, by layer."""
        layers = banked_layers(self.trunk)
        if not layers:
            return {}
        sizes = [prod(kernel_shape(layer, self.trunk)) for layer in layers.values()]
        return dict(zip(layers, self.split("filters", 0, sizes), strict=True))

    def relu(self, x: str, site: Site) -> str:
        """Normalises and cuts off below zero."""
        return self.add("Relu", self.normalise(x, site))

    def body(self) -> tuple[str, str, str]:
        """From `image` to what the end joins: the body's map, the stem's and the picture's."""
        trunk, picture = self.trunk, self._picture()
        stem = self.kernel(trunk.stem, "stem")
        half = self.relu(self._from_picture(picture, stem), trunk.stem_site)
        x = self.relu(self._layer(half, trunk.down, "down"), trunk.down_site)
        x = self._level(x, trunk.body, "body")
        return self.relu(self._up(x, trunk.up, "up"), trunk.up_site), half, picture

    def finish(self, up: str, half: str, picture: str) -> str:
        """The painted picture as bytes."""
        body = self._phases(up, self.trunk.end, "end", spare=SPARE)
        stem = self._phases(half, self.trunk.end_stem, "end_stem", spare=SPARE)
        skip = self._from_picture(picture, self._skip_kernel())
        skip = self.normalise(skip, self.trunk.skip_site)
        phases = self.add("Add", self.add("Add", body, stem), skip)
        x = self.add("Mul", self.add("Add", phases, self.floats(0.5)), self.floats(255))
        x = self.add("Clip", x, self.floats(0), self.floats(255))
        x = self.add("Cast", self.add("Round", x), to=UINT8)
        x = self._shuffled(self.add("Transpose", x, perm=[0, 2, 3, 1]))
        return self.slice(x, (1, 2), (1, 1), (-1, -1))

    def _picture(self) -> str:
        """`image` less 127.5 as floats [1, 3, h + 4, w + 4], the cells at its edge repeated.

        That is what replicating the edge of the unshuffled picture by one cell of 2 x 2 comes to.
        All these numbers are exact in bfloat16, and their middle is 0, as torch has it.
        """
        x = "image"
        for axis in (1, 2):
            first = self.slice(x, (axis,), (0,), (2,))
            last = self.slice(x, (axis,), (-2,), (END,))
            x = self.add("Concat", first, x, last, axis=axis)
        x = self.add("Sub", self.add("Cast", x, to=FLOAT), self.floats(127.5))
        return self.add("Transpose", x, perm=[0, 3, 1, 2])

    def _from_picture(self, picture: str, kernel: str) -> str:
        """A convolution over cells of 2 x 2, given 255 times what torch has."""
        kernel = self.add("Mul", kernel, self.floats(1 / 255))
        return self.conv(picture, kernel, stride=2, edge=False)

    def _shuffled(self, x: str) -> str:
        """Bytes [1, h, w, (row, column, colour) and spare] to [1, 2 h, 2 w, 3].

        By copies of whole rows; a transpose goes byte by byte.
        """
        shape = self.add("Shape", x)
        height, width = self.slice(shape, (0,), (1,), (2,)), self.slice(shape, (0,), (2,), (3,))
        one, two, three = self.ints(1), self.ints(2), self.ints(3)
        x = self.add("Reshape", x, self.add("Concat", height, width, self.ints(-1), axis=0))
        line = self.add("Concat", height, one, self.ints(-1), axis=0)
        rows = [
            self.add("Reshape", self.slice(x, (2,), (first,), (first + 6,)), line)
            for first in (0, 6)
        ]
        sides = self.add("Mul", height, two), self.add("Mul", width, two)
        size = self.add("Concat", one, *sides, three, axis=0)
        return self.add("Reshape", self.add("Concat", *rows, axis=1), size)

    def _level(self, x: str, level: Level, key: str) -> str:
        x = self._blocks(x, level.before, f"{key}.before")
        if level.coarser is not None:
            y = self.normalise(self._layer(x, level.down, f"{key}.down"), level.down_site)
            y = self.add("Relu", self.add("Add", y, self._grain(level)))
            y = self._level(y, level.coarser, f"{key}.coarser")
            y = self._up(y, level.up, f"{key}.up")
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
        bias, edge = "" if layer.bias is None else self.weight(f"{key}.bias"), False
        if isinstance(layer, EdgeConv):
            weight, edge = self.kernel(layer, key), True
        else:
            weight = self.weight(f"{key}.weight")
        return self.conv(x, weight, bias, stride=layer.stride[0], edge=edge, group=layer.groups)

    def _up(self, x: str, layer: UpConv, key: str) -> str:
        """`UpConv`: the phases, interleaved."""
        return self.add("DepthToSpace", self._phases(x, layer, key), blocksize=2, mode="DCR")

    def _phases(self, x: str, layer: UpConv, key: str, *, spare: int = 0) -> str:
        """`UpConv.phases` in the order (phase, channel)."""
        kernel = self._more(self.kernel(layer, key), spare, layer.weight.shape[1], 2, 2)
        if layer.bias is None:
            return self.conv(x, kernel, edge=layer.padded)
        bias = self.add("Concat", *[self.weight(f"{key}.bias")] * 4, axis=0)
        return self.conv(x, kernel, self._more(bias, spare), edge=layer.padded)

    def _more(self, x: str, spare: int, *shape: int) -> str:
        """A kernel or bias with so many more outputs, which are zero."""
        if spare == 0:
            return x
        return self.add("Concat", x, self.floats(np.zeros((spare, *shape))), axis=0)

    def _skip_kernel(self) -> str:
        """`skip_kernel` over pixels: 4 x 4 in place of 2 x 2 cells, outputs (phase, colour)."""
        matrix = skip_taps().permute(3, 7, 0, 4, 1, 2, 5, 6).reshape(9, 64)  # u v, r s a x b y
        kernel = self.weight("skip.weight", 3, 3, 9)
        kernel = self.add("MatMul", kernel, self.floats(matrix))
        kernel = self.reshape(kernel, 3, 3, 4, 4, 4)  # o, i, r s, a x, b y
        kernel = self.add("Transpose", kernel, perm=[2, 0, 1, 3, 4])
        return self._more(self.reshape(kernel, 12, 3, 4, 4), SPARE, 3, 4, 4)

    def spread(self, row: int, site: Site) -> str:
        """One row at a site, for its features [1, channels * repeat, h, w]."""
        part = self.row(row, site)
        if site.repeat == 1:
            return part
        # As (phase, channel), the order that `_phases` gives, and the spare ones.
        spare = self.floats(np.zeros((1, SPARE, 1, 1)))
        return self.add("Concat", *[part] * site.repeat, spare, axis=1)
