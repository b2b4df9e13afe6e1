"""One training run in memory: networks, optimiser, running mean, and what one step does."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from torch import Tensor, nn

from impasto.core.errors import ModelError
from impasto.core.files import shown
from impasto.lab.data import (
    Batch,
    PhotoSet,
    assets_folder,
    list_photos,
    open_rgb,
    random_grain,
    to_tensor,
)
from impasto.lab.exported import read_codes, read_trunk
from impasto.lab.features import FeatureNetwork, features_file, load_features
from impasto.lab.growth import grown, grown_codes
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.objective import Closeup, Extras, Objective, check_finite
from impasto.lab.optimiser import RunOptimiser, update_mean
from impasto.lab.recipe import Recipe
from impasto.lab.targets import COARSE, FINE_LAYERS, style_targets
from impasto.styles.library import Library

SAMPLE_SIZE = 384


class Painting(nn.Module):
    """What is trained: a trunk and the codes it paints with."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.trunk = Trunk(recipe.trunk)
        self.book = CodeBook(list(recipe.styles), self.trunk.first_code())


class Trainer:
    """A run: network, codes, optimiser and running mean, and one step after another."""

    def __init__(self, recipe: Recipe, device: str = "cpu", *, bfloat16: bool = False) -> None:
        self.recipe, self.device, self.bfloat16 = recipe, device, bfloat16
        assets = assets_folder()
        self.features = self._network(recipe.features, assets)
        self.objective = self._objective(recipe, assets)
        self.photos = PhotoSet.read(list_photos(assets / recipe.photos, recipe.held_out), device)
        self.samples = [
            to_tensor(open_rgb(assets / name, long_side=SAMPLE_SIZE)) for name in recipe.samples
        ]
        torch.manual_seed(recipe.seed)
        self.live = Painting(recipe).to(device)
        self.live.trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.live)
        self.optimiser = RunOptimiser(self.live.trunk, self.live.book)
        self.step = 0

    def _objective(self, recipe: Recipe, assets: Path) -> Objective:
        looks, coarse = style_targets(recipe, self.features, assets, self.device), None
        if recipe.weights.coarse:
            coarse = style_targets(recipe, self.features, assets, self.device, scale=COARSE)
        identities = recipe.sampling.identities
        closeup = self._closeup(recipe, assets) if recipe.weights.fine else None
        contents = torch.tensor(recipe.contents(), device=self.device)
        return Objective(
            self.features, recipe.weights, looks, coarse, identities, closeup, contents
        )

    def _closeup(self, recipe: Recipe, assets: Path) -> Closeup:
        features, sampling = self._network(recipe.fine_features, assets), recipe.sampling
        looks = style_targets(recipe, features, assets, self.device, layers=FINE_LAYERS)
        return Closeup(features, looks, sampling.fine_items, sampling.fine_crop)

    def _network(self, name: str, assets: Path) -> FeatureNetwork:
        features = load_features(features_file(name, assets)).to(self.device)
        return features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def start_from(self, model: Path, library: Library) -> None:
        """Begins with the weights of an exported model and the codes of its styles.

        Raises:
            ModelError: the folder is no model, its trunk cannot grow to what the recipe says, or
                the library has none of its styles.
        """
        trunk = read_trunk(model)
        try:
            larger = grown(trunk, self.recipe.trunk)
        except ModelError as error:
            raise ModelError(f"{shown(model)}: {error}") from error
        codes = read_codes(model, list(self.recipe.styles), library)
        codes = grown_codes(codes, trunk, larger)
        for painting in (self.live, self.average):
            painting.trunk.load_state_dict(larger.state_dict())
            painting.book.load_state_dict({"codes": codes})

    def train_step(self) -> dict[str, Tensor]:
        """One step of the optimiser; returns the terms of the loss."""
        recipe = self.recipe
        batch = self.photos.batch(recipe.seed, self.step, recipe.sampling, recipe.shares())
        with torch.autocast(self.device, torch.bfloat16, self.bfloat16):
            terms = self.losses(batch)
        self.optimiser.zero_grad()
        self.objective.total(terms).backward()
        nn.utils.clip_grad_norm_(self.live.trunk.parameters(), 1.0)
        check_finite(terms, self.step, "the last checkpoint is kept")
        self.optimiser.step(self.recipe.schedule, self.step)
        self.step += 1
        update_mean(self.average, self.live, self.recipe.schedule.average, self.step)
        return terms

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """All terms that the recipe weighs, by the name of their weight; each a scalar."""
        extras = Extras.at(self.step, self.recipe.sampling)
        return self.objective.terms(self.live.trunk, self.live.book(batch.mix), batch, extras)

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs; batches follow from seed and step."""
        return {
            "fingerprint": self.recipe.fingerprint(),
            "step": self.step,
            "live": self.live.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from `state`."""
        self.live.load_state_dict(state["live"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]

    @torch.no_grad()
    def sample_sheet(self) -> UInt8[np.ndarray, "h w 3"]:
        """Every sample photo (row) in every code (column), by the running mean of the weights."""
        codes = self.average.book.codes
        rows = []
        for photo in self.samples:
            image = photo.to(self.device)
            square = image[..., : min(image.shape[-2:]), : min(image.shape[-2:])]
            grain = random_grain(np.random.default_rng(0), 1, SAMPLE_SIZE).to(self.device)
            painted = [self.average.trunk(square, code[None], grain=grain) for code in codes]
            row = torch.cat([square, *painted], dim=3).clamp(0, 1)
            rows.append(F.interpolate(row, (256, 256 * (len(codes) + 1)), mode="area"))
        return (torch.cat(rows, dim=2)[0].permute(1, 2, 0) * 255).byte().cpu().numpy()
