"""The terms of the training loss, each a pure function of features or pictures.

Every term is a mean over the batch and has no unit: squared distances are divided by the squared
size of what is aimed at, so that layers, scales and styles can be added without further weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

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


@dataclass(frozen=True)
class StyleFeatures:
    """What one layer must look like: Gram matrix and moments, each with a leading batch axis."""

    gram: Float[Tensor, "n c c"]
    mean: Float[Tensor, "n c"]
    std: Float[Tensor, "n c"]

    @classmethod
    def of(cls, features: Float[Tensor, "n c h w"]) -> "StyleFeatures":
        """Measures features."""
        return cls(gram(features), *moments(features))

    def pick(self, index: Tensor) -> "StyleFeatures":
        """Rows by index [n]."""
        return StyleFeatures(self.gram[index], self.mean[index], self.std[index])

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
    losses = []
    for layer, target in targets.items():
        found = StyleFeatures.of(features[layer])
        size = target.mean.square().sum(1) + target.std.square().sum(1)
        apart = (found.mean - target.mean).square() + (found.std - target.std).square()
        losses.append(0.5 * relative(found.gram, target.gram) + 0.5 * apart.sum(1) / size)
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


BAND_SCALES = (1, 2, 4, 8)
"""Cell sizes in pixels at which `band_statistics` looks."""


def haar_details(grey: Float[Tensor, "n 1 h w"], size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Differences of four neighbouring cells of `size` pixels: across, along and diagonal."""
    cells = F.avg_pool2d(grey, size, stride=1)
    a, b = cells[..., :-size, :-size], cells[..., :-size, size:]
    c, d = cells[..., size:, :-size], cells[..., size:, size:]
    return a + b - c - d, a - b + c - d, a - b - c + d


def band_statistics(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n bands"]:
    """How strong, and how sparse, the Haar details of a picture's grey values are.

    For each cell size and each direction (across, along, diagonal) the root mean square and the
    mean absolute value of the differences between neighbouring cells. VGG statistics hardly see
    a weave of alternating cells, which networks like to fill flat areas with; its diagonal
    details give it away.
    """
    grey, found = image.mean(dim=1, keepdim=True), []
    for size in BAND_SCALES:
        for detail in haar_details(grey, size):
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


WEAVE_SCALES = (1, 2, 4)
FLATNESS_WINDOW = 15
FLAT = 0.04
"""A standard deviation of grey values (0 to 1) that still counts as flat, to a third."""


def weave(image: Float[Tensor, "n 3 h w"], photo: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Mean squared diagonal Haar detail of a painting where the photo is flat.

    Strokes in a sky have a direction; a weave of alternating cells is all diagonal detail. The
    mean over a whole picture, which `band_loss` compares, does not see it beside the rest.
    """
    grey, flat = image.mean(dim=1, keepdim=True), flatness(photo)
    found = []
    for size in WEAVE_SCALES:
        detail = haar_details(grey, size)[2]
        where = F.interpolate(flat, detail.shape[-2:], mode="bilinear", align_corners=False)
        found.append((detail.square() * where).mean(dim=(1, 2, 3)))
    return torch.stack(found).mean(dim=0)


def flatness(photo: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h w"]:
    """1 where a photo's grey values do not change in the neighbourhood, towards 0 where they do."""
    grey, half = photo.mean(dim=1, keepdim=True), FLATNESS_WINDOW // 2
    padded = F.pad(grey, [half] * 4, mode="replicate")
    mean = F.avg_pool2d(padded, FLATNESS_WINDOW, stride=1)
    square = F.avg_pool2d(padded.square(), FLATNESS_WINDOW, stride=1)
    return torch.exp(-(square - mean.square()).clamp_min(0).sqrt() / FLAT)


PALETTE_CELL = 4
PALETTE_DIRECTIONS = 16
PALETTE_QUANTILES = 128


def palette(image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n directions quantiles"]:
    """The distribution of a picture's colours, as quantiles along fixed directions in RGB.

    Colours are means of cells of 4 x 4 pixels (0 to 1), so that patches of colour count and noise
    does not. The directions are the three axes and others drawn once.
    """
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(PALETTE_DIRECTIONS - 3, 3, generator=generator)
    directions = torch.cat([torch.eye(3), drawn / drawn.norm(dim=1, keepdim=True)]).to(image.device)
    cells = F.avg_pool2d(image, PALETTE_CELL).flatten(2)
    ordered = torch.einsum("dc,ncp->ndp", directions, cells).sort(dim=2).values
    places = torch.linspace(0, ordered.shape[2] - 1, PALETTE_QUANTILES, device=image.device)
    return ordered[..., places.round().long()]


def palette_loss(
    found: Float[Tensor, "n directions quantiles"], target: Float[Tensor, "n directions quantiles"]
) -> Float[Tensor, " n"]:
    """Squared sliced Wasserstein distance of colours (Heitz et al., CVPR 2021, on RGB)."""
    return (found - target).square().mean(dim=(1, 2))
