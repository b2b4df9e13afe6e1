"""What each style must look like to the feature network: measured once, before training."""

from pathlib import Path

from impasto.core.errors import RecipeError
from impasto.lab.data import open_rgb, to_tensor
from impasto.lab.features import FeatureNetwork
from impasto.lab.looks import Look, MeanLook, measure
from impasto.lab.recipe import Recipe, StyleSource

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def style_targets(recipe: Recipe, features: FeatureNetwork, assets: Path, device: str) -> Look:
    """One row a style, averaged over its pictures; row 0 (identity) is a stand-in.

    Raises:
        RecipeError: a style image is on the recipe's held-out list.
    """
    looks = [
        _mean_look(style, recipe, features, assets, device) for style in recipe.styles.values()
    ]
    return Look.cat([looks[0], *looks])


def _mean_look(
    style: StyleSource, recipe: Recipe, features: FeatureNetwork, assets: Path, device: str
) -> Look:
    held_out, mean = {Path(name).name for name in recipe.held_out}, MeanLook()
    for name in style.files:
        if Path(name).name in held_out:
            raise RecipeError(f"{name} is held out; no training may see it")
        image = to_tensor(open_rgb(assets / name, long_side=recipe.style_size))
        mean.add(measure(image.to(device), features, STYLE_LAYERS))
    return mean.mean()
