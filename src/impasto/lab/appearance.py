"""How far apart two pictures are in their colours, and two sets of crops by Fréchet's distance."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from impasto.core.arrays import RGB
from impasto.core.errors import MissingExtraError
from impasto.lab.data import to_tensor
from impasto.lab.judge import Features
from impasto.lab.losses import palette, palette_loss


def colour_distance(pixels: RGB, other: RGB) -> float:
    """How far colours must be moved, in levels of 0 to 255; 0 if they are distributed alike.

    The sliced Wasserstein distance of the means of 4 x 4 pixels (`impasto.lab.losses.palette`):
    the root of the mean square over directions. The pictures need not have one size.
    """
    found, wanted = (palette(to_tensor(each)) for each in (pixels, other))
    return float(255 * palette_loss(found, wanted).sqrt())


class _Given(nn.Module):
    """Stands for a network where features are there already."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.num_features = channels

    def forward(self, features: Float[Tensor, "n channels"]) -> Float[Tensor, "n channels"]:
        return features


def frechet_distance(found: Features, wanted: Features) -> float:
    """Fréchet's distance of two sets, each taken for a normal distribution (Heusel et al. 2017).

    It is the formula of FID and not FID, which is of Inception's features. With fewer rows than
    channels covariances are singular, and the distance is too large.

    Raises:
        MissingExtraError: torchmetrics is not installed.
        ValueError: a set has fewer than two rows.
    """
    if min(len(found), len(wanted)) < 2:
        raise ValueError(
            f"sets of {len(found)} and {len(wanted)} crops: at least 2 each are needed"
        )
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance
    except ImportError as error:
        raise MissingExtraError("Fréchet's distance", "quality") from error
    metric = FrechetInceptionDistance(feature=_Given(found.shape[1]))
    for features, real in ((wanted, True), (found, False)):
        metric.update(torch.from_numpy(np.asarray(features, np.float64)), real=real)
    return float(metric.compute())
