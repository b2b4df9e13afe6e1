"""The trunk: one small convolutional network that paints every style, given a style code.

Every normalisation is conditional (Dumoulin et al. 2017, "A Learned Representation for Artistic
Style"): `gamma * (x - mean) / std + beta`, with (gamma, beta) from the style code. `mean` and `std`
are the only things in the network that look further than a neighbourhood, so the same layers run in
three ways: with statistics of their own input (training), reporting those statistics (measure), or
with a ready-made scale and shift (paint).

Two departures from the usual image-transformation network (Johnson et al. 2016), both for speed:

- Convolutions pad with zeros, which runtimes fuse, and the *picture* is padded by `margin` pixels,
  whose painting is cut off. Reflection inside the network costs a pass over memory a layer.
- Nearest upsampling followed by a 3x3 convolution is computed as one 2x2 convolution at the low
  resolution with four times the outputs (`phase_kernel`): the same function for 4/9 of the work,
  and no large feature map is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from impasto.lab.phases import UpConv, skip_kernel
from impasto.lab.sites import (
    Normalise,
    Site,
    Sites,
    apply_affine,
    compose,
    no_statistics,
    scale_and_shift,
)

EPSILON = 1e-5


@dataclass(frozen=True)
class TrunkSettings:
    """The shape of a trunk. `eighth` blocks run at 1/8 of the resolution, with twice the width."""

    stem: int = 16
    width: int = 32
    blocks_before: int = 1
    eighth: int = 1
    blocks_after: int = 1
    block: str = "residual"
    expansion: int = 4
    margin: int = 24

    @property
    def multiple(self) -> int:
        """Padded pictures have sides that are multiples of this."""
        return 8 if self.eighth else 4


class ResidualBlock(nn.Module):
    """Two plain 3x3 convolutions with conditional norms, added to the input."""

    def __init__(self, sites: Sites, name: str, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.site1 = sites.add(f"{name}.1", channels, stride)
        self.site2 = sites.add(f"{name}.2", channels, stride)

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Features [n, c, h, w] to features of the same shape."""
        y = F.relu(normalise(self.conv1(x), self.site1))
        return x + normalise(self.conv2(y), self.site2)


