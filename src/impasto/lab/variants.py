"""Pictures near to other pictures, for a feature network to tell apart.

Random pictures are all far from each other. Late in a training paintings are near to their style,
and they have what photos never have: patterns that the network in training overlooks, since what it
sees has been trained away. So variants are between pictures, some have regular patterns, and some
are adversarial (Goodfellow et al., ICLR 2015): moved until the student itself is deceived.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from impasto.lab.features import FeatureNetwork
from impasto.lab.losses import StyleFeatures, style_loss

MOST_BLENDED = 0.6
MOST_NOISE = 0.03
FLATTEST = 0.02
"""The least standard deviation of a colour when pictures exchange theirs."""

MOST_RIPPLE = 0.12
"""The largest amplitude of a pattern; colours go from 0 to 1."""
PERIODS = 2.0, 16.0
"""Pixels."""

LURES = 8
"""Steps by which a picture is moved."""
MOST_LURED = 0.02
"""The mean change of a pixel by one of the longest of these steps."""


def vary(image: Float[Tensor, "n 3 h w"], rng: np.random.Generator) -> Float[Tensor, "n 3 h w"]:
    """Each picture on its way to the next one: in its colours, blended with it, and noisy."""
    recoloured, blended, noise = (_random(rng, image, (1, 1, 1)) for _ in range(3))
    other = image.roll(1, 0)
    varied = image.lerp(_in_colours_of(image, other), recoloured)
    varied = varied.lerp(other, MOST_BLENDED * blended)
    grain = torch.from_numpy(rng.standard_normal(image.shape, dtype=np.float32)).to(image)
    return (varied + MOST_NOISE * noise * grain).clamp(0, 1)


def _random(rng: np.random.Generator, image: Tensor, shape: Iterable[int]) -> Tensor:
    """Numbers from 0 to 1 for each picture, on its device."""
    return torch.from_numpy(rng.random((len(image), *shape), dtype=np.float32)).to(image.device)


def _in_colours_of(image: Tensor, other: Tensor) -> Tensor:
    """Each colour's mean and standard deviation taken from another picture."""
    (std, mean), (new_std, new_mean) = (
        torch.std_mean(each, dim=(2, 3), keepdim=True) for each in (image, other)
    )
    return (image - mean) / std.clamp_min(FLATTEST) * new_std + new_mean


def ripple(image: Float[Tensor, "n 3 h w"], rng: np.random.Generator) -> Float[Tensor, "n 3 h w"]:
    """Each picture under a faint regular pattern: waves in one direction, or two as a grid.

    Each pattern has its own periods, directions, colour and amplitude.
    """
    shortest, longest = PERIODS
    period = shortest * (longest / shortest) ** _random(rng, image, (2, 1, 1))
    turn, phase = (2 * torch.pi * _random(rng, image, (2, 1, 1)) for _ in range(2))
    height, width = image.shape[-2:]
    y = torch.arange(height, device=image.device)[:, None]
    x = torch.arange(width, device=image.device)
    along = x * turn.cos() + y * turn.sin()
    first, second = (2 * torch.pi * along / period + phase).cos().unbind(1)
    crossed = _random(rng, image, (1, 1)) < 0.5
    pattern = torch.where(crossed, first * second, first)
    colour = F.normalize(2 * _random(rng, image, (3, 1, 1)) - 1, dim=1)
    strength = MOST_RIPPLE * _random(rng, image, (1, 1, 1))
    return (image + strength * colour * pattern[:, None]).clamp(0, 1)


def lure(
    image: Float[Tensor, "n 3 h w"],
    target: Float[Tensor, "n 3 h w"],
    student: FeatureNetwork,
    rng: np.random.Generator,
) -> Float[Tensor, "n 3 h w"]:
    """Pictures moved to where a student sees the style of others in them, whether it is or not.

    By a few gradient steps on pixels, of another length for each picture. A network that is
    trained by the student's losses moves its paintings likewise.
    """
    with torch.no_grad():
        wanted = _styles(student(target, student.layers))
    length = MOST_LURED * _random(rng, image, (1, 1, 1))
    for _ in range(LURES):
        image = image.detach().requires_grad_(True)
        apart = style_loss(student(image, student.layers), wanted).sum()
        (slope,) = torch.autograd.grad(apart, image)
        size = slope.abs().mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-12)
        image = (image - length * slope / size).clamp(0, 1)
    return image.detach()


def _styles(features: Mapping[str, Tensor]) -> dict[str, StyleFeatures]:
    return {name: StyleFeatures.of(each) for name, each in features.items()}
