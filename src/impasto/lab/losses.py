"""The terms of the training loss, each a pure function of features or pictures.

Every term is a mean over the batch and has no unit: squared distances are divided by the squared
size of what is aimed at, so that layers, scales and styles can be added without further weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from impasto.lab.bands import grey_values, haar_details

EPSILON = 1e-5


def gram(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c c"]:
    """Uncentred covariance of channels, a mean over pixels (Gatys et al., CVPR 2016), float32."""
    flat = features.flatten(2)
    product = torch.bmm(flat, flat.transpose(1, 2))
    return product.float() / flat.shape[2]


def moments(
    features: Float[Tensor, "n c h w"],
) -> tuple[Float[Tensor, "n c"], Float[Tensor, "n c"]]:
    """Mean and standard deviation of each channel over pixels, float32."""
    variance, mean = torch.var_mean(features.float(), dim=(2, 3), correction=0)
    return mean, (variance + EPSILON).sqrt()


class _GramAndMean(torch.autograd.Function):
    """Gram matrix and means of features [n, c, pixels] at once, in float32.

    Autograd alone would multiply twice for the gradient and add up three maps of features, which
    are the largest things in a training step; here it is one product that starts from the means.
    """

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(flat)
        product = torch.bmm(flat, flat.transpose(1, 2)).float() / flat.shape[2]
        return product, flat.mean(2).float()

    @staticmethod
    def backward(ctx: Any, products: Tensor, means: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        both = ((products + products.transpose(1, 2)) / flat.shape[2]).to(flat.dtype)
        shift = (means / flat.shape[2]).to(flat.dtype)[..., None]
        # Pixels first, as they lie in memory where channels are last.
        return torch.baddbmm(shift.transpose(1, 2), flat.transpose(1, 2), both).transpose(1, 2)


@dataclass(frozen=True)
class StyleFeatures:
    """What one layer must look like: Gram matrix and moments, each with a leading batch axis."""

    gram: Float[Tensor, "n c c"]
    mean: Float[Tensor, "n c"]
    std: Float[Tensor, "n c"]

    @classmethod
    def of(cls, features: Float[Tensor, "n c h w"]) -> "StyleFeatures":
        """Measures features; the diagonal of the Gram matrix saves a pass for the deviations."""
        products, mean = _GramAndMean.apply(features.flatten(2))
        variance = products.diagonal(dim1=1, dim2=2) - mean.square()
        return cls(products, mean, (variance.clamp_min(0) + EPSILON).sqrt())

    def mix(self, shares: Float[Tensor, "n rows"]) -> "StyleFeatures":
        """Features of so much of each row, side by side; shares sum to 1."""
        gram = torch.einsum("nr,rij->nij", shares, self.gram)
        mean, square = shares @ self.mean, shares @ (self.std.square() + self.mean.square())
        return StyleFeatures(gram, mean, (square - mean.square()).clamp_min(0).sqrt())

    @classmethod
    def cat(cls, parts: list["StyleFeatures"]) -> "StyleFeatures":
        """Several measurements along the batch axis."""
        fields = ("gram", "mean", "std")
        return cls(*(torch.cat([getattr(p, f) for p in parts]) for f in fields))


def relative(found: Float[Tensor, "n ..."], target: Float[Tensor, "n ..."]) -> Float[Tensor, " n"]:
    """Squared distance divided by the squared size of the target, for each item."""
    difference = (found - target).flatten(1).square().sum(1)
    return difference / target.flatten(1).square().sum(1).clamp_min(EPSILON)


def style_loss(
    features: Mapping[str, Float[Tensor, "n c h w"]], targets: Mapping[str, StyleFeatures]
) -> Float[Tensor, " n"]:
    """Distance in Gram matrices and moments, half each, summed over layers, for each item.

    Gatys et al. 2016 for the Gram term, Huang & Belongie 2017 (eq. 13) for the moments; both here
    as relative distances, which takes the place of per-layer weights.
    """
    return style_distance({layer: StyleFeatures.of(features[layer]) for layer in targets}, targets)


def style_distance(
    found: Mapping[str, StyleFeatures], targets: Mapping[str, StyleFeatures]
) -> Float[Tensor, " n"]:
    """The style loss of features that are measured already."""
    losses = []
    for layer, target in targets.items():
        each = found[layer]
        size = target.mean.square().sum(1) + target.std.square().sum(1)
        apart = (each.mean - target.mean).square() + (each.std - target.std).square()
        losses.append(0.5 * relative(each.gram, target.gram) + 0.5 * apart.sum(1) / size)
    return torch.stack(losses).sum(0)


def content_loss(
    features: Float[Tensor, "n c h w"], target: Float[Tensor, "n c h w"]
) -> Float[Tensor, " n"]:
    """Mean squared distance of instance-normalised features, for each item: 0 equal, 2 unrelated.

    Normalised, so that a change of palette or contrast is free and only a change of form costs
    (Lin et al. 2021, "Drafting and Revision").
    """
    return (normalise(features) - normalise(target)).square().mean(dim=(1, 2, 3))


def normalise(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Each channel of each item to mean 0 and standard deviation 1, float32."""
    mean, std = moments(features)
    return (features.float() - mean[..., None, None]) / std[..., None, None]


