"""How strong, and how sparse, the fine detail of a picture is: in grey values, and in colours."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

EPSILON = 1e-5

BAND_SCALES: tuple[int, ...] = (1, 2, 4, 8)
"""Cell sizes in pixels at which `band_statistics` looks at grey values."""
TINT_SCALES: tuple[int, ...] = (1, 2)
"""The same of differences between colours."""
TINTS = ((0.5**0.5, -(0.5**0.5), 0.0), (6**-0.5, 6**-0.5, -2 * 6**-0.5))
"""Red less green and yellow less blue: what colours have beside grey, in axes of length 1."""
BANDS = 6 * (len(BAND_SCALES) + len(TINTS) * len(TINT_SCALES))


def grey_values(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h w"]:
    """The mean of the colours, plane by plane in memory: pooling one channel is slow otherwise."""
    return image.mean(dim=1).unsqueeze(1)


def tint_values(image: Float[Tensor, "n 3 h w"]) -> list[Float[Tensor, "n 1 h w"]]:
    """How far colours are from grey, along each of the two `TINTS`."""
    red, green, blue = image.unbind(1)
    return [(r * red + g * green + b * blue).unsqueeze(1) for r, g, b in TINTS]


def haar_details(plane: Float[Tensor, "n 1 h w"], size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Differences of four neighbouring cells of `size` pixels: across, along and diagonal.

    Cells overlap by half, so that a pattern is seen wherever it lies.
    """
    step = max(size // 2, 1)
    cells, apart = F.avg_pool2d(plane, size, stride=step), size // step
    a, b = cells[..., :-apart, :-apart], cells[..., :-apart, apart:]
    c, d = cells[..., apart:, :-apart], cells[..., apart:, apart:]
    return a + b - c - d, a - b + c - d, a - b - c + d


def band_statistics(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n bands"]:
    """How strong, and how sparse, the Haar details of a picture's grey values and tints are.

    For each plane, each of its cell sizes and each direction (across, along, diagonal) the root
    mean square and the mean absolute value of the differences between neighbouring cells. VGG
    statistics hardly see a weave of alternating cells, which networks like to fill flat areas
    with; its diagonal details give it away. Nor do they mind fringes of colour one or two pixels
    wide, which tints show.
    """
    planes = [(grey_values(image), BAND_SCALES)]
    planes += [(tint, TINT_SCALES) for tint in tint_values(image)]
    found = []
    for plane, sizes in planes:
        for size in sizes:
            for detail in haar_details(plane, size):
                found.append((detail.square().mean(dim=(1, 2, 3)) + EPSILON**2).sqrt())
                found.append(detail.abs().mean(dim=(1, 2, 3)))
    return torch.stack(found, dim=1)


def band_loss(
    found: Float[Tensor, "n bands"], target: Float[Tensor, "n bands"]
) -> Float[Tensor, " n"]:
    """Mean over bands of the squared relative excess, 0 to 1 each; weaker details cost nothing.

    One-sided, because fine texture cannot be made out of a flat area by a network without noise:
    asked for it, it paints a regular pattern.
    """
    excess = ((found - target) / (found + target).clamp_min(EPSILON)).clamp_min(0)
    return excess.square().mean(dim=1)
