"""Trunks that grow."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto.core.errors import ModelError
from impasto.lab.growth import grown, grown_codes
from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import Trunk

SMALL = TrunkSettings(8, (8, 16), (1, 1), (1, 0))
BANKED = replace(SMALL, banks=(2, 4))
INVERTED = replace(SMALL, block="inverted", expansion=2)


def random_codes(trunk: Trunk) -> Tensor:
    """Two codes that use everything."""
    return torch.randn(2, 2, trunk.channels)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SMALL, {"banks": (2, 4)}),
        (SMALL, {"stem": 12, "widths": (16, 24)}),
        (BANKED, {"widths": (16, 16), "after": (2, 1)}),
        (INVERTED, {"stem": 16, "widths": (12, 24), "before": (2, 3)}),
    ],
)
def test_a_larger_trunk_paints_as_before(old: TrunkSettings, new: dict[str, Any]) -> None:
    """Banks, channels and blocks that codes do not use yet change nothing, whatever the floors."""
    trunk, images = Trunk(old), torch.rand(2, 3, 32, 40)
    trunk.std_floor.copy_(torch.rand(trunk.channels))
    larger, codes = grown(trunk, replace(old, **new)), random_codes(trunk)
    assert larger.channels > trunk.channels
    grain = torch.randn(2, 1, 16, 16)
    painted = larger(images, grown_codes(codes, trunk, larger), grain=grain)
    torch.testing.assert_close(painted, trunk(images, codes, grain=grain), rtol=1e-3, atol=1e-4)


def test_what_is_new_learns() -> None:
    """Most filters of every layer, new ones among them, get a gradient within three steps."""
    trunk = Trunk(BANKED)
    larger = grown(trunk, replace(BANKED, stem=12, widths=(16, 24), before=(1, 2)))
    codes = torch.nn.Parameter(grown_codes(random_codes(trunk), trunk, larger))
    images, wanted = torch.rand(2, 3, 32, 40), torch.rand(2, 3, 32, 40)
    seen = {name: torch.zeros_like(value) for name, value in larger.named_parameters()}
    optimiser = torch.optim.SGD([codes, *larger.parameters()], lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        (larger(images, codes) - wanted).square().mean().backward()
        optimiser.step()
        for name, value in larger.named_parameters():
            assert value.grad is not None, name
            seen[name] += value.grad.abs()
    for name, gradients in seen.items():
        assert gradients.reshape(len(gradients), -1).sum(1).gt(0).float().mean() > 0.5, name


@pytest.mark.parametrize(
    "other",
    [
        {"widths": (8, 8)},
        {"stem": 4},
        {"widths": (8, 16, 16), "before": (1, 1, 1), "after": (1, 1, 0)},
        {"before": (0, 1)},
        {"block": "inverted"},
        {"banks": (4, 4)},
    ],
)
def test_a_trunk_never_shrinks(other: dict[str, Any]) -> None:
    """Less of something, other blocks, more levels, or larger banks: there is no place for it."""
    with pytest.raises(ModelError, match="cannot grow"):
        grown(Trunk(BANKED), replace(BANKED, **other))
