"""Nearest upsampling and a 3x3 convolution, computed as one 2x2 convolution at the low resolution.

The same function for 4/9 of the work, and no large feature map is written.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def phase_taps() -> Float[Tensor, "2 2 3 2 2 3"]:
    """Which 3x3 tap falls where in the 2x2 window of `phase_kernel`: (r, a, u, s, b, v).

    Output row r of a pair takes kernel row u from window row a; s, b and v say the same of columns.
    """
    taps = torch.tensor([[[1.0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 1]]])
    return torch.einsum("rau,sbv->rausbv", taps, taps)


def phase_kernel(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "o*4 i 2 2"]:
    """The 2x2 kernel that stands for nearest upsampling by two and then `weight`.

    A 2x2 window at low-resolution rows (p - 1, p) holds all that the high-resolution rows 2p - 1
    and 2p need, because each of their three taps falls on one of the two. Outputs are ordered for
    `pixel_shuffle`, and come out one pixel early: row 0 is high-resolution row -1.
    """
    kernel = torch.einsum("rausbv,oiuv->orsiab", phase_taps().to(weight.device), weight)
    return kernel.flatten(0, 2)


def skip_taps() -> Float[Tensor, "2 2 2 3 2 2 2 3"]:
    """Which 3x3 tap falls where in the window of `skip_kernel`: (r, a, x, u, s, b, y, v).

    As `phase_taps`, with x and y the place inside an unshuffled 2x2 cell.
    """
    taps = torch.zeros(2, 2, 2, 3)
    for row in range(2):  # high-resolution row 2p - 1 + row
        for tap in range(3):
            line = row + tap  # counted from row 2p - 2, the first of the window
            taps[row, line // 2, line % 2, tap] = 1
    return torch.einsum("raxu,sbyv->raxusbyv", taps, taps)


def skip_kernel(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "o*4 i*4 2 2"]:
    """The 2x2 kernel over `pixel_unshuffle(x, 2)` that stands for `weight` over x.

    Its outputs lie on the same grid as those of `phase_kernel`.
    """
    kernel = torch.einsum("raxusbyv,oiuv->orsixyab", skip_taps().to(weight.device), weight)
    return kernel.flatten(3, 5).flatten(0, 2)


def pad_edge(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """Replicates the edge by one pixel; concatenated, because compilers take that in any layout."""
    x = torch.cat([x[..., :1], x, x[..., -1:]], dim=3)
    return torch.cat([x[..., :1, :], x, x[..., -1:, :]], dim=2)


class EdgeConv(nn.Conv2d):
    """A 3x3 convolution that replicates the edge of its input."""

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o _ _"]:
        """As `nn.Conv2d` with a padding of one."""
        return super().forward(pad_edge(x))


class UpConv(nn.Module):
    """Nearest upsampling by two, then a 3x3 convolution.

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
    ) -> None:
        super().__init__()
        reference = nn.Conv2d(inputs, outputs, 3, bias=bias)
        self.weight, self.bias = reference.weight, reference.bias
        self.padded = padded

    def phases(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n phases _ _"]:
        """The four phases of every output, before they are interleaved."""
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        kernel = phase_kernel(self.weight)
        return F.conv2d(pad_edge(x) if self.padded else x, kernel, bias)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o _ _"]:
        """Upsamples and convolves: twice the size, and one pixel more (or less) on each side."""
        return F.pixel_shuffle(self.phases(x), 2)
