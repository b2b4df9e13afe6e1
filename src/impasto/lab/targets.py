"""What each style must look like to the feature network: measured once, before training."""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from impasto.core.errors import RecipeError
from impasto.lab.data import open_rgb, to_tensor
from impasto.lab.features import FeatureNetwork
from impasto.lab.losses import StyleFeatures, band_statistics, palette
from impasto.lab.recipe import Recipe

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@dataclass(frozen=True)
class Targets:
    """Style features by layer, band statistics and palette, one row a style."""

    features: dict[str, StyleFeatures]
    bands: Float[Tensor, "styles bands"]
    palette: Float[Tensor, "styles directions quantiles"]

    def pick(self, index: Tensor) -> "Targets":
        """Rows by index [n]."""
        picked = {layer: target.pick(index) for layer, target in self.features.items()}
        return Targets(picked, self.bands[index], self.palette[index])


@torch.no_grad()
def style_targets(recipe: Recipe, features: FeatureNetwork, assets: Path, device: str) -> Targets:
    """Targets of every style, averaged over its pictures; row 0 (identity) is a stand-in."""
    rows = [
        _average([_measure(assets / name, recipe, features, device) for name in style.files])
        for style in recipe.styles.values()
    ]
    rows.insert(0, rows[0])
    layers = {
        layer: StyleFeatures.cat([row.features[layer] for row in rows]) for layer in STYLE_LAYERS
    }
    bands, colours = (torch.cat([getattr(row, k) for row in rows]) for k in ("bands", "palette"))
    return Targets(layers, bands, colours)


def _average(parts: list[Targets]) -> Targets:
    layers = {
        layer: StyleFeatures.average([part.features[layer] for part in parts])
        for layer in STYLE_LAYERS
    }
    bands, colours = (
        torch.stack([getattr(part, k) for part in parts]).mean(dim=0) for k in ("bands", "palette")
    )
    return Targets(layers, bands, colours)


def _measure(path: Path, recipe: Recipe, features: FeatureNetwork, device: str) -> Targets:
    if path.name in {Path(name).name for name in recipe.held_out}:
        raise RecipeError(f"{path} is held out; no training may see it")
    image = to_tensor(open_rgb(path, long_side=recipe.style_size)).to(device)
    found = features(image, STYLE_LAYERS)
    layers = {layer: StyleFeatures.of(found[layer]) for layer in STYLE_LAYERS}
    return Targets(layers, band_statistics(image), palette(image))
