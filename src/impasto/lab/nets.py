"""The trunk: one small convolutional network that paints every style, given a style code.

Every normalisation is conditional (Dumoulin et al. 2017, "A Learned Representation for Artistic
Style"): `gamma * (x - mean) / std + beta`, with (gamma, beta) from the style code. `mean` and `std`
are the only things in the network that look further than a neighbourhood, so the same layers run in
three ways: with statistics of their own input (training), reporting those statistics (measure), or
with a ready-made scale and shift (paint).

Two departures from the usual image-transformation network (Johnson et al. 2016), both for speed:

- Convolutions replicate the edge of their input. Zeros would be fused by runtimes, but they make
  a frame round the picture that everything deeper answers to, and keeping it away with a margin
  of picture costs more than the padding.
- Nearest upsampling followed by a 3x3 convolution is computed as one 2x2 convolution at the low
  resolution with four times the outputs (`phase_kernel`): the same function for 4/9 of the work,
  and no large feature map is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from impasto.lab.phases import EdgeConv, UpConv, pad_edge, skip_kernel
from impasto.lab.sites import (
    Normalise,
    Site,
    Sites,
    apply_affine,
    apply_statistics,
    compose,
    no_statistics,
    scale_and_shift,
)

EPSILON = 1e-5

FIRST_RESIDUAL = 0.3
"""The scale at which a block's output is added when training starts."""

FIRST_GRAIN = 0.3
"""How much of the grain each channel gets when training starts: a standard deviation."""

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


