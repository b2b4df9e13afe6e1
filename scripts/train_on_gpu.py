"""Trains a recipe on a GPU for some minutes: one kind of step, recorded as a CUDA graph.

    python scripts/pack_assets.py runs/pack recipes/quality.toml
    export IMPASTO_ASSETS=runs/pack
    python scripts/train_on_gpu.py recipes/quality.toml runs/quality --start quality --seconds 580
    impasto export recipes/quality.toml --run runs/quality --model DIR --styles DIR

`impasto train --device cuda` starts thousands of small operations a step, and the GPU waits for
them. Here forward and backward are recorded once and started as one. For that every step does the
same: half of its items are painted by statistics of patches, and the terms that cost another pass
look at some items in every step, where the recipe has them look at all in some steps; what they
count is divided by how often those would be. Rates fall with the time, from `--rates FROM TO`.

Without a GPU it does the same steps, slowly, to try it.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from impasto.engine.looks import library_of
from impasto.engine.model import load_model
from impasto.lab.checkpoint import load_checkpoint, save_checkpoint
from impasto.lab.data import FLAT, MOST_SHIFT, SPARE_CELLS, Batch, random_mixes
from impasto.lab.levels import GRAIN_CELL
from impasto.lab.losses import squared_error
from impasto.lab.objective import STABILITY_BORDER, check_finite, cut_square
from impasto.lab.optimiser import update_mean
from impasto.lab.patches import measure_patches
from impasto.lab.recipe import load_recipe
from impasto.lab.sites import Site, compose, parts_of, scale_and_shift
from impasto.lab.trainer import Trainer

AGAIN = 3 / 16
"""The share of a batch that is painted again, shifted, for the stability term."""
LOG_SECONDS, SAVE_SECONDS = 15.0, 110.0
WARM_UP = 3
"""Steps before one is recorded: libraries choose their ways in them."""


def main() -> None:
    """Trains, and says how it goes."""
    options = parsed()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = load_recipe(options.recipe)
    recipe = replace(recipe, samples=[], sampling=replace(recipe.sampling, **options.sampling))
    recipe = replace(recipe, schedule=replace(recipe.schedule, **options.schedule))
    trainer = Trainer(recipe, device, bfloat16=True)
    torch.backends.cudnn.benchmark = True
    begin(trainer, options)
    steps = Steps(trainer)
    if device == "cuda":
        steps.record()
    run(steps, options)


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description="Train a recipe on a GPU for some minutes.")
    parser.add_argument("recipe", type=Path)
    parser.add_argument("run", type=Path, help="folder of the checkpoint; goes on from one there")
    parser.add_argument("--start", help="the model that a new run begins with, NAME or FOLDER")
    parser.add_argument("--seconds", type=float, default=580)
    parser.add_argument("--rates", type=float, nargs=2, default=(1.0, 0.0), metavar=("FROM", "TO"))
    parser.add_argument("--sampling", type=json.loads, default={}, help="JSON; changes the recipe")
    parser.add_argument("--schedule", type=json.loads, default={}, help="JSON; changes the recipe")
    return parser.parse_args()


def begin(trainer: Trainer, options: argparse.Namespace) -> None:
    """Goes on from the run's checkpoint, or else begins with a model's weights."""
    path = options.run / "checkpoint.pt"
    if path.exists():
        state = load_checkpoint(path, trainer.recipe.fingerprint())
        trainer.restore(state)
    elif options.start:
        model = load_model(options.start)
        trainer.start_from(model.folder, library_of(model))


class Squares:
    """Squares of photos: all of a batch by two products with matrices that resample.

    Args:
        photos: at least one, on the device.
        crop: pixels on a side of what is cut.
    """

    def __init__(self, photos: list[UInt8[Tensor, "h w 3"]], crop: int) -> None:
        self.height, self.width = (np.array([p.shape[axis] for p in photos]) for axis in (0, 1))
        self.start = np.cumsum([0, *(self.height * self.width)[:-1]])
        self.pixels, device = torch.cat([photo.flatten(0, 1) for photo in photos]), photos[0].device
        shorter = np.minimum(self.height, self.width)
        self.crop, self.least, most = crop, min(int(shorter.min()), crop), int(shorter.max())
        self.matrices = torch.zeros(most - self.least + 1, crop, most, device=device)
        for matrix, side in zip(self.matrices, range(self.least, most + 1), strict=True):
            matrix[:, :side] = resampling(side, crop)
        self.line = torch.arange(most, device=device)

    def draw(self, rng: np.random.Generator, count: int) -> Int[Tensor, "count 4"]:
        """Where squares begin, the width of their photos, their sides, and whether to mirror."""
        photo = rng.integers(len(self.height), size=count)
        height, width = self.height[photo], self.width[photo]
        shorter = np.minimum(height, width)
        side = rng.integers(np.minimum(self.crop, shorter), shorter + 1)
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        mirrored = rng.integers(2, size=count)
        start = self.start[photo] + top * width + left
        return torch.from_numpy(np.stack([start, width, side, mirrored], axis=1))

    def cut(self, drawn: Int[Tensor, "n 4"]) -> Float[Tensor, "n 3 crop crop"]:
        """RGB in 0 to 1; another item takes the place of one that shows nothing."""
        start, width, side, mirrored = drawn[..., None].unbind(1)
        line = torch.minimum(self.line, side - 1)
        index = (start + line * width)[:, :, None] + line[:, None]
        rows = self.matrices[side[:, 0] - self.least]
        columns = torch.where(mirrored[..., None] > 0, rows.flip(1), rows)
        image = torch.einsum("nor,nrcd->nocd", rows, self.pixels[index].float())
        image = torch.einsum("npc,nocd->ndop", columns, image).clamp(0, 255)
        flat = image.std(dim=(1, 2, 3), keepdim=True) <= FLAT
        image = torch.where(flat, image.flip(0), image) / 255
        return image.contiguous(memory_format=torch.channels_last)


def resampling(side: int, crop: int) -> Float[Tensor, "crop side"]:
    """The matrix that makes lines of `side` pixels `crop` long, as torch resamples pictures."""
    lines = torch.eye(side)[None, None]
    return F.interpolate(lines, (crop, side), mode="bicubic", antialias=True)[0, 0]


class Steps:
    """Steps of one kind, from inputs that stay in one place.

    Args:
        trainer: on the device; its weights are moved.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.recipe, self.first = trainer, trainer.recipe, trainer.step
        sampling, device = self.recipe.sampling, trainer.device
        self.count, self.crop = sampling.batch, sampling.crop
        self.squares = Squares(trainer.photos.photos, self.crop)
        self.drawn = torch.zeros(self.count, 4, dtype=torch.long, device=device)
        self.mix = torch.zeros(self.count, len(self.recipe.styles) + 1, device=device)
        self.shift = torch.zeros(2, dtype=torch.long, device=device)
        self.line = torch.arange(self.crop, device=device)
        half = sampling.identities // 2
        self.by_patches = slice(half, half + self.count // 2)
        self.again = slice(self.count - max(1, int(self.count * AGAIN)), self.count)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.found: dict[str, Tensor] = {}
        self.draw()

    def draw(self) -> None:
        """Puts what the host decides of the next step where the device finds it."""
        rng = np.random.default_rng([self.recipe.seed, self.trainer.step])
        sampling = self.recipe.sampling
        self.drawn.copy_(self.squares.draw(rng, self.count))
        self.mix.copy_(random_mixes(rng, sampling, self.recipe.shares()))
        self.shift.copy_(torch.from_numpy(rng.integers(MOST_SHIFT, size=2)))

    def batch(self) -> Batch:
        """Pictures, and noise and grain of the device's own."""
        image, device = self.squares.cut(self.drawn), self.trainer.device
        strength = self.recipe.sampling.noise * torch.rand(self.count, 1, 1, 1, device=device)
        cells = self.crop // GRAIN_CELL + SPARE_CELLS
        grain = 3**0.5 * (2 * torch.rand(self.count, 1, cells, cells, device=device) - 1)
        noise = strength * torch.randn_like(image)
        return Batch(image, noise, self.mix, patches=True, shift=self.shift, grain=grain)

    def terms(self) -> dict[str, Tensor]:
        """All terms of a batch."""
        batch, objective = self.batch(), self.trainer.objective
        painted, again = self.paint(batch)
        terms = objective.judge(painted, batch)
        sampling = self.recipe.sampling
        terms["stability"] = self.stability(painted, again, batch) / sampling.stability_every
        if objective.coarse is not None:
            some, mix = (each[objective.styled][::2] for each in (painted, batch.mix))
            coarse = objective.coarse_loss(some, objective.coarse, mix)
            terms["coarse"] = coarse / sampling.coarse_every
        return terms

    def paint(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The batch, and some of it shifted and noisier, in one pass."""
        trunk, again = self.trainer.live.trunk, self.again
        rows, columns = ((self.line + by).clamp_max(self.crop - 1) for by in batch.shift)
        noisier = batch.image[again] + batch.noise[again].flip(0)
        shifted = noisier.index_select(2, rows).index_select(3, columns)
        pictures = torch.cat([batch.image + batch.noise, shifted])
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        code = self.trainer.live.book(torch.cat([batch.mix, batch.mix[again]]))
        grain = torch.cat([batch.grain, batch.grain[again]])
        which = self.by_patches
        given = measure_patches(trunk, pictures[which], code[which], grain[which])
        codes, measured = parts_of(code, trunk.sites), parts_of(given, trunk.sites)

        def normalise(x: Tensor, site: Site) -> Tensor:
            affine = codes[site.name]
            if not site.fixed:
                own = trunk.inside(x, site, pictures.shape[-2:])
                parts = [own[: which.start], measured[site.name], own[which.stop :]]
                affine = compose(affine, torch.cat(parts))
            return scale_and_shift(x, affine, site)

        margin = slice(trunk.settings.margin, trunk.settings.margin + self.crop)
        painted = trunk.run(trunk.pad(pictures), normalise, grain)[..., margin, margin]
        return painted[: self.count], painted[self.count :]

    def stability(self, painted: Tensor, again: Tensor, batch: Batch) -> Tensor:
        """How much paintings of what was shifted differ, away from the border."""
        side = self.crop - 2 * STABILITY_BORDER - MOST_SHIFT
        here = slice(STABILITY_BORDER, STABILITY_BORDER + side)
        there = cut_square(painted[self.again], STABILITY_BORDER + batch.shift, side)
        return squared_error(again[..., here, here], there).mean()

    def compute(self) -> None:
        """Forward and backward."""
        with torch.autocast(self.trainer.device, torch.bfloat16):
            terms = self.terms()
        self.trainer.objective.total(terms).backward()  # type: ignore[no-untyped-call]
        self.found = {name: value.detach() for name, value in terms.items()}

    def record(self) -> None:
        """Records `compute`; gradients stay where they are then."""
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self.trainer.live.zero_grad(set_to_none=True)
                self.compute()
        torch.cuda.current_stream().wait_stream(side)
        self.trainer.live.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.compute()

    def step(self, factor: float) -> None:
        """One move, at so much of the full rates."""
        trainer, schedule = self.trainer, self.recipe.schedule
        self.draw()
        if self.graph is not None:
            self.graph.replay()
        else:
            trainer.live.zero_grad(set_to_none=True)
            self.compute()
        nn.utils.clip_grad_norm_(trainer.live.trunk.parameters(), 1.0)
        rates = (schedule.body_rate, schedule.rate, schedule.code_rate)
        trainer.optimiser.move(rate * factor for rate in rates)
        trainer.step += 1
        done = trainer.step - self.first
        update_mean(trainer.average, trainer.live, schedule.average, done)


def run(steps: Steps, options: argparse.Namespace) -> None:
    """Trains for the time that there is."""
    trainer, (high, low) = steps.trainer, options.rates
    start = time.monotonic()
    logged, saved, sums, seen = start, start, None, 0
    while (now := time.monotonic()) < start + options.seconds:
        fall = high + (low - high) * (now - start) / options.seconds
        warm = (trainer.step - steps.first + 1) / trainer.recipe.schedule.warmup
        steps.step(min(1.0, warm) * fall)
        values = torch.stack(list(steps.found.values()))
        sums, seen = values if sums is None else sums + values, seen + 1
        if now - logged > LOG_SECONDS:
            means = dict(zip(steps.found, sums / seen, strict=True))
            check_finite(means, trainer.step, "the last checkpoint is kept")
            shown = {name: round(value.item(), 5) for name, value in means.items()}
            print(trainer.step, f"{seen / (now - logged):.2f} steps/s", shown, flush=True)
            logged, sums, seen = now, None, 0
        if now - saved > SAVE_SECONDS:
            save_checkpoint(options.run / "checkpoint.pt", trainer.state())
            saved = now
    save_checkpoint(options.run / "checkpoint.pt", trainer.state())


if __name__ == "__main__":
    main()
