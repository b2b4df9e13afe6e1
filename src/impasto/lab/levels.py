"""What a trunk is made of: its settings, its blocks, and its levels of resolution."""

from dataclasses import dataclass, replace
from typing import Any

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from impasto.lab.phases import EdgeConv, UpConv
from impasto.lab.sites import Normalise, Site, Sites

GRAIN_CELL = 8
"""Image pixels that one number of the grain spans."""

FINEST = 4
"""Image pixels that a feature pixel of the body's finest level spans."""


@dataclass(frozen=True)
class TrunkSettings:
    """The shape of a trunk.

    Level i works at 1 / 2^(i + 2) of the resolution with `widths[i]` channels: `before[i]` blocks,
    then a detour through the next level, whose result is added, then `after[i]` blocks.
    """

    stem: int = 16
    widths: tuple[int, ...] = (32, 48, 64)
    before: tuple[int, ...] = (1, 1, 1)
    after: tuple[int, ...] = (1, 1, 0)
    block: str = "residual"
    expansion: int = 4
    margin: int = 0
    banks: tuple[int, ...] = ()
    """Shared filters that a style mixes into those of each layer, by level; none without it."""
    thumbnail: int = 256
    """Pixels: the longest side of what statistics are measured on."""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrunkSettings":
        """Settings as a manifest has them, tuples as lists."""
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**plain)

    def bank(self, depth: int) -> int:
        """Shared filters of each layer of a level; stem, end and what lies between are level 0."""
        return self.banks[depth] if self.banks else 0

    @property
    def multiple(self) -> int:
        """Padded pictures have sides that are multiples of this, and so has the margin."""
        return max(2 ** (len(self.widths) + 1), GRAIN_CELL)


@dataclass(frozen=True)
class Place:
    """Where in a trunk a layer works: its name, and the image pixels that a feature pixel spans.

    `bank` is how many shared filters a layer there has.
    """

    sites: Sites
    name: str
    stride: int
    bank: int = 0

    def site(self, name: str, channels: int) -> Site:
        """The next normalisation, named after its place."""
        return self.sites.add(f"{self.name}.{name}", channels, self.stride)

    def fixed(self, name: str, channels: int) -> Site:
        """The next site that measures nothing."""
        return self.sites.add_fixed(f"{self.name}.{name}", channels, self.stride)

    def within(self, name: str) -> "Place":
        """A part of this place."""
        return replace(self, name=f"{self.name}.{name}")

    def mixed(self, name: str, outputs: int) -> Site | None:
        """The site of a layer's bank, where there are banks."""
        if self.bank == 0:
            return None
        return self.sites.add_bank(f"{self.name}.{name}.bank", outputs, self.bank, self.stride)

    def conv(self, name: str, inputs: int, outputs: int, *, stride: int = 1) -> EdgeConv:
        """A 3x3 convolution with a bank, for a norm to follow."""
        return EdgeConv(inputs, outputs, stride=stride, site=self.mixed(name, outputs))


class ResidualBlock(nn.Module):
    """Two plain 3x3 convolutions with conditional norms, added to the input."""

    def __init__(self, place: Place, channels: int) -> None:
        super().__init__()
        self.conv1 = place.conv("conv1", channels, channels)
        self.site1 = place.site("1", channels)
        self.conv2 = place.conv("conv2", channels, channels)
        self.site2 = place.site("2", channels)

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Features [n, c, h, w] to features of the same shape."""
        y = F.relu(normalise(self.conv1(x, normalise), self.site1))
        return x + normalise(self.conv2(y, normalise), self.site2)


class InvertedResidual(nn.Module):
    """MobileNetV2's block (Sandler et al. 2018), its 1x1 convolutions conditionally normalised."""

    def __init__(self, place: Place, channels: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = nn.Conv2d(channels, wide, 1, bias=False)
        self.depthwise = EdgeConv(wide, wide, groups=wide, bias=True)  # no norm follows
        self.project = nn.Conv2d(wide, channels, 1, bias=False)
        self.site1, self.site2 = place.site("expand", wide), place.site("project", channels)

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Features [n, c, h, w] to features of the same shape."""
        y = F.relu(normalise(self.expand(x), self.site1))
        y = F.relu(self.depthwise(y))
        return x + normalise(self.project(y), self.site2)


class Level(nn.Module):
    """Features at one resolution: blocks, a detour through the next coarser level, blocks."""

    def __init__(self, settings: TrunkSettings, sites: Sites, depth: int) -> None:
        super().__init__()
        width, stride = settings.widths[depth], FINEST * 2**depth
        place = Place(sites, f"level{depth}", stride, settings.bank(depth))
        self.before = self._blocks(settings, place.within("before"), settings.before[depth], width)
        self.coarser: Level | None = None
        if depth + 1 < len(settings.widths):
            next_width = settings.widths[depth + 1]
            coarse = replace(place, stride=2 * stride, bank=settings.bank(depth + 1))
            self.down = coarse.conv("down", width, next_width, stride=2)
            self.down_site = coarse.site("down", next_width)
            self.grain_site = coarse.fixed("grain", next_width)
            self.coarser = Level(settings, sites, depth + 1)
            self.up = UpConv(next_width, width)
        self.after = self._blocks(settings, place.within("after"), settings.after[depth], width)

    @staticmethod
    def _blocks(settings: TrunkSettings, place: Place, count: int, width: int) -> nn.ModuleList:
        def block(index: int) -> nn.Module:
            if settings.block == "inverted":
                return InvertedResidual(place.within(str(index)), width, settings.expansion)
            return ResidualBlock(place.within(str(index)), width)

        return nn.ModuleList(block(index) for index in range(count))

    def forward(self, x: Tensor, normalise: Normalise, grain: Tensor) -> Tensor:
        """Features [n, c, h, w] and the picture's grain to features of the same shape."""
        for block in self.before:
            x = block(x, normalise)
        if self.coarser is not None:
            noise = pool_grain(grain, self.down_site.stride // GRAIN_CELL)
            coarse = normalise(self.down(x, normalise), self.down_site)
            coarse = F.relu(coarse + normalise(noise, self.grain_site))
            x = x + self.up(self.coarser(coarse, normalise, grain))[..., 1:-1, 1:-1]
        for block in self.after:
            x = block(x, normalise)
        return x


def pool_grain(grain: Float[Tensor, "n 1 h w"], times: int) -> Float[Tensor, "n 1 _ _"]:
    """Grain in cells so many times larger, of the same variance."""
    return grain if times == 1 else times * F.avg_pool2d(grain, times)
