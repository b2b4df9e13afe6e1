import pytest
import torch

from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.optimiser import RunOptimiser, update_mean
from impasto.lab.recipe import Schedule

SETTINGS = TrunkSettings(4, (8, 16), (1, 1), (1, 0))


def one_step(trunk: Trunk, optimiser: RunOptimiser, book: CodeBook) -> None:
    """Moves everything once, by the gradients of a painting's brightness."""
    painted = trunk(torch.rand(2, 3, 32, 32), book(torch.eye(2)))
    painted.square().mean().backward()
    optimiser.step(Schedule(warmup=1), 0)
    optimiser.zero_grad()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_every_weight_of_the_trunk_moves(layout: torch.memory_format) -> None:
    """Whatever the memory layout, one step changes every convolution and every code."""
    torch.manual_seed(0)
    trunk = Trunk(SETTINGS).to(memory_format=layout)  # type: ignore[call-overload]
    book = CodeBook(["one"], trunk.first_code())
    optimiser = RunOptimiser(trunk, book)
    before = {name: value.clone() for name, value in trunk.named_parameters()}
    one_step(trunk, optimiser, book)
    for name, value in trunk.named_parameters():
        assert (value != before[name]).any(), name
    assert (book.codes != trunk.first_code()).any()


def test_memory_layout_does_not_change_a_step() -> None:
    """Orthogonal updates do not depend on the order of a matrix's columns."""
    moved = []
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        trunk = Trunk(SETTINGS).to(memory_format=layout)  # type: ignore[call-overload]
        book = CodeBook(["one"], trunk.first_code())
        one_step(trunk, RunOptimiser(trunk, book), book)
        moved.append(trunk.body.down.weight.detach().contiguous())
    torch.testing.assert_close(moved[0], moved[1], rtol=0, atol=2e-3)


def test_gradients_are_forgotten() -> None:
    """After `zero_grad` neither weights nor views hold a gradient."""
    trunk = Trunk(SETTINGS)
    book = CodeBook(["one"], trunk.first_code())
    optimiser = RunOptimiser(trunk, book)
    one_step(trunk, optimiser, book)
    assert all(parameter.grad is None for parameter in trunk.parameters())
    assert all(view.grad is None for view in optimiser.matrices.views)


def test_the_running_mean_forgets_its_start() -> None:
    """After a while the mean is near weights that stand still, however far it began."""
    mean, live = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    with torch.no_grad():
        mean.weight.fill_(100.0)
        live.weight.fill_(1.0)
    for step in range(1, 200):
        update_mean(mean, live, 0.9, step)
    torch.testing.assert_close(mean.weight, live.weight)
