import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from impasto.lab.moments import mean_and_variance


def plain(x: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """The same by autograd alone."""
    mean = (x * share).sum((2, 3))
    return mean, ((x - mean[..., None, None]).square() * share).sum((2, 3))


@given(
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    weighted=st.booleans(),
    seed=st.integers(0, 99),
)
def test_moments_and_their_gradients_are_right(
    height: int, width: int, weighted: bool, seed: int
) -> None:
    """Means, variances and gradients are those of the plain formulas, with weights and without."""
    generator = torch.Generator().manual_seed(seed)
    x, of_mean, of_variance = (
        torch.randn(size, dtype=torch.double, generator=generator)
        for size in ((2, 3, height, width), (2, 3), (2, 3))
    )
    share = torch.rand(1, 1, height, width, dtype=torch.double, generator=generator) + 0.1
    share = share if weighted else torch.ones_like(share)
    share = share / share.sum()
    x.requires_grad_()
    found, wanted = mean_and_variance(x, share if weighted else None), plain(x, share)
    for each, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(each, other)
    gradients = [
        torch.autograd.grad(mean.mul(of_mean).sum() + variance.mul(of_variance).sum(), x)[0]
        for mean, variance in (found, wanted)
    ]
    torch.testing.assert_close(*gradients)


def test_moments_of_short_floats_are_in_float32() -> None:
    """Features in bfloat16 are added up in float32, and get a gradient in their own type."""
    x = torch.full((1, 1, 64, 64), 1.0, dtype=torch.bfloat16, requires_grad=True)
    mean, variance = mean_and_variance(x)
    assert mean.dtype == variance.dtype == torch.float32
    assert (mean.item(), variance.item()) == (1, 0)
    (gradient,) = torch.autograd.grad(mean.sum(), x)
    assert gradient.dtype == torch.bfloat16
