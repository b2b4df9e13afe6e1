"""The terms of the loss for flat places: what counts as a weave, a lattice or a glow."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from impasto.lab import flat
from impasto.lab.flat import flat_covariance, flatness, halo, weave

SIDE = 128


def grey(plane: Tensor) -> Tensor:
    """A plane [h, w] as a picture."""
    return plane.expand(1, 3, *plane.shape).clone()


FLAT = grey(torch.full((SIDE, SIDE), 0.5))


def lattice(painted: Tensor, photo: Tensor) -> Tensor:
    """The term of a painting over a photo."""
    return flat.lattice(flat_covariance(painted, photo))


def threads(painted: Tensor, photo: Tensor) -> Tensor:
    """The term of a painting over a photo."""
    return flat.threads(flat_covariance(painted, photo))


def noise(seed: int = 0) -> Tensor:
    """Grey noise around one half."""
    generator = torch.Generator().manual_seed(seed)
    return grey(0.5 + 0.1 * torch.randn(SIDE, SIDE, generator=generator))


def repeated(period: int, seed: int = 0) -> Tensor:
    """One tile of noise, again and again."""
    times = SIDE // period
    return noise(seed)[..., :period, :period].repeat(1, 1, times, times)


def disc(radius: float) -> Tensor:
    """1 inside a disc in the middle, 0 outside."""
    place = torch.arange(SIDE) - SIDE / 2
    return (place.square()[:, None] + place.square() < radius**2).float()


def test_a_flat_photo_is_flat_and_a_rough_one_is_not() -> None:
    """One colour is 1 everywhere; noise is near 0."""
    torch.testing.assert_close(flatness(FLAT), torch.ones(1, 1, SIDE // 4, SIDE // 4))
    assert flatness(grey(torch.rand(SIDE, SIDE))).max() < 0.2


def test_a_weave_costs_only_where_the_photo_is_flat() -> None:
    """Alternating cells cost much over a flat photo and little over a rough one; stripes do not."""
    cells = torch.arange(SIDE) // 4
    checks = grey(((cells[:, None] + cells[None]) % 2).float())
    stripes = grey((cells % 2).float().expand(SIDE, SIDE))
    rough = torch.rand(1, 3, SIDE, SIDE)
    assert weave(checks, FLAT).item() > 20 * weave(checks, rough).item()
    assert weave(checks, FLAT).item() > 0.1
    assert weave(stripes, FLAT).item() < 1e-9


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_what_repeats_at_the_strides_is_a_lattice(period: int) -> None:
    """A tile that repeats costs many times what as much noise does that never repeats."""
    assert lattice(repeated(period), FLAT).item() > 10 * lattice(noise(), FLAT).item()


@given(angle=st.floats(0, 3.1), width=st.floats(3, 12))
def test_strokes_are_no_lattice(angle: float, width: float) -> None:
    """Long soft strokes in any direction cost little of what a lattice of their contrast does."""
    place = torch.arange(SIDE, dtype=torch.float32)
    across = math.sin(angle) * place[:, None] - math.cos(angle) * place
    generator = torch.Generator().manual_seed(1)
    phases = 6.3 * torch.rand(6, generator=generator)
    waves = [torch.sin(across / (width * (1 + i / 7)) + phase) for i, phase in enumerate(phases)]
    strokes = torch.stack(waves).mean(dim=0)
    strokes = grey(0.5 + 0.1 * strokes / strokes.std())
    assert lattice(strokes, FLAT).item() < 0.5 * lattice(repeated(8), FLAT).item()


def test_a_lattice_costs_only_where_the_photo_is_flat() -> None:
    """Over a photo that is rough everywhere the same tiles cost little."""
    rough = torch.rand(1, 3, SIDE, SIDE)
    assert lattice(repeated(8), rough).item() < 0.05 * lattice(repeated(8), FLAT).item()


def test_a_glow_round_an_object_is_a_halo() -> None:
    """A sky that brightens towards an object costs; one colour and what the photo has do not."""
    photo = grey(0.5 - 0.4 * disc(20))
    glow = grey(0.5 + 0.2 * disc(40) - 0.6 * disc(20))
    assert halo(glow, photo).item() > 1e-3
    assert halo(photo, photo).item() < 1e-5
    assert halo(grey(0.7 - 0.5 * disc(20)), photo).item() < 0.05 * halo(glow, photo).item()


def test_a_photo_without_a_flat_place_has_no_halo() -> None:
    """Where nothing is flat, or all is, the term is 0 or nearly so, and finite."""
    rough = torch.rand(1, 3, SIDE, SIDE)
    assert 0 <= halo(noise(), rough).item() < 1e-2
    assert 0 <= halo(noise(), FLAT).item() < 1e-6


def test_gradients_are_finite() -> None:
    """All terms can be trained with where a painting has one colour."""
    painted = FLAT.clone().requires_grad_()
    terms = lattice(painted, FLAT) + threads(painted, FLAT) + halo(painted, noise())
    terms.sum().backward()
    assert painted.grad is not None
    assert painted.grad.isfinite().all()


def test_a_glow_on_one_side_is_a_halo() -> None:
    """Light on the left of an object and shade on its right cost, though their mean is nothing."""
    photo = grey(0.5 - 0.4 * disc(20))
    side = (torch.arange(SIDE) - SIDE / 2).sign()
    around = disc(32) - disc(20)
    assert halo(grey(photo[0, 0] + 0.2 * around * side), photo).item() > 5e-4


def test_a_thin_rim_is_a_halo() -> None:
    """A rim as narrow as the smaller neighbourhood is seen, too."""
    photo = grey(0.5 - 0.4 * disc(20))
    rim = disc(30) - disc(24)
    assert halo(grey(photo[0, 0] + 0.3 * rim), photo).item() > 5e-4


@pytest.mark.parametrize("axis", [0, 1])
def test_threads_lie_along_an_axis(axis: int) -> None:
    """Lines along rows or columns cost, the same noise aslant or without a direction hardly any."""
    along = torch.randn(SIDE, 1, generator=torch.Generator().manual_seed(1)).expand(SIDE, SIDE)
    along = along.T if axis else along
    found = [cost_of(each) for each in (along, *diagonals(), noise()[0, 0])]
    assert found[0] > 1e-4
    assert max(found[1:]) < 0.1 * found[0]
    rough = torch.rand(1, 3, SIDE, SIDE)
    assert threads(grey(0.5 + 0.05 * along), rough).item() < 0.05 * found[0]


def test_threads_may_cross_aslant() -> None:
    """Lines along both diagonals cost, in one place or in two; those along one hardly any."""
    rising, falling = diagonals()
    crossed = cost_of((rising + falling) / 2**0.5)
    assert crossed > 1e-4
    assert max(cost_of(rising), cost_of(falling)) < 0.1 * crossed
    assert cost_of(rising.where(torch.arange(SIDE) < SIDE / 2, falling)) > 0.5 * crossed


def test_short_threads_are_seen() -> None:
    """Threads of three pixels along rows and columns cost, round grain of that size far less."""
    generator = torch.Generator().manual_seed(3)
    rows, columns, grain = torch.randn(3, 1, SIDE, SIDE, generator=generator)
    cloth = smeared(rows, 1, 3) + smeared(columns, 3, 1)
    round_grain = smeared(smeared(grain, 1, 3), 3, 1)
    found = [cost_of(each[0] / each.std()) for each in (cloth, round_grain, grain)]
    assert found[0] > 5e-5
    assert max(found[1:]) < 0.4 * found[0]


def smeared(noise: Tensor, height: int, width: int) -> Tensor:
    """The mean of so many rows and columns around each place."""
    return F.avg_pool2d(noise, (height, width), 1, (height // 2, width // 2))


def cost_of(pattern: Tensor) -> float:
    """What threads cost in a weak pattern of variance 1 where the photo is flat."""
    return threads(grey(0.5 + 0.05 * pattern), FLAT).item()


def diagonals() -> tuple[Tensor, Tensor]:
    """Lines along one diagonal and along the other, of noise."""
    generator = torch.Generator().manual_seed(2)
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    noises = torch.randn(2, 2 * SIDE, generator=generator)
    return noises[0][rows + columns], noises[1][rows - columns + SIDE]
