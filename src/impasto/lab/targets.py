"""What each style must look like to the feature network: measured once, before training."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from impasto.core.errors import RecipeError, StyleError
from impasto.core.files import sha256_file
from impasto.lab.augmentation import name_of, views
from impasto.lab.data import open_rgb
from impasto.lab.feature_cache import View
from impasto.lab.features import FeatureNetwork, features_file
from impasto.lab.looks import Look, MeanLook, mean_look
from impasto.lab.recipe import Recipe, StyleSource
from impasto.lab.style_file import MeasuredStyle, read_measured

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
COARSE = 0.5
"""The second scale at which styles are compared."""
FINE_LAYERS = ("relu1_1", "relu2_1", "relu3_1")
"""Where the second network looks: strokes, lines and their texture."""


def side(recipe: Recipe, scale: float = 1.0) -> int:
    """The long side in pixels at which a recipe looks at style images, at one of its scales."""
    return round(recipe.style_size * scale)


def style_targets(
    recipe: Recipe,
    features: FeatureNetwork,
    assets: Path,
    device: str,
    *,
    scale: float = 1.0,
    layers: tuple[str, ...] = STYLE_LAYERS,
) -> Look:
    """One row a style, averaged over its pictures; row 0 (identity) is a stand-in.

    A style of a file of style features is not measured again: the file holds its look at each
    scale for which it was built.

    Args:
        recipe: names the styles, and how their pictures are varied.
        features: the recipe's network, on the device.
        assets: the folder that the recipe's paths start from.
        device: where targets are to be.
        scale: shrinks the pictures below the recipe's size.
        layers: of the network.

    Raises:
        RecipeError: a style image is on the recipe's held-out list, by its name or as a copy; or
            a file of style features does not hold what the recipe needs.
        ImageError: a picture cannot be read, or is too small at this scale.
        StyleError: a file of style features is missing or damaged.
    """
    source = _Source(recipe, features, assets, device, side(recipe, scale), layers)
    looks = [source.look(style) for style in recipe.styles.values()]
    return Look.cat([looks[0], *looks])


@dataclass
class _Source:
    """Where looks at one scale come from: a recipe's pictures, or files of style features."""

    recipe: Recipe
    features: FeatureNetwork
    assets: Path
    device: str
    size: int
    layers: tuple[str, ...]

    def look(self, style: StyleSource) -> Look:
        if style.measured:
            return self._from_file(style.files[0])
        mean, augmentation = MeanLook(), self.recipe.augmentation
        varied = augmentation and augmentation.of_style(len(style.files))
        for name in style.files:
            pixels, sha256 = open_rgb(self.assets / name), sha256_file(self.assets / name)
            self._refuse_held_out(name, name, sha256)
            seen = views(pixels, self.size, varied, sha256)
            mean.add(mean_look(seen, self.features, self.layers, name=name, device=self.device))
        return mean.mean()

    def _from_file(self, name: str) -> Look:
        style = read_measured(self.assets / name)
        for picture in style.pictures:
            self._refuse_held_out(name, picture.file, picture.sha256)
        for twin in style.left_out:  # the one that was kept shows the same
            self._refuse_held_out(name, twin.file)
        try:
            return style.look(self._view(style)).to(self.device)
        except StyleError as error:
            raise RecipeError(f"{name}: {error}") from error

    def _view(self, style: MeasuredStyle) -> View:
        augmentation = self.recipe.augmentation
        varied = augmentation and augmentation.of_style(len(style.pictures))
        return View(self._network, self.layers, self.size, name_of(varied))

    @cached_property
    def _network(self) -> str:
        return sha256_file(features_file(self.recipe.features, self.assets))

    @cached_property
    def _held_out(self) -> set[str]:
        """File names, and hashes of the files that are there."""
        paths = [self.assets / name for name in self.recipe.held_out]
        return {path.name for path in paths} | {sha256_file(p) for p in paths if p.is_file()}

    def _refuse_held_out(self, named: str, file: str, sha256: str = "") -> None:
        if self._held_out & {Path(file).name, sha256}:
            inside = "" if file == named else f"{named}: "
            raise RecipeError(f"{inside}{file} is held out; no training may see it")