class Trunk(nn.Module):
    """Content encoder, body and decoder, shared by all styles.

    A half-resolution stem reads the picture, the body works at a quarter of the resolution and
    below, and the end joins three things at half resolution: what the body made of the
    picture, the stem's features (fine detail, styled), and the picture itself (fine detail, as is).

    Strokes need something irregular to start from, and a clear sky has nothing: so the body gets
    *grain*, a field of noise in cells of 8 x 8 pixels, from whoever paints (Ulyanov et al. 2016,
    "Texture Networks"), and a code says how much of it each channel gets. Zeros stand for no grain;
    the same grain gives the same painting.
    """

    def __init__(self, settings: TrunkSettings) -> None:
        super().__init__()
        self.settings = settings
        stem, width = settings.stem, settings.widths[0]
        sites = Sites()
        ends = Place(sites, "ends", 2, settings.bank(0))
        self.stem = ends.conv("stem", 12, stem)
        self.stem_site = sites.add("stem", stem, 2)
        self.down = ends.conv("down", stem, width, stride=2)
        self.down_site = sites.add("down", width, FINEST)
        self.body = Level(settings, sites, 0)
        self.up = UpConv(width, stem, bias=False, site=ends.mixed("up", stem))
        self.up_site = sites.add("up", stem, 2, extra=1)
        self.end = UpConv(stem, 3, padded=False, site=ends.mixed("end", 3))
        self.end_stem = UpConv(stem, 3, bias=False, site=ends.mixed("end_stem", 3))
        self.skip = nn.Conv2d(3, 3, 3, bias=False)
        # A style says how much of the photo's own colours and detail shines through; the identity
        # code needs them as they are, which no normalised site could give back.
        self.skip_site = sites.add_fixed("skip", 3, 2, repeat=4)
        with torch.no_grad():  # a first painting near mid-grey, whatever the codes
            for last in (self.end, self.end_stem, self.skip):
                last.weight.mul_(0.25)
        self.sites = tuple(sites.all)
        self.channels = sum(site.channels for site in self.sites)
        self.std_floor: Tensor
        self.register_buffer("std_floor", torch.zeros(self.channels))

    def first_code(self) -> Float[Tensor, "2 c"]:
        """Where training starts: no shift, a little grain, blocks that add little, unused banks.

        Blocks are as in Goyal et al. 2017, section 5.1, with a small number in the place of zero.
        """
        code = torch.stack([torch.ones(self.channels), torch.zeros(self.channels)])
        for site in self.sites:
            if site.bank:
                code[0, site.span] = 0
        for level in self.modules():
            if isinstance(level, Level) and level.coarser is not None:
                span = level.grain_site.span
                code[0, span] = FIRST_GRAIN * torch.randn(level.grain_site.channels)
        for block in self.modules():
            if isinstance(block, ResidualBlock | InvertedResidual):
                code[0, block.site2.span] = FIRST_RESIDUAL
        return code

    def run(
        self,
        padded: Float[Tensor, "n 3 h w"],
        normalise: Normalise,
        grain: Float[Tensor, "n 1 _ _"] | None = None,
    ) -> Float[Tensor, "n 3 h w"]:
        """Paints a padded picture (0 to 1, sides multiples of `multiple`), before any clipping.

        `grain` has mean 0 and variance 1 and may be larger than needed.
        """
        fine = F.pixel_unshuffle(padded - 0.5, 2)
        half = F.relu(normalise(self.stem(fine, normalise), self.stem_site))
        x = F.relu(normalise(self.down(half, normalise), self.down_site))
        x = self.body(x, normalise, fit_grain(grain, padded))
        x = F.relu(normalise(self.up(x, normalise), self.up_site))
        # Body, stem and picture meet at half resolution and are interleaved to full size.
        phases = self.end.phases(x, normalise) + self.end_stem.phases(half, normalise)
        skip = F.conv2d(pad_edge(fine), skip_kernel(self.skip.weight))
        phases = phases + normalise(skip, self.skip_site)
        return F.pixel_shuffle(phases, 2)[..., 1:-1, 1:-1].float() + 0.5

    def pad(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h2 w2"]:
        """Replicates the edge: `margin` pixels at top and left, at least as many elsewhere."""
        height, width = image.shape[-2:]
        margin, multiple = self.settings.margin, self.settings.multiple
        bottom = margin + -(height + 2 * margin) % multiple
        right = margin + -(width + 2 * margin) % multiple
        return F.pad(image, (margin, right, margin, bottom), mode="replicate")

    def forward(
        self,
        image: Float[Tensor, "n 3 h w"],
        code: Float[Tensor, "m 2 c"],
        statistics: Float[Tensor, "n 2 c"] | None = None,
        grain: Float[Tensor, "n 1 _ _"] | None = None,
    ) -> Float[Tensor, "n 3 h w"]:
        """Paints pictures (RGB, 0 to 1), each with its own code, or all with one.

        With `statistics` (from `measure`) they are used; without, each site measures its own input,
        the picture's margin left out. `grain` covers picture and margin.
        """
        if statistics is None:
            normalise = self._own_statistics(code, image.shape[-2:], None)
        else:
            normalise = apply_statistics(code, statistics)
        height, width = image.shape[-2:]
        margin = self.settings.margin
        painted = self.run(self.pad(image), normalise, grain)
        return painted[..., margin : margin + height, margin : margin + width]

    def measure(
        self,
        image: Float[Tensor, "n 3 h w"],
        code: Float[Tensor, "m 2 c"],
        grain: Float[Tensor, "n 1 _ _"] | None = None,
    ) -> Float[Tensor, "n 2 c"]:
        """Mean and floored standard deviation of every channel at every site; m is n or 1."""
        found: list[Tensor] = []
        self.run(self.pad(image), self._own_statistics(code, image.shape[-2:], found), grain)
        return torch.cat([each.expand(len(image), -1, -1) for each in found], dim=2)

    def measure_weighted(
        self,
        padded: Float[Tensor, "1 3 h w"],
        code: Float[Tensor, "1 2 c"],
        weight: Float[Tensor, "1 1 h w"],
        grain: Float[Tensor, "1 1 _ _"] | None = None,
    ) -> Float[Tensor, "1 2 c"]:
        """As `measure`, on a picture already padded, each pixel counting as `weight` says.

        A feature pixel counts as the mean weight of the pixels it stands for; the margin must
        weigh nothing.
        """
        found: list[Tensor] = []

        def normalise(x: Tensor, site: Site) -> Tensor:
            if site.fixed:
                found.append(no_statistics(code, site))
            else:
                share = F.pad(F.avg_pool2d(weight, site.stride), [site.extra] * 4)
                share = share / share.sum()
                mean = (x * share).sum((2, 3))
                variance = ((x - mean[..., None, None]).square() * share).sum((2, 3))
                found.append(self._statistics(mean, variance, site))
            return scale_and_shift(x, compose(code[:, :, site.span], found[-1]), site)

        self.run(padded, normalise, grain)
        return torch.cat(found, dim=2)

    def _statistics(self, mean: Tensor, variance: Tensor, site: Site) -> Float[Tensor, "n 2 c"]:
        std = (variance + EPSILON).sqrt().maximum(self.std_floor[site.span])
        return torch.stack([mean, std], dim=1)

    def _own_statistics(
        self, code: Tensor, size: Sequence[int], found: list[Tensor] | None
    ) -> Normalise:
        def normalise(x: Tensor, site: Site) -> Tensor:
            statistics = no_statistics(code, site) if site.fixed else self._inside(x, site, size)
            if found is not None:
                found.append(statistics)
            return scale_and_shift(x, compose(code[:, :, site.span], statistics), site)

        return normalise

    def _inside(self, x: Tensor, site: Site, size: Sequence[int]) -> Float[Tensor, "n 2 c"]:
        """Statistics of what belongs to the picture, without its margin."""
        first = self.settings.margin // site.stride + site.extra
        last = [first + -(-side // site.stride) for side in size]
        inside = x[..., first : last[0], first : last[1]].float()
        variance, mean = torch.var_mean(inside, dim=(2, 3), correction=0)
        return self._statistics(mean, variance, site)


def fit_grain(grain: Tensor | None, padded: Tensor) -> Float[Tensor, "n 1 _ _"]:
    """The part of the grain that a padded picture needs; zeros if there is none."""
    height, width = (side // GRAIN_CELL for side in padded.shape[-2:])
    if grain is None:
        return torch.zeros(len(padded), 1, height, width, device=padded.device)
    return grain[..., :height, :width]


class CodeBook(nn.Module):
    """The style codes that are trained together with a trunk; the first is the identity code."""

    def __init__(self, names: list[str], start: Float[Tensor, "2 c"]) -> None:
        super().__init__()
        self.names = ["identity", *names]
        self.codes = nn.Parameter(start.repeat(len(self.names), 1, 1))

    def forward(self, index: Tensor) -> Float[Tensor, "n 2 c"]:
        """Codes by their indices [n]."""
        return self.codes[index]


def multiply_adds(trunk: Trunk, height: int, width: int) -> int:
    """Multiply-adds of all convolutions for one picture, its margin included.

    Counted on what really runs: `UpConv` and the skip are 2x2 convolutions.
    """
    image = torch.zeros(1, 3, height, width)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        trunk.run(trunk.pad(image), apply_affine(torch.ones(1, 2, trunk.channels)))
    return int(counter.get_flop_counts()["Global"][torch.ops.aten.convolution]) // 2
