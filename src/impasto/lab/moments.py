"""Means and variances of channels, with a gradient that is a few passes over a map.

Autograd alone would keep float32 copies of a map and of its squares, and add up their gradients.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def mean_and_variance(
    x: Float[Tensor, "n c h w"], share: Float[Tensor, "1 1 h w"] | None = None
) -> tuple[Float[Tensor, "n c"], Float[Tensor, "n c"]]:
    """Of each channel over its pixels, in float32 at least.

    Args:
        x: features, of any float type.
        share: what each pixel counts, of sum 1; all alike without it.
    """
    return _Moments.apply(x, share)


class _Moments(torch.autograd.Function):
    """Both at once, since their gradients come as one slope and one start for each channel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, share: Tensor | None) -> tuple[Tensor, Tensor]:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        if share is None:
            variance, mean = torch.var_mean(wide, dim=(2, 3), correction=0)
        else:
            mean = (wide * share).sum((2, 3))
            variance = ((wide - mean[..., None, None]).square_() * share).sum((2, 3))
        ctx.save_for_backward(x, mean, share)
        return mean, variance

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor, of_variance: Tensor) -> tuple[Tensor, None]:
        x, mean, share = ctx.saved_tensors
        slope = 2 * of_variance
        start = of_mean - slope * mean
        if share is None:
            pixels = x.shape[2] * x.shape[3]
            slope, start = slope / pixels, start / pixels
        gradient = torch.addcmul(start[..., None, None], x, slope[..., None, None])
        if share is not None:
            gradient *= share
        return gradient.to(x.dtype), None
