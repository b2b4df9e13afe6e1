"""Compares runs of several recipes on held-out photos, style by style, as a Markdown table.

    impasto train recipes/ablation-plain.toml
    impasto train recipes/ablation-augmented.toml
    python scripts/compare_runs.py recipes/ablation-plain.toml recipes/ablation-augmented.toml

The recipes have the same styles and features. `style` is the loss to the style's pictures as they
are, `views` that to views of them which no run has seen, `content` that to the photo. A run's
`runs/NAME/checkpoint.pt` is taken, the running mean of its weights. Needs the extra `train`, and
IMPASTO_ASSETS.
"""

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from impasto.lab.augmentation import Augmentation
from impasto.lab.checkpoint import load_checkpoint
from impasto.lab.data import assets_folder, open_rgb, to_tensor
from impasto.lab.features import features_file, load_features
from impasto.lab.losses import content_loss, style_loss
from impasto.lab.objective import CONTENT_LAYER
from impasto.lab.recipe import Recipe, load_recipe
from impasto.lab.targets import STYLE_LAYERS, style_targets
from impasto.lab.trainer import Painting

UNSEEN = Augmentation(views=8, colour=0.0, seed=1_000_003)
SIDE = 256


def photos(recipe: Recipe, count: int) -> Tensor:
    """Squares out of the middle of the first held-out photos."""
    names = [name for name in recipe.held_out if name.startswith(recipe.photos)][:count]
    squares = []
    for name in names:
        pixels = open_rgb(assets_folder() / name, short_side=SIDE)
        top, left = ((side - SIDE) // 2 for side in pixels.shape[:2])
        squares.append(to_tensor(pixels[top : top + SIDE, left : left + SIDE]))
    return torch.cat(squares)


@torch.no_grad()
def rows(recipes: list[Recipe], count: int) -> Iterator[str]:
    """A line for each style and run."""
    plain = dataclasses.replace(recipes[0], augmentation=None)
    varied = dataclasses.replace(plain, augmentation=UNSEEN)
    assets, photo = assets_folder(), photos(plain, count)
    features = load_features(features_file(plain.features, assets))
    looks = [style_targets(recipe, features, assets, "cpu") for recipe in (plain, varied)]
    wanted = features(photo, [CONTENT_LAYER])[CONTENT_LAYER]
    paintings = [load(recipe) for recipe in recipes]
    for index, style in enumerate(plain.styles, start=1):
        mix = torch.eye(len(plain.styles) + 1)[[index] * len(photo)]
        targets = [look.mix_features(mix) for look in looks]
        for recipe, (painting, step) in zip(recipes, paintings, strict=True):
            painted = painting.trunk(photo, painting.book(mix))
            found = features(painted.clamp(0, 1), STYLE_LAYERS)
            losses = [style_loss(found, target).mean().item() for target in targets]
            losses.append(content_loss(found[CONTENT_LAYER], wanted).mean().item())
            values = " | ".join(f"{loss:.4f}" for loss in losses)
            yield f"| {style} | {recipe.name}, step {step} | {values} |"


def load(recipe: Recipe) -> tuple[Painting, int]:
    """The running mean of a run, and its step."""
    state = load_checkpoint(Path("runs") / recipe.name / "checkpoint.pt", recipe.fingerprint())
    painting = Painting(recipe).eval()
    painting.load_state_dict(state["average"])
    return painting, state["step"]


def main() -> None:
    """Reads the arguments and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", type=Path, nargs="+")
    parser.add_argument("--photos", type=int, default=12)
    given = parser.parse_args()
    recipes = [load_recipe(path) for path in given.recipes]
    print("| style | run | style | views | content |\n| --- | --- | --- | --- | --- |")
    for row in rows(recipes, given.photos):
        print(row, flush=True)


if __name__ == "__main__":
    main()
