"""What the scripts of `scripts/` compute, apart from the files that they read and write."""

import copy
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.optimiser import RunOptimiser
from impasto.lab.recipe import Schedule

SCRIPTS = Path(__file__).parents[2] / "scripts"
SCHEDULE = Schedule(warmup=1)


def script(name: str) -> dict[str, Any]:
    """What a script defines; it is not run."""
    return runpy.run_path(str(SCRIPTS / f"{name}.py"))


def state_of(book: CodeBook, optimiser: RunOptimiser) -> dict[str, Any]:
    """The parts of a checkpoint that hold codes."""
    codes = {"book.codes": book.codes.detach()}
    state = {"live": codes, "average": dict(codes), "optimiser": optimiser.state_dict()}
    return copy.deepcopy(state)


def test_a_run_goes_on_with_more_styles() -> None:
    """A grown checkpoint fits a book with the new styles; the old ones move as without them."""
    torch.manual_seed(0)
    trunk = Trunk(TrunkSettings(4, (8,), (1,), (0,)))
    small = CodeBook(["one", "two"], trunk.first_code())
    optimiser = RunOptimiser(trunk, small)
    small.codes.grad = torch.rand_like(small.codes)
    optimiser.step(SCHEDULE, 0)
    state, added = state_of(small, optimiser), torch.rand(2, *small.codes.shape[1:])
    script("grow_checkpoint")["grow"](state, added)

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


def test_fits_are_compared_at_the_content_loss_of_both() -> None:
    """The style losses are read off both curves where the more timid one ends."""
    bar = script("fit_bar")
    point = bar["Point"]
    fit = [point(strength, 3 - 2 * strength, strength / 2) for strength in (0.0, 0.5, 1.0)]
    full = [point(strength, 2 - strength, strength) for strength in (1.0, 0.0)]
    found = bar["ratio"](fit, full)
    assert found == pytest.approx({"content": 0.5, "fit": 1.0, "full": 1.5, "ratio": 2 / 3})


@pytest.mark.parametrize("count", [1, 7, 12, 25, 59, 60, 70])
def test_so_many_held_out_photos_are_taken(count: int) -> None:
    """Exactly as many as were asked for, each once; the twelve of all fits so far stay the same."""
    names = [f"{number}.jpg" for number in range(60)]
    chosen = script("fit_bar")["evenly"](names, count)
    assert len(set(chosen)) == len(chosen) == min(count, 60)
    assert chosen == sorted(chosen, key=names.index)
    if count == 12:
        assert chosen == names[::5]
