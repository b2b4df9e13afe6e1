"""What each style must look like to the feature network: measured once, before training."""

from pathlib import Path

import torch

from impasto.core.errors import RecipeError
from impasto.lab.data import open_rgb, to_tensor
from impasto.lab.features import FeatureNetwork
from impasto.lab.losses import StyleFeatures
from impasto.lab.recipe import Recipe

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@torch.no_grad()
def style_targets(
    recipe: Recipe, features: FeatureNetwork, assets: Path, device: str
) -> dict[str, StyleFeatures]:
    """Style features of every style, averaged over its pictures; row 0 (identity) is a stand-in."""
    rows: list[dict[str, StyleFeatures]] = []
    for style in recipe.styles.values():
        parts = [_measure_style(assets / name, recipe, features, device) for name in style.files]
        rows.append({k: StyleFeatures.average([part[k] for part in parts]) for k in STYLE_LAYERS})
    rows.insert(0, rows[0])
    return {layer: StyleFeatures.cat([row[layer] for row in rows]) for layer in STYLE_LAYERS}


def _measure_style(
    path: Path, recipe: Recipe, features: FeatureNetwork, device: str
) -> dict[str, StyleFeatures]:
    if path.name in {Path(name).name for name in recipe.held_out}:
        raise RecipeError(f"{path} is held out; no training may see it")
    image = to_tensor(open_rgb(path, long_side=recipe.style_size)).to(device)
    found = features(image, STYLE_LAYERS)
    return {layer: StyleFeatures.of(found[layer]) for layer in STYLE_LAYERS}
