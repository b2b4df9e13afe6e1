"""Conditional normalisation sites: where they lie in a code, and what is done at one.

`gamma * (x - mean) / std + beta` (Dumoulin et al. 2017) is split into statistics, which are
measured, an affine, which is composed, and a multiply-add, which is all that painting needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

Normalise = Callable[[Tensor, "Site"], Tensor]
"""Applies the conditional normalisation of one site to features [n, c, h, w]."""


@dataclass(frozen=True)
class Site:
    """One conditional normalisation: where its channels lie in a code, and at which scale it works.

    `stride` is the number of image pixels a feature pixel stands for, `extra` the number of feature
    pixels that the map has beyond the picture and its margin on each side. A `fixed` site measures
    nothing: its mean is 0 and its standard deviation 1, so the code is the affine. `repeat` is the
    number of feature channels that share one channel of the code. A site with a `bank` is fixed,
    too, and normalises nothing: its part of the code says how much of each of so many shared
    filters a style adds to each filter of a layer.
    """

    name: str
    start: int
    channels: int
    stride: int
    extra: int = 0
    fixed: bool = False
    repeat: int = 1
    bank: int = 0

    @property
    def outputs(self) -> int:
        """How many filters a bank's mixtures are for."""
        return 2 * self.channels // self.bank

    @property
    def span(self) -> slice:
        """The site's channels in a code."""
        return slice(self.start, self.start + self.channels)


@dataclass
class Sites:
    """Hands out sites one after the other while a trunk is built."""

    all: list[Site] = field(default_factory=list)

    def add(self, name: str, channels: int, stride: int, *, extra: int = 0) -> Site:
        """A site that measures, after the last one."""
        start = self.all[-1].start + self.all[-1].channels if self.all else 0
        self.all.append(Site(name, start, channels, stride, extra))
        return self.all[-1]

    def add_fixed(self, name: str, channels: int, stride: int, *, repeat: int = 1) -> Site:
        """A site that measures nothing, after the last one."""
        site = self.add(name, channels, stride)
        self.all[-1] = replace(site, fixed=True, repeat=repeat)
        return self.all[-1]

    def add_bank(self, name: str, outputs: int, bank: int, stride: int) -> Site:
        """A site whose code mixes `bank` shared filters (an even number) into `outputs` others."""
        site = self.add(name, outputs * bank // 2, stride)
        self.all[-1] = replace(site, fixed=True, bank=bank)
        return self.all[-1]


def compose(
    code: Float[Tensor, "m 2 c"], statistics: Float[Tensor, "n 2 c"]
) -> Float[Tensor, "n 2 c"]:
    """The affine (scale, shift) that normalises by `statistics` and then applies `code`."""
    scale = code[:, 0] / statistics[:, 1]
    return torch.stack([scale, code[:, 1] - scale * statistics[:, 0]], dim=1)


def scale_and_shift(x: Tensor, affine: Float[Tensor, "n 2 c"], site: Site) -> Tensor:
    """Multiplies and shifts each channel of features [n, c * repeat, h, w], in their type.

    At a site with a bank, its filters [1, bank, ...] are mixed to [n, outputs, ...].
    """
    if site.bank:
        return torch.einsum("nob,b...->no...", mixture(affine, site), x[0])
    spread = affine.to(x.dtype).repeat_interleave(site.repeat, dim=2)
    scale, shift = spread[..., None, None].unbind(1)
    return torch.addcmul(shift, x, scale)


def mixture(part: Float[Tensor, "n 2 c"], site: Site) -> Float[Tensor, "n outputs bank"]:
    """A bank's part of a code as a matrix: the first half of each row is in gamma's place."""
    halves = part.unflatten(2, (site.outputs, site.bank // 2))
    return halves.transpose(1, 2).flatten(2)


def no_statistics(code: Float[Tensor, "n 2 _"], site: Site) -> Float[Tensor, "n 2 c"]:
    """Mean 0 and standard deviation 1: what a fixed site reports."""
    ones = torch.ones(len(code), site.channels, device=code.device)
    return torch.stack([torch.zeros_like(ones), ones], dim=1)


def parts_of(values: Float[Tensor, "n 2 c"], sites: Sequence[Site]) -> dict[str, Tensor]:
    """Each site's part of a code, or of statistics, by the site's name.

    All at once, because the gradient of a slice alone is as large as the whole.
    """
    parts = values.split([site.channels for site in sites], dim=2)
    return {site.name: part for site, part in zip(sites, parts, strict=True)}


def apply_affine(affine: Float[Tensor, "n 2 c"]) -> Normalise:
    """A normalisation that uses no statistics of its input: the paint path."""
    return lambda x, site: scale_and_shift(x, affine[:, :, site.span], site)


def apply_statistics(
    code: Float[Tensor, "m 2 c"], statistics: Float[Tensor, "n 2 c"], sites: Sequence[Site]
) -> Normalise:
    """A normalisation by given statistics; m is 1, one code for all items, or n."""
    codes, found = parts_of(code, sites), parts_of(statistics, sites)

    def normalise(x: Tensor, site: Site) -> Tensor:
        affine = codes[site.name]
        if not site.fixed:
            affine = compose(affine, found[site.name])
        return scale_and_shift(x, affine, site)

    return normalise
