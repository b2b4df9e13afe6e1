"""Trains our own small feature network from the VGG files that people have.

A run lives in a folder: `checkpoint.pt` (resumes exactly, where no pictures are lured: those that
were kept are lured again) and `log.jsonl` (one line every few steps). What ships is the running
mean of the weights, in the format of `impasto.lab.features`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impasto.core.errors import ModelError
from impasto.core.files import sha256_file
from impasto.lab.checkpoint import load_checkpoint
from impasto.lab.data import assets_folder, list_photos, open_rgb, to_tensor
from impasto.lab.devices import check_device
from impasto.lab.distil_recipe import DistilRecipe
from impasto.lab.distiller import Distiller
from impasto.lab.features import save_features
from impasto.lab.student import level, new_student
from impasto.lab.train import Progress, RunSettings, run


def distil(recipe: DistilRecipe, settings: RunSettings) -> Iterator[Progress]:
    """Runs a recipe to its end (or for `settings.seconds`), reporting as it goes.

    Continues from the folder's checkpoint if there is one. Stopping the iteration, or an
    exception, loses what came after the last checkpoint, at most `checkpoint_seconds` of work.

    Raises:
        EngineError: the device is not there.
    """
    check_device(settings.device)
    distiller = Distiller(recipe, settings.device, bfloat16=settings.bfloat16)
    steps, batch = recipe.schedule.steps, recipe.sampling.batch
    yield from run(distiller, recipe.fingerprint(), steps, batch, settings)


def export_features(recipe: DistilRecipe, folder: Path, path: Path) -> None:
    """Writes the network of a run, in float16, with how it was made.

    Raises:
        ModelError: the run has no checkpoint yet.
        RecipeError: the checkpoint is of another recipe.
    """
    checkpoint = folder / "checkpoint.pt"
    if not checkpoint.exists():
        raise ModelError(f"{checkpoint}: no such checkpoint; run the recipe first")
    state = load_checkpoint(checkpoint, recipe.fingerprint())
    weights = state["average"]
    heads = {
        key.split(".")[1]: len(value)
        for key, value in weights.items()
        if key.startswith("heads.") and key.endswith(".bias")
    }
    network = new_student(recipe.student, heads)
    network.load_state_dict(weights)
    assets = assets_folder()
    photo = list_photos(assets / recipe.photos, recipe.held_out)[0]
    level(network, to_tensor(open_rgb(photo)))
    save_features(network, path, _record(recipe, state["step"], assets))


def _record(recipe: DistilRecipe, step: int, assets: Path) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "recipe": recipe.fingerprint(),
        "seed": recipe.seed,
        "steps": step,
        "teachers": [
            {"file": file, "sha256": sha256_file(assets / file), "layers": layers}
            for file, layers in recipe.teachers.items()
        ],
    }
