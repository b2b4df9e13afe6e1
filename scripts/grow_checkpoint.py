"""Adds styles to a training run: what was learned of the others goes on as it was.

    impasto fit irises.jpg --name irises -o irises.safetensors
    python scripts/grow_checkpoint.py recipes/default.toml runs/default/checkpoint.pt *.safetensors

The recipe has the new styles behind the old ones, and each has a package by its name, whose code it
begins with. The checkpoint is replaced; a step's size for a new code begins as that of the others.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.api import load_style
from impasto.core.errors import RecipeError
from impasto.lab.checkpoint import load_checkpoint, save_checkpoint
from impasto.lab.recipe import Recipe, load_recipe


def main() -> None:
    """Grows a checkpoint, and says by what."""
    parser = argparse.ArgumentParser(description="Add styles to a training run.")
    parser.add_argument("recipe", type=Path, help="the recipe with the new styles at its end")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("packages", type=Path, nargs="+", help="of the new styles")
    options = parser.parse_args()
    recipe, state = load_recipe(options.recipe), load_checkpoint(options.checkpoint)
    codes = {style.name: style.code for style in map(load_style, options.packages)}
    names = new_names(recipe, state, codes)
    grow(state, torch.from_numpy(np.stack([codes[name] for name in names])).float())
    save_checkpoint(options.checkpoint, {**state, "fingerprint": recipe.fingerprint()})
    print(f"{options.checkpoint}: {', '.join(names)} added at step {state['step']}")


def new_names(recipe: Recipe, state: dict[str, Any], codes: dict[str, Any]) -> list[str]:
    """The styles that the recipe has and the checkpoint has not; each must have a code."""
    known = len(state["live"]["book.codes"]) - 1  # the first is the identity code
    names = list(recipe.styles)[known:]
    if missing := [name for name in names if name not in codes]:
        raise RecipeError(f"no package for {', '.join(missing)}")
    return names


def grow(state: dict[str, Any], added: Tensor) -> None:
    """Adds codes to a checkpoint's own, to their running mean and to what the optimiser knows."""
    for part in ("live", "average"):
        state[part]["book.codes"] = torch.cat([state[part]["book.codes"], added])
    known = len(state["live"]["book.codes"]) - len(added)
    for moments in state["optimiser"]["adam"]["state"].values():
        if moments["exp_avg"].shape == (known, *added.shape[1:]):
            first, second = moments["exp_avg"], moments["exp_avg_sq"]
            moments["exp_avg"] = torch.cat([first, torch.zeros_like(added)])
            mean = second[1:].mean(dim=0, keepdim=True).expand_as(added)
            moments["exp_avg_sq"] = torch.cat([second, mean])


if __name__ == "__main__":
    main()