class InvertedResidual(nn.Module):
    """MobileNetV2's block (Sandler et al. 2018), its 1x1 convolutions conditionally normalised."""

    def __init__(self, sites: Sites, name: str, channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = nn.Conv2d(channels, wide, 1, bias=False)
        self.depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.project = nn.Conv2d(wide, channels, 1, bias=False)
        self.site1 = sites.add(f"{name}.expand", wide, stride)
        self.site2 = sites.add(f"{name}.project", channels, stride)

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Features [n, c, h, w] to features of the same shape."""
        y = F.relu(normalise(self.expand(x), self.site1))
        y = F.relu(self.depthwise(y))
        return x + normalise(self.project(y), self.site2)


class Trunk(nn.Module):
    """Content encoder, body and decoder, shared by all styles.

    A half-resolution stem reads the picture, the body works at a quarter (and an eighth) of the
    resolution, and the end joins three things at half resolution: what the body made of the
    picture, the stem's features (fine detail, styled), and the picture itself (fine detail, as is).
    """

    def __init__(self, settings: TrunkSettings) -> None:
        super().__init__()
        self.settings = settings
        stem, width = settings.stem, settings.width
        sites = Sites()
        self.stem = nn.Conv2d(12, stem, 3, padding=1, bias=False)
        self.stem_site = sites.add("stem", stem, 2)
        self.down = nn.Conv2d(stem, width, 3, stride=2, padding=1, bias=False)
        self.down_site = sites.add("down", width, 4)
        self.before = self._blocks(sites, "before", settings.blocks_before, width, 4)
        if settings.eighth:
            self.deep_down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False)
            self.deep_site = sites.add("deep", 2 * width, 8)
            self.deep = self._blocks(sites, "deep", settings.eighth, 2 * width, 8)
            self.deep_up = UpConv(2 * width, width)
        self.after = self._blocks(sites, "after", settings.blocks_after, width, 4)
        self.up = UpConv(width, stem, bias=False)
        self.up_site = sites.add("up", stem, 2, extra=1)
        self.end = UpConv(stem, 3, padding=0)
        self.end_stem = UpConv(stem, 3, bias=False)
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

    def _blocks(
        self, sites: Sites, name: str, count: int, channels: int, stride: int
    ) -> nn.ModuleList:
        def block(index: int) -> nn.Module:
            where = (sites, f"{name}{index}", channels, stride)
            if self.settings.block == "inverted":
                return InvertedResidual(*where, self.settings.expansion)
            return ResidualBlock(*where)

        return nn.ModuleList(block(index) for index in range(count))

    def run(
        self, padded: Float[Tensor, "n 3 h w"], normalise: Normalise
    ) -> Float[Tensor, "n 3 h w"]:
        """Paints a padded picture (0 to 1, sides multiples of `multiple`), before any clipping."""
        fine = F.pixel_unshuffle(padded - 0.5, 2)
        half = F.relu(normalise(self.stem(fine), self.stem_site))
        x = F.relu(normalise(self.down(half), self.down_site))
        for block in self.before:
            x = block(x, normalise)
        if self.settings.eighth:
            y = F.relu(normalise(self.deep_down(x), self.deep_site))
            for block in self.deep:
                y = block(y, normalise)
            x = x + self.deep_up(y)[..., 1:-1, 1:-1]
        for block in self.after:
            x = block(x, normalise)
        x = F.relu(normalise(self.up(x), self.up_site))
        skip = F.conv2d(fine, skip_kernel(self.skip.weight), padding=1)
        return self.finish(x, half, normalise(skip, self.skip_site))

    def finish(self, up: Tensor, half: Tensor, skip: Tensor) -> Float[Tensor, "n 3 h w"]:
        """Joins body, stem and picture at half resolution and interleaves them to full size."""
        phases = self.end.phases(up) + self.end_stem.phases(half) + skip
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
        code: Float[Tensor, "n 2 c"],
        statistics: Float[Tensor, "n 2 c"] | None = None,
    ) -> Float[Tensor, "n 3 h w"]:
        """Paints pictures (RGB, 0 to 1), each with its own code.

        With `statistics` (from `measure`) they are used; without, each site measures its own input,
        the picture's margin left out.
        """
        if statistics is None:
            normalise = self._own_statistics(code, image.shape[-2:], None)
        else:
            normalise = apply_affine(compose(code, statistics))
        height, width = image.shape[-2:]
        margin = self.settings.margin
        painted = self.run(self.pad(image), normalise)
        return painted[..., margin : margin + height, margin : margin + width]

    def measure(
        self, image: Float[Tensor, "n 3 h w"], code: Float[Tensor, "n 2 c"]
    ) -> Float[Tensor, "n 2 c"]:
        """Mean and floored standard deviation of every channel at every site."""
        found: list[Tensor] = []
        self.run(self.pad(image), self._own_statistics(code, image.shape[-2:], found))
        return torch.cat(found, dim=2)

    def measure_weighted(
        self,
        padded: Float[Tensor, "1 3 h w"],
        code: Float[Tensor, "1 2 c"],
        weight: Float[Tensor, "1 1 h w"],
    ) -> Float[Tensor, "1 2 c"]:
        """As `measure`, on a picture already padded, each pixel counting as `weight` says.

        A feature pixel counts as the mean weight of the pixels it stands for; the margin must
        weigh nothing.
        """
        found: list[Tensor] = []

        def normalise(x: Tensor, site: Site) -> Tensor:
            if site.fixed:
                found.append(no_statistics(x, site))
            else:
                share = F.pad(F.avg_pool2d(weight, site.stride), [site.extra] * 4)
                share = share / share.sum()
                mean = (x * share).sum((2, 3))
                variance = ((x - mean[..., None, None]).square() * share).sum((2, 3))
                found.append(self._statistics(mean, variance, site))
            return scale_and_shift(x, compose(code[:, :, site.span], found[-1]), site)

        self.run(padded, normalise)
        return torch.cat(found, dim=2)

    def _statistics(self, mean: Tensor, variance: Tensor, site: Site) -> Float[Tensor, "n 2 c"]:
        std = (variance + EPSILON).sqrt().maximum(self.std_floor[site.span])
        return torch.stack([mean, std], dim=1)

    def _own_statistics(
        self, code: Tensor, size: Sequence[int], found: list[Tensor] | None
    ) -> Normalise:
        def normalise(x: Tensor, site: Site) -> Tensor:
            statistics = no_statistics(x, site) if site.fixed else self._inside(x, site, size)
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


class CodeBook(nn.Module):
    """The style codes that are trained together with a trunk; the first is the identity code."""

    def __init__(self, names: list[str], channels: int) -> None:
        super().__init__()
        self.names = ["identity", *names]
        start = torch.stack([torch.ones(channels), torch.zeros(channels)])
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
