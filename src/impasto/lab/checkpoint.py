"""Checkpoints: written whole or not at all, and refused by a recipe they do not belong to."""

import pickle
from pathlib import Path
from typing import Any

import torch

from impasto.core.errors import ModelError, RecipeError
from impasto.core.files import atomic_write


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint; an interrupted write leaves the previous one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        torch.save(state, file)


def load_checkpoint(path: Path, fingerprint: str | None = None) -> dict[str, Any]:
    """Reads a checkpoint: tensors and plain values only, never pickled code.

    Raises:
        ModelError: the file is damaged.
        RecipeError: it was made by a recipe with another fingerprint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: not a readable checkpoint ({error})") from error
    if not isinstance(state, dict):
        raise ModelError(f"{path}: not a checkpoint of impasto")
    if fingerprint is not None and state.get("fingerprint") != fingerprint:
        raise RecipeError(f"{path}: made by another recipe; remove it or give another run folder")
    return state
