"""Finds the existing style from which a new one is reached soonest.

What a style looked like to a feature network is not kept in its package, and would not help with
another network. But its code can paint: the style is as near as its painting of one photo is to the
new style's pictures, by the same features. That also asks the right question, which is not how much
two paintings on a wall are alike but how good the code is as a start, and it holds for codes that
users fitted themselves.
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from impasto.core.arrays import RGB, Code
from impasto.lab.data import random_grain, to_tensor
from impasto.lab.features import FeatureNetwork
from impasto.lab.looks import Look
from impasto.lab.losses import style_loss
from impasto.lab.nets import Trunk
from impasto.media.resize import fit_long_side

PHOTO_SIZE = 512
"""The long side of the photo that all styles paint; style pictures are measured at the same."""


@torch.no_grad()
def distances(
    trunk: Trunk, codes: Mapping[str, Code], photo: RGB, look: Look, features: FeatureNetwork
) -> dict[str, float]:
    """The style loss of the photo painted with each code, by name, the nearest first.

    Args:
        trunk: paints.
        codes: existing codes [2, c] by the names of their styles.
        photo: any photo; the same for all.
        look: what the new style looks like, one row; its layers are compared.
        features: the network that measured the look.
    """
    image = to_tensor(fit_long_side(photo, PHOTO_SIZE))
    grain = random_grain(np.random.default_rng(0), 1, PHOTO_SIZE)
    apart = {}
    for name, code in codes.items():
        painted = trunk(image, torch.from_numpy(code.copy())[None], grain=grain)
        apart[name] = _apart(painted, look, features)
    return dict(sorted(apart.items(), key=lambda item: item[1]))


def _apart(painted: Float[Tensor, "1 3 h w"], look: Look, features: FeatureNetwork) -> float:
    found = features(painted.clamp(0, 1), look.features)
    return float(style_loss(found, look.features))
