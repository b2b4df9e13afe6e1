"""One training run in memory: networks, optimiser, running mean, and what one step does."""

import copy
import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from impasto.core.errors import InputError
from impasto.lab.data import (
    Batch,
    PhotoSet,
    assets_folder,
    list_photos,
    open_rgb,
    to_tensor,
)
from impasto.lab.features import load_features
from impasto.lab.losses import (
    band_loss,
    band_statistics,
    content_loss,
    out_of_range,
    palette,
    palette_loss,
    perceptual_loss,
    squared_error,
    style_loss,
    total_variation,
    weave,
)
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.recipe import Recipe, Schedule
from impasto.lab.targets import STYLE_LAYERS, style_targets

CONTENT_LAYER = "relu4_1"
PERCEPTUAL_LAYER = "relu5_1"
SAMPLE_SIZE = 384
STABILITY_BORDER = 16
"""Pixels along the border that may differ: a shifted photo has other neighbours there."""


class Painting(nn.Module):
    """What is trained: a trunk and the codes it paints with."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.trunk = Trunk(recipe.trunk)
        self.book = CodeBook(list(recipe.styles), self.trunk.channels)


class Trainer:
    """A run: network, codes, optimiser and running mean, and one step after another."""

    def __init__(self, recipe: Recipe, device: str = "cpu", *, bfloat16: bool = False) -> None:
        self.recipe, self.device, self.bfloat16 = recipe, device, bfloat16
        assets = assets_folder()
        self.features = load_features(assets / recipe.features).to(device)
        self.features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.targets = style_targets(recipe, self.features, assets, device)
        self.photos = PhotoSet(list_photos(assets / recipe.photos, recipe.held_out))
        self.samples = [
            to_tensor(open_rgb(assets / name, long_side=SAMPLE_SIZE)) for name in recipe.samples
        ]
        torch.manual_seed(recipe.seed)
        self.live = Painting(recipe).to(device)
        self.live.trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.live)
        self.optimiser = torch.optim.Adam(
            [{"params": part.parameters()} for part in (self.live.trunk, self.live.book)]
        )
        self.step = 0

    def train_step(self) -> dict[str, Tensor]:
        """One step of the optimiser; returns the terms of the loss."""
        styles = len(self.live.book.names)
        batch = self.photos.batch(self.recipe.seed, self.step, self.recipe.sampling, styles)
        self._set_rates()
        with torch.autocast(self.device, torch.bfloat16, self.bfloat16):
            terms = self.losses(self._to_device(batch))
        total = sum(getattr(self.recipe.weights, name) * value for name, value in terms.items())
        _check_finite(terms, self.step)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.live.trunk.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._update_average()
        return terms

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """All terms that the recipe weighs, by the name of their weight; each a scalar."""
        code = self.live.book(batch.style)
        noisy = batch.image + batch.noise
        painted = self._paint(noisy, code, batch.thumbnail)
        weights = self.recipe.weights
        terms = self._feature_losses(painted, batch)
        terms["variation"] = _mean(total_variation(painted[batch.style > 0]))
        terms["range"] = out_of_range(painted).mean()
        same = batch.style == 0
        terms["identity"] = _mean(squared_error(painted[same], batch.image[same]))
        if weights.stability and self.step % self.recipe.sampling.stability_every == 0:
            terms["stability"] = self._stability(painted, batch, code)
        return {name: value for name, value in terms.items() if getattr(weights, name)}

    def _paint(self, image: Tensor, code: Tensor, thumbnail: bool) -> Float[Tensor, "n 3 h w"]:
        trunk = self.live.trunk
        if not thumbnail:
            return trunk(image, code)
        small = F.interpolate(image, scale_factor=0.5, mode="bilinear", antialias=True)
        return trunk(image, code, trunk.measure(small, code))

    def _feature_losses(self, painted: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Content, style and perceptual terms of the items that are not identity."""
        styled = batch.style > 0
        if not styled.any():
            return {}
        layers = [CONTENT_LAYER]
        if self.recipe.weights.perceptual:
            layers.append(PERCEPTUAL_LAYER)
        with torch.no_grad():
            wanted = self.features(batch.image[styled], layers)
        found = self.features(painted[styled], STYLE_LAYERS)
        targets = self.targets.pick(batch.style[styled])
        terms = {
            "content": content_loss(found[CONTENT_LAYER], wanted[CONTENT_LAYER]).mean(),
            "style": style_loss(found, targets.features).mean(),
            "bands": band_loss(band_statistics(painted[styled]), targets.bands).mean(),
            "weave": weave(painted[styled], batch.image[styled]).mean(),
            "palette": palette_loss(palette(painted[styled]), targets.palette).mean(),
        }
        if self.recipe.weights.perceptual:
            apart = perceptual_loss(found[PERCEPTUAL_LAYER], wanted[PERCEPTUAL_LAYER])
            terms["perceptual"] = apart.mean()
        return terms

    def _stability(self, painted: Tensor, batch: Batch, code: Tensor) -> Tensor:
        """How much the painting changes with a photo that is shifted a little and noisier."""
        down, right = batch.shift
        half = len(batch.image) // 2
        shifted = (batch.image + batch.noise.flip(0))[:half, :, down:, right:]
        again = self.live.trunk(shifted, code[:half])
        middle = slice(STABILITY_BORDER, -STABILITY_BORDER)
        inside = (..., middle, middle)
        return squared_error(again[inside], painted[:half, :, down:, right:][inside]).mean()

    def _to_device(self, batch: Batch) -> Batch:
        device = self.device
        moved = {
            k: getattr(batch, k).to(device, non_blocking=True) for k in ("image", "noise", "style")
        }
        return Batch(**moved, thumbnail=batch.thumbnail, shift=batch.shift)

    def _set_rates(self) -> None:
        schedule = self.recipe.schedule
        factor = rate_factor(schedule, self.step)
        for group, rate in zip(
            self.optimiser.param_groups, (schedule.rate, schedule.code_rate), strict=True
        ):
            group["lr"] = rate * factor

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.recipe.schedule.average, self.step / (self.step + 10))
        live = self.live.state_dict()
        for name, value in self.average.state_dict().items():
            value.lerp_(live[name], 1 - decay)

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
            painted = [self.average.trunk(square, code[None]) for code in codes]
            row = torch.cat([square, *painted], dim=3).clamp(0, 1)
            rows.append(F.interpolate(row, (256, 256 * (len(codes) + 1)), mode="area"))
        return (torch.cat(rows, dim=2)[0].permute(1, 2, 0) * 255).byte().cpu().numpy()


def rate_factor(schedule: Schedule, step: int) -> float:
    """The share of the full rate at a step: warm-up, constant, linear fall to 0."""
    left = (schedule.steps - step) / max(schedule.decay, 1)
    return max(0.0, min(1.0, (step + 1) / max(schedule.warmup, 1), left))


def _mean(values: Tensor) -> Tensor:
    """The mean, 0 for no values."""
    return values.sum() / max(len(values), 1)


def _check_finite(terms: dict[str, Tensor], step: int) -> None:
    for name, value in terms.items():
        if not math.isfinite(found := value.item()):
            raise InputError(
                f"step {step}: the {name} loss is {found}; the last checkpoint is kept"
            )
