"""Trains a trunk and its codes: many styles in one network, one style drawn for each photo.

A run lives in a folder: `checkpoint.pt` (resumes exactly), `log.jsonl` (one line every few steps)
and `samples/` (sheets of held-out photos in every style).
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from impasto.core.files import atomic_write
from impasto.lab.checkpoint import load_checkpoint, save_checkpoint
from impasto.lab.recipe import Recipe
from impasto.lab.trainer import Trainer


@dataclass(frozen=True)
class RunSettings:
    """How a recipe is run: none of this changes what it aims at."""

    folder: Path
    device: str = "cpu"
    bfloat16: bool = False
    checkpoint_seconds: float = 120.0
    sample_seconds: float = 300.0
    log_every: int = 20
    seconds: float | None = None


@dataclass(frozen=True)
class Progress:
    """What a run reports while it goes on."""

    step: int
    steps: int
    losses: dict[str, float]
    images_per_second: float


def train(recipe: Recipe, settings: RunSettings) -> Iterator[Progress]:
    """Runs a recipe to its end (or for `settings.seconds`), reporting as it goes.

    Continues from the folder's checkpoint if there is one. Stopping the iteration, or an
    exception, loses what came after the last checkpoint, at most `checkpoint_seconds` of work.
    """
    trainer = Trainer(recipe, settings.device, bfloat16=settings.bfloat16)
    path = settings.folder / "checkpoint.pt"
    if path.exists():
        trainer.restore(load_checkpoint(path, recipe.fingerprint()))
    clock = _Clock(settings)
    while trainer.step < recipe.schedule.steps and not clock.over():
        terms = trainer.train_step()
        clock.add(terms)
        if trainer.step % settings.log_every == 0:
            yield clock.report(trainer, recipe)
        if clock.due("checkpoint", settings.checkpoint_seconds):
            save_checkpoint(path, trainer.state())
        if trainer.samples and clock.due("sample", settings.sample_seconds):
            _save_sheet(trainer, settings.folder)
    save_checkpoint(path, trainer.state())
    if trainer.samples:
        _save_sheet(trainer, settings.folder)


def _save_sheet(trainer: Trainer, folder: Path) -> None:
    path = folder / "samples" / f"{trainer.step:06d}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        Image.fromarray(trainer.sample_sheet()).save(file, "JPEG", quality=92)


class _Clock:
    """When things are due, and means of the loss terms between two reports."""

    def __init__(self, settings: RunSettings) -> None:
        self.settings = settings
        self.start = self.last = time.monotonic()
        self.done: dict[str, float] = {}
        self.sums: dict[str, list[float]] = {}

    def over(self) -> bool:
        limit = self.settings.seconds
        return limit is not None and time.monotonic() - self.start > limit

    def due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - self.done.setdefault(what, self.start) < seconds:
            return False
        self.done[what] = now
        return True

    def add(self, terms: dict[str, Tensor]) -> None:
        for name, value in terms.items():
            self.sums.setdefault(name, []).append(value.item())

    def report(self, trainer: Trainer, recipe: Recipe) -> Progress:
        now = time.monotonic()
        speed = recipe.sampling.batch * self.settings.log_every / (now - self.last)
        losses = {name: sum(values) / len(values) for name, values in self.sums.items()}
        self.last, self.sums = now, {}
        progress = Progress(trainer.step, recipe.schedule.steps, losses, speed)
        line = {"step": progress.step, **{k: round(v, 6) for k, v in losses.items()}}
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        with (self.settings.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "images_per_second": round(speed, 2)}) + "\n")
        return progress
