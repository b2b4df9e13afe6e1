"""What a student learns from: crops of photos and paintings, variants, and the teachers' answers.

Batches depend on seed and number only, so a resumed distillation sees what an unbroken one would;
only how far a picture was lured depends on what the student knew then.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from impasto.core.errors import RecipeError
from impasto.lab.data import PhotoSet, list_photos
from impasto.lab.distil_recipe import DistilRecipe, DistilSampling
from impasto.lab.features import FeatureNetwork, load_features
from impasto.lab.losses import StyleFeatures
from impasto.lab.variants import lure, ripple, vary

PAINTING_SIDE = 512
"""Paintings are kept larger than photos: strokes are fine, and there are few of them."""
MOST_PLACES = 24
"""Places along a side at which features are compared."""


class Crops:
    """Batches of pictures: a quarter photos, a quarter paintings, and a variant of each."""

    def __init__(self, recipe: DistilRecipe, assets: Path, device: str = "cpu") -> None:
        photos = list_photos(assets / recipe.photos, recipe.held_out)
        paintings = list_photos(assets / recipe.paintings, recipe.held_out)
        self.sets = [
            PhotoSet.read(photos, device),
            PhotoSet.read(paintings, device, short_side=PAINTING_SIDE),
        ]
        self.seed, self.sampling = recipe.seed, recipe.sampling

    def batch(self, number: int, student: FeatureNetwork) -> Float[Tensor, "n 3 crop crop"]:
        """The batch of a number, RGB in 0 to 1; the last ones are what a student is lured by."""
        rng, count = np.random.default_rng([self.seed, number]), self.sampling.batch // 2
        sets = [self.sets[(number + i) % 2] for i in range(count)]
        image = torch.cat([each.crops(rng, 1, self.sampling.crop) for each in sets])
        varied = vary(image, rng)
        rippled = round(self.sampling.rippled * count)
        varied[:rippled] = ripple(varied[:rippled], rng)
        if lured := round(self.sampling.lured * count):
            varied[-lured:] = lure(varied[-lured:], image.roll(1, 0)[-lured:], student, rng)
        return torch.cat([image, varied]).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Lesson:
    """A batch, and what the teachers say of it, by layer; features at `thinned` places."""

    image: Float[Tensor, "n 3 h w"]
    features: Mapping[str, Tensor]
    distances: Mapping[str, Float[Tensor, "n n"]]


class Teachers:
    """Networks that share out the layers.

    Raises:
        ModelError: a weight file cannot be used.
        RecipeError: a teacher lacks a layer that the recipe takes from it.
    """

    def __init__(self, recipe: DistilRecipe, assets: Path, device: str) -> None:
        self.device, self.networks = device, []
        for file, layers in recipe.teachers.items():
            network = load_features(assets / file).to(device)
            if missing := set(layers) - set(network.layers):
                raise RecipeError(f"{file} has no layers {sorted(missing)}")
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.networks.append((network, tuple(layers)))

    @torch.no_grad()
    def answer(self, image: Float[Tensor, "n 3 h w"]) -> dict[str, Tensor]:
        """Features at the full width, by layer."""
        found: dict[str, Tensor] = {}
        for network, layers in self.networks:
            found |= network(image, layers, heads=True)
        return found

    def lesson(self, image: Float[Tensor, "n 3 h w"]) -> Lesson:
        """A batch with its answers; features thinned and in bfloat16, to keep many."""
        image = image.to(self.device)
        found = self.answer(image)
        apart = {name: distances(each.float()) for name, each in found.items()}
        features = {name: thinned(each).bfloat16().contiguous() for name, each in found.items()}
        return Lesson(image, features, apart)


def thinned(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Every second, third, ... place of a large map: neighbours tell much the same."""
    stride = math.ceil(max(features.shape[-2:]) / MOST_PLACES)
    return features[..., ::stride, ::stride]


def distances(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n n"]:
    """The style loss of each picture (row) to each (column) at one layer.

    As `style_loss` in `impasto.lab.losses`: half the relative distance of Gram matrices, half that
    of moments.
    """
    style = StyleFeatures.of(features)
    moments = torch.cat([style.mean, style.std], dim=1)
    return 0.5 * _relative(style.gram.flatten(1)) + 0.5 * _relative(moments)


def _relative(rows: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    """Squared distance of each two rows, divided by the squared size of the second."""
    products = rows @ rows.T
    size = products.diagonal()
    return ((size[:, None] + size[None] - 2 * products) / size.clamp_min(1e-12)).clamp_min(0)


def widths(teachers: Teachers) -> dict[str, int]:
    """How many channels the teachers have at each layer."""
    found = teachers.answer(torch.zeros(1, 3, 32, 32, device=teachers.device))
    return {name: each.shape[1] for name, each in sorted(found.items())}


def lesson_number(sampling: DistilSampling, seed: int, step: int) -> int:
    """The number of the batch that a step uses.

    `kept` batches in a row make a round, and a round goes through them `uses` times, each time in
    another order.
    """
    round_, place = divmod(step, sampling.kept * sampling.uses)
    use, position = divmod(place, sampling.kept)
    order = np.random.default_rng([seed, round_, use]).permutation(sampling.kept)
    return round_ * sampling.kept + int(order[position])
