"""Nearest upsampling and a 3x3 convolution, computed as one 2x2 convolution at the low resolution.

The same function for 4/9 of the work, and no large feature map is written.
"""

from functools import cache
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from impasto.lab.padding import pad_edge
from impasto.lab.sites import Normalise, Site

CPU = torch.device("cpu")


@cache
def phase_taps(device: torch.device = CPU) -> Float[Tensor, "2 2 3 2 2 3"]:
    """Which 3x3 tap falls where in the 2x2 window of `phase_kernel`: (r, a, u, s, b, v).

    Output row r of a pair takes kernel row u from window row a; s, b and v say the same of columns.
    """
    taps = torch.tensor([[[1.0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 1]]], device=device)
    return torch.einsum("rau,sbv->rausbv", taps, taps)


def phase_kernel(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "o*4 i 2 2"]:
    """The 2x2 kernel that stands for nearest upsampling by two and then `weight`.

    A 2x2 window at low-resolution rows (p - 1, p) holds all that the high-resolution rows 2p - 1
    and 2p need, because each of their three taps falls on one of the two. Outputs are ordered for
    `pixel_shuffle`, and come out one pixel early: row 0 is high-resolution row -1.
    """
    kernel = torch.einsum("rausbv,oiuv->orsiab", phase_taps(weight.device), weight)
    return kernel.flatten(0, 2)


@cache
def skip_taps(device: torch.device = CPU) -> Float[Tensor, "2 2 2 3 2 2 2 3"]:
    """Which 3x3 tap falls where in the window of `skip_kernel`: (r, a, x, u, s, b, y, v).

    As `phase_taps`, with x and y the place inside an unshuffled 2x2 cell.
    """
    taps = torch.zeros(2, 2, 2, 3)
    for row in range(2):  # high-resolution row 2p - 1 + row
        for tap in range(3):
            line = row + tap  # counted from row 2p - 2, the first of the window
            taps[row, line // 2, line % 2, tap] = 1
    taps = taps.to(device)
    return torch.einsum("raxu,sbyv->raxusbyv", taps, taps)


def skip_kernel(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "o*4 i*4 2 2"]:
    """The 2x2 kernel over `pixel_unshuffle(x, 2)` that stands for `weight` over x.

    Its outputs lie on the same grid as those of `phase_kernel`.
    """
    kernel = torch.einsum("raxusbyv,oiuv->orsixyab", skip_taps(weight.device), weight)
    return kernel.flatten(3, 5).flatten(0, 2)


class Bank(nn.Module):
    """A few 3x3 filters beside those of a layer, shared by all styles.

    Each style adds mixtures of them to the layer's own filters, so that a code shapes not only how
    much a filter's answer counts but what the filter looks for. Filters are mixed once for a
    style. (Yang et al. 2019, "CondConv", mix whole layers by what the input shows; of low rank as
    in Hu et al. 2021, "LoRA".)
    """

    def __init__(self, site: Site, inputs: int) -> None:
        super().__init__()
        self.site = site
        self.weight = nn.Conv2d(inputs, site.bank, 3, bias=False).weight

    def mixture(self, normalise: Normalise) -> Float[Tensor, "n o bank"]:
        """How much of each filter each code that `normalise` applies adds to each of a layer's."""
        each = torch.eye(self.site.bank, device=self.weight.device)
        return normalise(each[None], self.site)


@runtime_checkable
class Banked(Protocol):
    """A layer that may have a bank."""

    bank: Bank | None

    @property
    def weight(self) -> Tensor:
        """Its own filters."""
        ...

    def convolve(self, padded: Tensor, weight: Tensor, *, biased: bool = True) -> Tensor:
        """Its convolution with some filters."""
        ...


def convolved(
    layer: Banked, padded: Float[Tensor, "n i h w"], normalise: Normalise | None
) -> Float[Tensor, "n _ _ _"]:
    """A layer's convolution.

    Filters are mixed where all items have one code. Where each has its own, the answers of the
    filters are, which comes to the same and is one product for all items.

    A layer without a bank needs no `normalise`.
    """
    if layer.bank is None or normalise is None:
        return layer.convolve(padded, layer.weight)
    mixture, shared = layer.bank.mixture(normalise), layer.bank.weight
    if len(mixture) == 1:
        filters = torch.einsum("ob,b...->o...", mixture[0], shared)
        return layer.convolve(padded, layer.weight + filters)
    answers = layer.convolve(padded, shared, biased=False)
    return layer.convolve(padded, layer.weight) + mixed_channels(mixture, answers)


def mixed_channels(
    mixture: Float[Tensor, "n o b"], answers: Float[Tensor, "n b_phases h w"]
) -> Float[Tensor, "n o_phases h w"]:
    """Mixes groups of channels, by another mixture for each item; channels last in memory."""
    phases = answers.shape[1] // mixture.shape[2]
    if phases > 1:
        same = torch.eye(phases, device=mixture.device)
        mixture = torch.einsum("nob,ps->nopbs", mixture, same).flatten(3).flatten(1, 2)
    pixels = answers.permute(0, 2, 3, 1)
    mixed = pixels.flatten(1, 2) @ mixture.mT.to(pixels.dtype)
    return mixed.unflatten(1, pixels.shape[1:3]).permute(0, 3, 1, 2)


class EdgeConv(nn.Conv2d):
    """A 3x3 convolution that replicates the edge of its input, perhaps with a bank."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
        site: Site | None = None,
    ) -> None:
        super().__init__(inputs, outputs, 3, stride, groups=groups, bias=bias)
        self.bank = None if site is None else Bank(site, inputs)

    def forward(
        self, x: Float[Tensor, "n i h w"], normalise: Normalise | None = None
    ) -> Float[Tensor, "n o _ _"]:
        """As `nn.Conv2d` with a padding of one; a bank needs `normalise`."""
        return convolved(self, pad_edge(x), normalise)

    def convolve(self, padded: Tensor, weight: Tensor, *, biased: bool = True) -> Tensor:
        """The convolution of a padded map."""
        bias = self.bias if biased else None
        return F.conv2d(padded, weight, bias, self.stride, groups=self.groups)


class UpConv(nn.Module):
    """Nearest upsampling by two, then a 3x3 convolution, perhaps with a bank.

    The edge is replicated by one pixel of the input, so the result has one extra pixel around; not
    `padded`, it lacks one instead.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: bool = True,
        padded: bool = True,
        site: Site | None = None,
    ) -> None:
        super().__init__()
        reference = nn.Conv2d(inputs, outputs, 3, bias=bias)
        self.weight, self.bias = reference.weight, reference.bias
        self.padded = padded
        self.bank = None if site is None else Bank(site, inputs)

    def phases(
        self, x: Float[Tensor, "n i h w"], normalise: Normalise | None = None
    ) -> Float[Tensor, "n phases _ _"]:
        """The four phases of every output, before they are interleaved; see `EdgeConv`."""
        return convolved(self, pad_edge(x) if self.padded else x, normalise)

    def convolve(self, padded: Tensor, weight: Tensor, *, biased: bool = True) -> Tensor:
        """The phases of a padded map."""
        bias = self.bias if biased else None
        spread = None if bias is None else bias.repeat_interleave(4)
        return F.conv2d(padded, phase_kernel(weight), spread)

    def forward(
        self, x: Float[Tensor, "n i h w"], normalise: Normalise | None = None
    ) -> Float[Tensor, "n o _ _"]:
        """Upsamples and convolves: twice the size, and one pixel more (or less) on each side."""
        return F.pixel_shuffle(self.phases(x, normalise), 2)
