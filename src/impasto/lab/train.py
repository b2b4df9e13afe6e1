"""Trains a trunk and its codes: many styles in one network, one style drawn for each photo.

A run lives in a folder: `checkpoint.pt` (resumes exactly), `log.jsonl` (one line every few steps)
and `samples/` (sheets of held-out photos in every style).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor

from impasto.core.files import atomic_write
from impasto.engine.looks import library_of
from impasto.engine.model import load_model
from impasto.lab.checkpoint import load_checkpoint, save_checkpoint
from impasto.lab.devices import check_device
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
    start: str | Path | None = None
    """The model that a new run begins with, by name or folder; one with a checkpoint goes on."""


@dataclass(frozen=True)
class Progress:
    """What a run reports while it goes on."""

    step: int
    steps: int
    losses: dict[str, float]
    images_per_second: float


class Learner(Protocol):
    """What is trained, in memory, one step after another."""

    step: int

    def train_step(self) -> Mapping[str, Tensor]:
        """One step; returns the terms of the loss."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a state."""
        ...


def train(recipe: Recipe, settings: RunSettings) -> Iterator[Progress]:
    """Runs a recipe to its end (or for `settings.seconds`), reporting as it goes.

    Continues from the folder's checkpoint if there is one. Stopping the iteration, or an
    exception, loses what came after the last checkpoint, at most `checkpoint_seconds` of work.

    Raises:
        EngineError: the device is not there.
    """
    check_device(settings.device)
    trainer = Trainer(recipe, settings.device, bfloat16=settings.bfloat16)
    # Only now: style pictures of all sizes were measured, and each would be tried in all ways.
    torch.backends.cudnn.benchmark = True
    if settings.start is not None:
        model = load_model(settings.start)
        trainer.start_from(model.folder, library_of(model))
    sheet = partial(_save_sheet, trainer, settings.folder) if trainer.samples else None
    yield from run(
        trainer, recipe.fingerprint(), recipe.schedule.steps, recipe.sampling.batch, settings, sheet
    )


def run(
    learner: Learner,
    fingerprint: str,
    steps: int,
    batch: int,
    settings: RunSettings,
    sheet: Callable[[], None] | None = None,
) -> Iterator[Progress]:
    """Trains to a number of steps (or for `settings.seconds`) in the run's folder.

    Args:
        learner: what is trained; goes on from the folder's checkpoint, if there is one.
        fingerprint: of the recipe; a checkpoint of another is refused.
        steps: where to end.
        batch: pictures in a step, for the speed that is reported.
        settings: the folder, and how often things happen.
        sheet: saves sample pictures, from time to time and at the end.
    """
    path = settings.folder / "checkpoint.pt"
    if path.exists():
        learner.restore(load_checkpoint(path, fingerprint))
    clock = Clock(settings)
    while learner.step < steps and not clock.over():
        clock.add(learner.train_step())
        if learner.step % settings.log_every == 0:
            yield clock.report(learner.step, steps, batch)
        if clock.due("checkpoint", settings.checkpoint_seconds):
            save_checkpoint(path, learner.state())
        if sheet and clock.due("sample", settings.sample_seconds):
            sheet()
    save_checkpoint(path, learner.state())
    if sheet:
        sheet()


def _save_sheet(trainer: Trainer, folder: Path) -> None:
    path = folder / "samples" / f"{trainer.step:06d}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        Image.fromarray(trainer.sample_sheet()).save(file, "JPEG", quality=92)


class Clock:
    """When things are due, and means of the loss terms between two reports."""

    def __init__(self, settings: RunSettings) -> None:
        self.settings = settings
        self.start = self.last = time.monotonic()
        self.done: dict[str, float] = {}
        self.seen: dict[str, list[Tensor]] = {}

    def over(self) -> bool:
        """Whether the time of this call is up."""
        limit = self.settings.seconds
        return limit is not None and time.monotonic() - self.start > limit

    def due(self, what: str, seconds: float) -> bool:
        """Whether it was last so long ago; if so, it counts as done now."""
        now = time.monotonic()
        if now - self.done.setdefault(what, self.start) < seconds:
            return False
        self.done[what] = now
        return True

    def add(self, terms: Mapping[str, Tensor]) -> None:
        """Counts the terms of one step."""
        for name, value in terms.items():
            self.seen.setdefault(name, []).append(value.detach())  # a GPU need not wait

    def report(self, step: int, steps: int, batch: int) -> Progress:
        """What happened since the last report, which is also a line of the log."""
        now = time.monotonic()
        speed = batch * self.settings.log_every / (now - self.last)
        losses = {name: torch.stack(each).mean().item() for name, each in self.seen.items()}
        self.last, self.seen = now, {}
        line = {"step": step, **{k: round(v, 6) for k, v in losses.items()}}
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        with (self.settings.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "images_per_second": round(speed, 2)}) + "\n")
        return Progress(step, steps, losses, speed)
