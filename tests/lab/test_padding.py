import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from impasto.lab.padding import pad_edge, pad_reflect

MODES = {"replicate": pad_edge, "reflect": pad_reflect}


@pytest.mark.parametrize("mode", MODES)
@given(height=st.integers(2, 7), width=st.integers(2, 7), seed=st.integers(0, 99))
def test_padding_is_as_torch_pads(mode: str, height: int, width: int, seed: int) -> None:
    """Padded maps, and gradients through them, are those of torch's own padding."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, height, width, dtype=torch.double, generator=generator)
    weights = torch.randn(2, 3, height + 2, width + 2, dtype=torch.double, generator=generator)
    padded, gradient = gradient_of(MODES[mode](x.requires_grad_()), x, weights)
    wanted, wanted_gradient = gradient_of(F.pad(x, (1, 1, 1, 1), mode=mode), x, weights)
    assert torch.equal(padded, wanted)
    torch.testing.assert_close(gradient, wanted_gradient)


@pytest.mark.parametrize("mode", MODES)
def test_channels_stay_last(mode: str) -> None:
    """A map whose channels lie last in memory is padded without being turned."""
    x = torch.randn(2, 8, 6, 5).to(memory_format=torch.channels_last)
    assert MODES[mode](x).is_contiguous(memory_format=torch.channels_last)


def gradient_of(padded: Tensor, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """A padded map, and the gradient of its weighted sum."""
    (gradient,) = torch.autograd.grad((padded * weights).sum(), x)
    return padded.detach(), gradient
