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

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from impasto.lab.levels import (
    FINEST,
    GRAIN_CELL,
    InvertedResidual,
    Level,
    Place,
    ResidualBlock,
    TrunkSettings,
)
from impasto.lab.moments import mean_and_variance
from impasto.lab.padding import pad_edge
from impasto.lab.phases import UpConv, skip_kernel
from impasto.lab.sites import (
    Normalise,
    Site,
    Sites,
    apply_affine,
    apply_statistics,
    compose,
    no_statistics,
    parts_of,
    scale_and_shift,
)

EPSILON = 1e-5

FIRST_RESIDUAL = 0.3
"""The scale at which a block's output is added when training starts."""

FIRST_GRAIN = 0.3
"""How much of the grain each channel gets when training starts: a standard deviation."""


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
            normalise = self.own_statistics(code, image.shape[-2:])
        else:
            normalise = apply_statistics(code, statistics, self.sites)
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
        self.run(self.pad(image), self.own_statistics(code, image.shape[-2:], found), grain)
        return torch.cat([each.expand(len(image), -1, -1) for each in found], dim=2)

    def measure_weighted(
        self,
        padded: Float[Tensor, "n 3 h w"],
        code: Float[Tensor, "m 2 c"],
        weight: Float[Tensor, "1 1 h w"],
        grain: Float[Tensor, "_ 1 _ _"] | None = None,
    ) -> Float[Tensor, "n 2 c"]:
        """As `measure`, on pictures already padded, each pixel counting as `weight` says.

        A feature pixel counts as the mean weight of the pixels it stands for; the margin must
        weigh nothing.
        """
        codes = parts_of(code, self.sites)
        found: list[Tensor] = []

        def normalise(x: Tensor, site: Site) -> Tensor:
            if site.fixed:
                found.append(no_statistics(code, site))
            else:
                share = F.pad(F.avg_pool2d(weight, site.stride), [site.extra] * 4)
                moments = mean_and_variance(x, share / share.sum())
                found.append(self._statistics(*moments, site))
            return scale_and_shift(x, compose(codes[site.name], found[-1]), site)

        self.run(padded, normalise, grain)
        return torch.cat([each.expand(len(padded), -1, -1) for each in found], dim=2)

    def _statistics(self, mean: Tensor, variance: Tensor, site: Site) -> Float[Tensor, "n 2 c"]:
        std = (variance + EPSILON).sqrt().maximum(self.std_floor[site.span])
        return torch.stack([mean, std], dim=1)

    def own_statistics(
        self,
        code: Float[Tensor, "m 2 c"],
        size: Sequence[int] | None = None,
        found: list[Tensor] | None = None,
    ) -> Normalise:
        """A normalisation by what each site finds in its own input.

        Args:
            code: one code for all items, or one for each.
            size: height and width of the picture, whose margin is left out; None: nothing is.
            found: gets the statistics, in the order of the sites.
        """
        codes = parts_of(code, self.sites)

        def normalise(x: Tensor, site: Site) -> Tensor:
            affine, statistics = codes[site.name], None
            if not site.fixed:
                statistics = self.inside(x, site, size)
                affine = compose(affine, statistics)
            if found is not None:
                found.append(no_statistics(code, site) if statistics is None else statistics)
            return scale_and_shift(x, affine, site)

        return normalise

    def inside(self, x: Tensor, site: Site, size: Sequence[int] | None) -> Float[Tensor, "n 2 c"]:
        """Statistics of what belongs to the picture, without its margin; of all without a size."""
        if size is None:
            return self._statistics(*mean_and_variance(x), site)
        first = self.settings.margin // site.stride + site.extra
        last = [first + -(-side // site.stride) for side in size]
        inside = x[..., first : last[0], first : last[1]]
        return self._statistics(*mean_and_variance(inside), site)


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

    def forward(self, mix: Float[Tensor, "n styles"]) -> Float[Tensor, "n 2 c"]:
        """Means of the codes; each row says how much of each style, and sums to 1."""
        # No matrix product: under autocast it would round the codes to bfloat16.
        return (mix[:, :, None, None] * self.codes).sum(1)


def multiply_adds(trunk: Trunk, height: int, width: int) -> int:
    """Multiply-adds of all convolutions for one picture, its margin included.

    Counted on what really runs: `UpConv` and the skip are 2x2 convolutions.
    """
    image = torch.zeros(1, 3, height, width)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        trunk.run(trunk.pad(image), apply_affine(torch.ones(1, 2, trunk.channels)))
    return int(counter.get_flop_counts()["Global"][torch.ops.aten.convolution]) // 2