def perceptual_loss(
    features: Float[Tensor, "n c h w"], target: Float[Tensor, "n c h w"]
) -> Float[Tensor, " n"]:
    """Relative squared distance of raw features at one (deep) layer (Johnson et al. 2016)."""
    return relative(features.float(), target.float())


def total_variation(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Mean absolute difference of neighbouring pixels (0 to 1) along rows and columns, summed."""
    rows = (image[..., 1:, :] - image[..., :-1, :]).abs().mean(dim=(1, 2, 3))
    return rows + (image[..., :, 1:] - image[..., :, :-1]).abs().mean(dim=(1, 2, 3))


def out_of_range(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Mean squared distance of pixels to the range 0 to 1: what the final clip would lose."""
    return (image - image.clamp(0, 1)).square().mean(dim=(1, 2, 3))


def squared_error(
    image: Float[Tensor, "n 3 h w"], target: Float[Tensor, "n 3 h w"]
) -> Float[Tensor, " n"]:
    """Mean squared difference of pixels, for each item."""
    return (image - target).square().mean(dim=(1, 2, 3))


def edge_loss(
    image: Float[Tensor, "n 3 h w"], photo: Float[Tensor, "n 3 h w"]
) -> Float[Tensor, " n"]:
    """How little the edges of a painting agree with the photo's: 0 alike, 1 unrelated.

    One minus the correlation of gradient strength at half the size, so a change of contrast is
    free, and a contour that moves, doubles or drowns in texture costs.
    """
    found, wanted = (edge_strength(picture).flatten(1) for picture in (image, photo))
    found, wanted = (each - each.mean(1, keepdim=True) for each in (found, wanted))
    return 1 - F.cosine_similarity(found, wanted, dim=1, eps=EPSILON)


def edge_strength(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h2 w2"]:
    """Square root of the gradient's size at half the resolution, so that strong edges do not rule.

    The root is steepest at nothing, hence a floor of a few steps of 1/255.
    """
    across, along, _ = haar_details(F.avg_pool2d(grey_values(image), 2), 1)
    return (across.square() + along.square() + EDGE_FLOOR**2).pow(0.25)


EDGE_FLOOR = 0.02

PALETTE_CELL = 4
PALETTE_DIRECTIONS = 16
PALETTE_QUANTILES = 128


def palette(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n directions quantiles"]:
    """The distribution of a picture's colours, as quantiles along fixed directions in RGB.

    Colours are means of cells of 4 x 4 pixels (0 to 1), so that patches of colour count and noise
    does not. The directions are the three axes and others drawn once.
    """
    return palette_of(colours_along(image))


def palette_of(colours: Float[Tensor, "n directions cells"]) -> Float[Tensor, "n directions _"]:
    """The `palette` of a picture whose `colours_along` the directions are known."""
    ordered = colours.sort(dim=2).values
    places = torch.linspace(0, ordered.shape[2] - 1, PALETTE_QUANTILES, device=colours.device)
    return ordered[..., places.round().long()]


def mixed_palette(
    palettes: Float[Tensor, "rows directions quantiles"], shares: Float[Tensor, "n rows"]
) -> Float[Tensor, "n directions quantiles"]:
    """Palettes of pictures that have so much of each palette's colours; shares sum to 1.

    A mean of quantiles would be colours between those of two palettes, and in neither: of red and
    of green a brown.
    """
    rows, directions, count = palettes.shape
    colours, order = palettes.transpose(0, 1).flatten(1).sort(dim=1)
    weights = (shares / count).repeat_interleave(count, dim=1)[:, order]
    middles = (torch.arange(count, device=shares.device) + 0.5) / count
    middles = middles.expand(len(shares), directions, count).contiguous()
    places = torch.searchsorted(weights.cumsum(2), middles).clamp_max(rows * count - 1)
    return colours.expand(len(shares), -1, -1).gather(2, places)


def palette_loss(
    found: Float[Tensor, "n directions quantiles"], target: Float[Tensor, "n directions quantiles"]
) -> Float[Tensor, " n"]:
    """Squared sliced Wasserstein distance of colours (Heitz et al., CVPR 2021, on RGB)."""
    return (found - target).square().mean(dim=(1, 2))


def gamut_loss(
    colours: Float[Tensor, "n directions cells"], target: Float[Tensor, "n directions quantiles"]
) -> Float[Tensor, " n"]:
    """Mean squared distance of `colours_along` the directions to the range that a palette has.

    `palette_loss` compares all colours at once and hardly sees a few cells that glow in a colour
    which no picture of the style has.
    """
    inside = colours.clamp(target[..., :1], target[..., -1:])
    return (colours - inside).square().mean(dim=(1, 2))


def colours_along(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n directions cells"]:
    """Where the colours of a picture's cells lie along the directions of `palette`."""
    cells = F.avg_pool2d(image, PALETTE_CELL).flatten(2)
    return torch.einsum("dc,ncp->ndp", _palette_directions(image.device), cells)


@cache
def _palette_directions(device: torch.device) -> Float[Tensor, "directions 3"]:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(PALETTE_DIRECTIONS - 3, 3, generator=generator)
    return torch.cat([torch.eye(3), drawn / drawn.norm(dim=1, keepdim=True)]).to(device)
