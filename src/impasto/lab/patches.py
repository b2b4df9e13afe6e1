"""Statistics of a crop by patches, as painters measure all but small pictures.

A collage of patches has seams, and deep features look across them, so its statistics are not quite
those of the whole. A trunk that has been painted with both in training minds it less.
"""

from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from impasto.engine.collage import everywhere, spread
from impasto.lab.nets import Trunk

COUNT = 5
"""Patches across and down, of all but small crops: of 256 pixels as much as painters look at."""
SIDE = 32
"""Of a patch in pixels, as painters take it."""


def collage(
    image: Float[Tensor, "n 3 h w"],
) -> tuple[Float[Tensor, "n 3 h2 w2"], Float[Tensor, "1 1 h2 w2"]]:
    """Patches of pictures side by side, and what each pixel weighs: those at seams nothing."""
    rows, columns, weight = _grid(*image.shape[-2:], image.device)
    return image[..., rows[:, None], columns], weight


@cache
def _grid(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Which rows and columns of a picture are in its collage, and what each pixel weighs."""
    count = max(1, min(COUNT, height // SIDE, width // SIDE))
    grid = spread(everywhere(height, width), height, width, count, SIDE)
    rows, columns, weight = (
        torch.from_numpy(each).to(device) for each in (grid.rows, grid.columns, grid.weight())
    )
    return rows, columns, weight[None, None]


def measure_patches(
    trunk: Trunk,
    image: Float[Tensor, "n 3 h w"],
    code: Float[Tensor, "m 2 c"],
    grain: Float[Tensor, "n 1 _ _"],
) -> Float[Tensor, "n 2 c"]:
    """Mean and floored standard deviation of every channel at every site, by patches; m is n or 1.

    Args:
        trunk: measures.
        image: RGB, 0 to 1.
        code: of each picture, or of all.
        grain: covers the collage and its margin.
    """
    patches, weight = collage(image)
    padded, margin = trunk.pad(patches), trunk.settings.margin
    (height, width), (bottom, right) = weight.shape[-2:], padded.shape[-2:]
    beyond = (margin, right - width - margin, margin, bottom - height - margin)
    return trunk.measure_weighted(padded, code, F.pad(weight, beyond), grain)
