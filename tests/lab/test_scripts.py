"""What the scripts of `scripts/` compute, apart from the files that they read and write."""

import copy
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.optimiser import RunOptimiser
from impasto.lab.recipe import Schedule

SCRIPTS = Path(__file__).parents[2] / "scripts"
SCHEDULE = Schedule(warmup=1)


@pytest.fixture
def script() -> Callable[[str], ModuleType]:
    """Imports a script by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def state_of(book: CodeBook, optimiser: RunOptimiser) -> dict[str, Any]:
    """The parts of a checkpoint that hold codes."""
    codes = {"book.codes": book.codes.detach()}
    state = {"live": codes, "average": dict(codes), "optimiser": optimiser.state_dict()}
    return copy.deepcopy(state)


def test_a_run_goes_on_with_more_styles(script: Callable[[str], ModuleType]) -> None:
    """A grown checkpoint fits a book with the new styles; the old ones move as without them."""
    torch.manual_seed(0)
    trunk = Trunk(TrunkSettings(4, (8,), (1,), (0,)))
    small = CodeBook(["one", "two"], trunk.first_code())
    optimiser = RunOptimiser(trunk, small)
    small.codes.grad = torch.rand_like(small.codes)
    optimiser.step(SCHEDULE, 0)
    state, added = state_of(small, optimiser), torch.rand(2, *small.codes.shape[1:])
    script("grow_checkpoint").grow(state, added)

    large = CodeBook(["one", "two", "three", "four"], trunk.first_code())
    large.load_state_dict({"codes": state["live"]["book.codes"]})
    assert (large.codes[3:] == added).all()
    grown = RunOptimiser(trunk, large)
    grown.load_state_dict(state["optimiser"])
    gradient = torch.rand_like(large.codes)
    small.codes.grad, large.codes.grad = gradient[:3].clone(), gradient
    for each in (optimiser, grown):
        each.step(SCHEDULE, 0)
    torch.testing.assert_close(large.codes[:3], small.codes)
    assert (large.codes[3:] != added).all()


def test_fits_are_compared_at_the_content_loss_of_both(
    script: Callable[[str], ModuleType],
) -> None:
    """The style losses are read off both curves where the more timid one ends."""
    bar = script("fit_bar")
    fit = [bar.Point(strength, 3 - 2 * strength, strength / 2) for strength in (0.0, 0.5, 1.0)]
    full = [bar.Point(strength, 2 - strength, strength) for strength in (1.0, 0.0)]
    found = bar.ratio(fit, full)
    assert found == pytest.approx({"content": 0.5, "fit": 1.0, "full": 1.5, "ratio": 2 / 3})
