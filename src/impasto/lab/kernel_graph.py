"""Kernels as graphs convolve with them, and the graph that mixes those which a style makes itself.

What a style mixes from banks depends on its code alone, and not on the picture. When the graphs
that measure and paint did it, that was 3 to 5 % of the time of a picture of 512 x 512.
"""

from collections.abc import Sequence
from itertools import product
from math import prod
from pathlib import Path

import numpy as np

from impasto.lab.nets import Trunk
from impasto.lab.onnx_graph import FLOAT, Graph
from impasto.lab.phases import EdgeConv, UpConv, phase_taps
from impasto.lab.sites import Site


def banked_layers(trunk: Trunk) -> dict[str, EdgeConv | UpConv]:
    """The layers whose filters a style mixes, by their names, in the order of `filters`."""
    return {
        key: layer
        for key, layer in trunk.named_modules()
        if isinstance(layer, EdgeConv | UpConv) and layer.bank is not None
    }


def kernel_shape(layer: EdgeConv | UpConv, trunk: Trunk) -> tuple[int, int, int, int]:
    """The kernel that a graph convolves with: [outputs, inputs, rows, columns]."""
    outputs, inputs, rows, columns = layer.weight.shape
    if layer is trunk.stem:  # reads pixels, not cells of 2 x 2
        return outputs, inputs // 4, 2 * rows, 2 * columns
    if isinstance(layer, UpConv):  # has outputs for four phases
        return 4 * outputs, inputs, 2, 2
    return outputs, inputs, rows, columns


def filter_count(trunk: Trunk) -> int:
    """How many numbers `filters` are; 0 where no layer has a bank."""
    return sum(prod(kernel_shape(layer, trunk)) for layer in banked_layers(trunk).values())


class KernelGraph(Graph):
    """A graph that needs a trunk's kernels."""

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(weights)
        self.trunk = trunk

    def kernel(self, layer: EdgeConv | UpConv, key: str) -> str:
        """A layer's own filters as a kernel, by operators on constants."""
        own = self.weight(f"{key}.weight", len(layer.weight), layer.weight[0].numel())
        return self.reshape(self.form(own, layer), *kernel_shape(layer, self.trunk))

    def form(self, x: str, layer: EdgeConv | UpConv) -> str:
        """A layer's filters [n, inputs * 9] as kernels [..., n, rest]."""
        if layer is self.trunk.stem:
            x = self.reshape(x, -1, 3, 2, 2, 3, 3)  # o, i, x y, a b
            x = self.add("Transpose", x, perm=[0, 1, 4, 2, 5, 3])
            return self.reshape(x, -1, 3 * 6 * 6)
        if isinstance(layer, UpConv):
            inputs = layer.weight.shape[1]
            matrix = phase_taps().permute(2, 5, 0, 3, 1, 4).reshape(9, 16)  # u v, r s a b
            x = self.add("MatMul", self.reshape(x, -1, inputs, 9), self.floats(matrix))
            x = self.add("Transpose", self.reshape(x, -1, inputs, 4, 4), perm=[2, 0, 1, 3])
            return self.reshape(x, 4, -1, inputs * 4)
        return x

    def parts_of(self, vector: str, rows: int, sites: Sequence[Site]) -> dict[tuple[int, str], str]:
        """Some sites' parts of a tensor [rows, C] at once, where each would be a slice.

        Of no others: OpenVINO copies pieces that nothing takes, too.
        """
        channels = np.concatenate([np.arange(self.trunk.channels)[site.span] for site in sites])
        vector = self.add("Gather", vector, self.constant(channels, np.int32), axis=1)
        line = self.reshape(vector, 1, rows * len(channels), 1, 1)
        pieces = self.split(line, 1, [site.channels for site in sites] * rows)
        places = product(range(rows), (site.name for site in sites))
        return dict(zip(places, pieces, strict=True))


class MixGraph(KernelGraph):
    """code -> filters: all layers' own filters and what the style adds to them, in one line."""

    def __init__(self, trunk: Trunk, weights: Path) -> None:
        super().__init__(trunk, weights)
        self.parts = self.parts_of("code", 2, [site for site in trunk.sites if site.bank])

    def filters(self) -> str:
        """The kernels of all layers that have a bank: [n]."""
        kernels = (self.kernel(layer, key) for key, layer in banked_layers(self.trunk).items())
        return self.add("Concat", *(self.reshape(one, -1) for one in kernels), axis=0)

    def kernel(self, layer: EdgeConv | UpConv, key: str) -> str:
        """A layer's kernel, mixed; the bank is brought into its form before, as a constant."""
        own = super().kernel(layer, key)
        if layer.bank is None:
            return own
        site, filters = layer.bank.site, layer.bank.weight
        bank = self.form(self.weight(f"{key}.bank.weight", site.bank, filters[0].numel()), layer)
        added = self.add("MatMul", self._mixture(site), bank)
        return self.add("Add", own, self.reshape(added, *kernel_shape(layer, self.trunk)))

    def _mixture(self, site: Site) -> str:
        """`mixture` of a bank's part of the code: [outputs, bank]."""
        halves = (self.parts[row, site.name] for row in (0, 1))
        halves = (self.reshape(half, site.outputs, site.bank // 2) for half in halves)
        return self.add("Concat", *halves, axis=1)


def write_mix_graph(trunk: Trunk, weights: Path, path: Path) -> None:
    """Writes `(code [2, C]) -> filters [n]`; the trunk must have banks."""
    graph = MixGraph(trunk, weights)
    code = (FLOAT, (2, trunk.channels))
    result = (FLOAT, (filter_count(trunk),))
    graph.save(path, {"code": code}, graph.filters(), {"filters": result})
