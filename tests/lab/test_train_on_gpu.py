"""The script that trains by one kind of step; here without a GPU, so nothing is recorded."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto.lab.checkpoint import load_checkpoint
from impasto.lab.patches import measure_patches
from impasto.lab.recipe import load_recipe
from impasto.lab.train import RunSettings, train

from .test_scripts import script

CROP = 32


def photo(seed: int, height: int, width: int) -> np.ndarray:
    """Noise: no two squares of it are alike."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("size", [(CROP, CROP), (40, 57), (64, 50), (20, 30)])
def test_squares_are_those_that_torch_cuts(size: tuple[int, int]) -> None:
    """Squares of all sizes, mirrored or not, are as torch resamples them, one by one."""
    photos = [torch.from_numpy(photo(seed, *size)) for seed in (1, 2)]
    squares = script("train_on_gpu")["Squares"](photos, CROP)
    drawn = squares.draw(np.random.default_rng(3), 12)
    pixels = torch.cat([each.flatten(0, 1) for each in photos])
    for (start, width, side, mirrored), found in zip(
        drawn.tolist(), squares.cut(drawn), strict=True
    ):
        rows = start + torch.arange(side)[:, None] * width
        square = pixels[rows + torch.arange(side)]
        square = square.flip(1) if mirrored else square
        planes = square.permute(2, 0, 1)[None].float()
        wanted = torch.nn.functional.interpolate(
            planes, (CROP, CROP), mode="bicubic", antialias=True
        )
        torch.testing.assert_close(255 * found, wanted[0].clamp(0, 255), atol=1e-2, rtol=0)


def test_a_square_that_shows_nothing_is_replaced() -> None:
    """Where half of the photos are a blank wall, fewer squares are blank than were drawn."""
    photos = [torch.from_numpy(photo(1, 64, 64)), torch.full((64, 64, 3), 90, dtype=torch.uint8)]
    squares = script("train_on_gpu")["Squares"](photos, CROP)
    image = squares.cut(squares.draw(np.random.default_rng(0), 64))
    drawn = squares.draw(np.random.default_rng(0), 64)
    blank = (drawn[:, 0] >= 64 * 64).float().mean()
    left = (image.std(dim=(1, 2, 3)) == 0).float().mean()
    assert 0.3 < blank < 0.7
    assert left < 0.75 * blank


def test_a_run_goes_on_where_the_script_stopped(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script trains, tells every term, goes on with its run, and so does `impasto train`."""
    recipe, folder = workshop / "recipe.toml", workshop / "run"
    names = script("train_on_gpu")
    monkeypatch.setitem(names["run"].__globals__, "LOG_SECONDS", 0.0)
    sampling = '{"batch": 8, "identities": 2, "fine_items": 2}'
    arguments = [str(recipe), str(folder), "--seconds", "1", "--sampling", sampling]
    monkeypatch.setattr(sys, "argv", ["train_on_gpu.py", *arguments])
    steps = []
    for _ in range(2):
        names["main"]()
        steps.append(load_checkpoint(folder / "checkpoint.pt")["step"])
    assert 0 < steps[0] < steps[1]
    line = capsys.readouterr().out.splitlines()[0]
    assert all(term in line for term in ("content", "style", "coarse", "fine", "stability"))
    plan = load_recipe(recipe)
    schedule = {"steps": steps[1] + 1, "warmup": 1, "decay": 0}
    plan = replace(plan, schedule=replace(plan.schedule, **schedule))
    list(train(plan, RunSettings(folder)))
    assert load_checkpoint(folder / "checkpoint.pt")["step"] == steps[1] + 1


def test_all_is_painted_in_one_pass(workshop: Path) -> None:
    """Each item is painted as by itself: by its own statistics or by those of patches."""
    names = script("train_on_gpu")
    recipe = load_recipe(workshop / "recipe.toml")
    trainer = names["Trainer"](replace(recipe, sampling=replace(recipe.sampling, batch=6)))
    steps = names["Steps"](trainer)
    batch, which = steps.batch(), steps.by_patches
    painted, again = steps.paint(batch)
    noisy, code = batch.image + batch.noise, trainer.live.book(batch.mix)
    alone = trainer.live.trunk(noisy, code, grain=batch.grain)
    given = measure_patches(trainer.live.trunk, noisy, code, batch.grain)
    by_patches = trainer.live.trunk(noisy, code, given, batch.grain)
    wanted = torch.cat([alone[: which.start], by_patches[which], alone[which.stop :]])
    assert 0 < len(alone[which]) < len(alone)
    torch.testing.assert_close(painted, wanted, atol=1e-4, rtol=1e-4)
    assert again.shape == (1, *wanted.shape[1:])
