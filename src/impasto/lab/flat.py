"""The terms of the training loss for places where the photo is flat: skies, walls, water.

There a network has nothing to paint from, and what it makes up by itself gives it away: a weave of
alternating cells, a lattice as fine as its strides, a glow round what stands before the sky. The
losses that compare statistics of a whole picture hardly see any of them.
"""

from functools import cache
from itertools import product

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from impasto.lab.bands import grey_values, haar_details

WEAVE_SCALES = (1, 2, 4)
FLATNESS_CELL = 4
FLATNESS_WINDOW = 3
"""Cells on a side of the neighbourhood that is looked at."""
FLAT = 0.04
"""A standard deviation of grey values (0 to 1) that still counts as flat, to a third."""

STRIDES = (2, 4, 8)
"""Pixels between the features of a trunk's levels, which its own patterns repeat at."""
REPEATS = {2: 1, 4: 1, 8: 3}
"""How many strides away a repetition is looked for."""
SMOOTHING = 17
"""Pixels on a side of the mean that is subtracted before: what is larger is no lattice."""

THREADS = ((4, 3), (6, 4), (8, 6), (11, 8))
"""Pixels along an axis, and along both for about the same distance."""
SHORT_THREADS = ((2, 1), (3, 2))
"""The same for threads of two and three pixels, which is what is left where longer ones cost. The
diagonals are a little nearer than the axes, so that round grain costs nothing.
"""

NEARBY = (5, 13)
"""Cells on a side of the neighbourhoods that an object makes its surroundings."""


def flatness(photo: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h/4 w/4"]:
    """1 where a photo's grey values do not change in the neighbourhood, towards 0 where they do."""
    grey, half = grey_values(photo), FLATNESS_WINDOW // 2
    both = torch.cat([grey, grey.square()], dim=1)
    padded = F.pad(F.avg_pool2d(both, FLATNESS_CELL), [half] * 4, mode="replicate")
    mean, square = F.avg_pool2d(padded, FLATNESS_WINDOW, stride=1).split(1, dim=1)
    return torch.exp(-(square - mean.square()).clamp_min(0).sqrt() / FLAT)


def weave(image: Float[Tensor, "n 3 h w"], photo: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Mean squared diagonal Haar detail of a painting where the photo is flat.

    Strokes in a sky have a direction; a weave of alternating cells is all diagonal detail. The
    mean over a whole picture, which `band_loss` compares, does not see it beside the rest.
    """
    grey, flat = grey_values(image), flatness(photo)
    found = []
    for size in WEAVE_SCALES:
        detail = haar_details(grey, size)[2]
        where = F.interpolate(flat, detail.shape[-2:], mode="bilinear", align_corners=False)
        found.append((detail.square() * where).mean(dim=(1, 2, 3)))
    return torch.stack(found).mean(dim=0)


def lattice(covariance: Float[Tensor, "n h w"]) -> Float[Tensor, " n"]:
    """How much of a painting repeats at the trunk's strides where the photo is flat.

    The `flat_covariance` at multiples of a stride, less what it is half a stride nearer and
    farther: a stroke is alike along itself, and its covariance falls steadily, but only a lattice
    is again alike where the next stride begins. It costs nothing to have texture that does not
    repeat.
    """
    here, near, far = _at(covariance, _lattice_lags(covariance.device)).unbind(1)
    return (here - (near + far) / 2).clamp_min(0).mean(dim=1)


def threads(covariance: Float[Tensor, "n h w"]) -> Float[Tensor, " n"]:
    """How much a painting has of threads that cross, as of cloth, where the photo is flat.

    Convolutions draw threads along rows and columns, or both diagonals, with ease; strokes go any
    way, but mostly one way. So the `flat_covariance` straight along the axes counts, less what it
    is on the diagonals at the same distance; and what both diagonals have, the smaller of the two,
    less the axes. As a picture is looked at as a whole, strokes that go one way here and another
    there count like threads that cross.
    """
    row, column, falling, rising = _at(covariance, _thread_lags(covariance.device)).unbind(1)
    axes = (row + column) / 2
    linen = axes - (falling + rising) / 2
    crossed = torch.minimum(falling, rising) - axes.clamp_min(0)
    crossed = crossed[:, len(SHORT_THREADS) :]
    return linen.clamp_min(0).mean(dim=1) + crossed.clamp_min(0).mean(dim=1)


def halo(image: Float[Tensor, "n 3 h w"], photo: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """How much of a painting's colours, where the photo is flat, tells that an object is near.

    The variance (of RGB in 0 to 1) that is explained by how much near a place is not flat and by
    the side on which it is, after all that the photo's own colours explain: a sky that is brighter
    at the horizon may stay so.
    """
    flat = flatness(photo)
    root = (flat / flat.sum(dim=(1, 2, 3), keepdim=True).clamp_min(1e-3)).sqrt().flatten(2)
    axes = _of_objects(flat, photo, root)
    found = F.avg_pool2d(image, FLATNESS_CELL).flatten(2).float() * root
    return (found[:, :, None] * axes[:, None]).sum(dim=3).square().sum(dim=(1, 2))


LEAST_SPREAD = 1e-3
"""Of the share of what is not flat: below it there is nothing to compare."""
ROUNDING = 1e-9
"""Added to squared lengths of about 1, so that rows that add nothing can be told apart."""


@torch.no_grad()
def _of_objects(
    flat: Float[Tensor, "n 1 h w"], photo: Float[Tensor, "n 3 height width"], root: Tensor
) -> Float[Tensor, "n k cells"]:
    """Weighted axes of what objects near by add to the photo's colours, orthonormal or shorter."""
    colours = F.avg_pool2d(photo, FLATNESS_CELL).float()
    grey = colours.mean(dim=1, keepdim=True)
    given = torch.cat([torch.ones_like(flat), colours, grey.square()], dim=1)
    rows = torch.cat([given, *_surroundings(1 - flat)], dim=1).flatten(2) * root
    axes, spread = _orthonormal(rows.double())
    axes = axes * (spread / (spread + LEAST_SPREAD)).sqrt()[..., None]
    return axes[:, given.shape[1] :].float()


def _orthonormal(rows: Float[Tensor, "n k p"]) -> tuple[Tensor, Tensor]:
    """Each row less what those before it explain, at length 1, and how long it was, squared.

    By Cholesky's factor of their products (as in Fukaya et al. 2014, "CholeskyQR2"), because GPUs
    take one matrix after another for QR. It squares the condition, so rows are in double, and one
    that adds nothing comes out shorter than 1.
    """
    with torch.autocast(rows.device.type, enabled=False):  # of a thousand products nothing is left
        products = rows @ rows.mT
        products.diagonal(dim1=1, dim2=2).add_(ROUNDING)
        factor, _ = torch.linalg.cholesky_ex(products)
        axes = torch.linalg.solve_triangular(factor, rows, upper=False)
    return axes, factor.diagonal(dim1=1, dim2=2).square()


def _surroundings(objects: Float[Tensor, "n 1 h w"]) -> list[Float[Tensor, "n 1 h w"]]:
    """How much near each place is an object, and how much more on one side than on the other."""
    found = []
    for side in NEARBY:
        half = side // 2
        near = F.avg_pool2d(objects, side, stride=1, padding=half, count_include_pad=False)
        wide = F.pad(near, [half] * 4, mode="replicate")
        found.append(near)
        found.append(wide[..., half:-half, 2 * half :] - wide[..., half:-half, : -2 * half])
        found.append(wide[..., 2 * half :, half:-half] - wide[..., : -2 * half, half:-half])
    return found


def flat_covariance(
    image: Float[Tensor, "n 3 h w"], photo: Float[Tensor, "n 3 h w"]
) -> Float[Tensor, "n h w"]:
    """The autocovariance of a painting's fine detail where the photo is flat.

    Of grey values of 0 to 1, for each distance down and across, modulo height and width; what
    `lattice` and `threads` look at.
    """
    flat = F.interpolate(flatness(photo), image.shape[-2:], mode="bilinear", align_corners=False)
    grey = grey_values(image).float()
    fine = (grey - _smoothed(grey)) * flat
    share = flat.square().mean(dim=(1, 2, 3)).clamp_min(1e-2)
    return _autocovariance(fine[:, 0]) / share[:, None, None]


def _smoothed(grey: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 1 h w"]:
    """The mean of each pixel's neighbourhood, along columns and then along rows."""
    for kernel in ((SMOOTHING, 1), (1, SMOOTHING)):
        half = (kernel[0] // 2, kernel[1] // 2)
        grey = F.avg_pool2d(grey, kernel, stride=1, padding=half, count_include_pad=False)
    return grey


def _autocovariance(grey: Float[Tensor, "n h w"]) -> Float[Tensor, "n h w"]:
    """The mean product of pixels so far apart, by way of the spectrum; it wraps at the borders."""
    height, width = grey.shape[-2:]
    power = torch.fft.rfft2(grey).abs().square()
    return torch.fft.irfft2(power, s=(height, width)) / (height * width)


def _at(covariance: Float[Tensor, "n h w"], lags: Int[Tensor, "m k 2"]) -> Float[Tensor, "n m k"]:
    """The covariance at distances (down, across); all at once, as each alone costs a whole map."""
    return covariance[:, lags[..., 0], lags[..., 1]]


@cache
def _thread_lags(device: torch.device) -> Int[Tensor, "4 k 2"]:
    """Along rows, along columns, and along the falling and the rising diagonals."""
    straight, aslant = torch.tensor(SHORT_THREADS + THREADS)[..., None].unbind(1)
    axes = torch.tensor([[[0, 1]], [[1, 0]], [[1, 1]], [[1, -1]]])
    return torch.cat([straight * axes[:2], aslant * axes[2:]]).to(device)


@cache
def _lattice_lags(device: torch.device) -> Int[Tensor, "3 k 2"]:
    """Where a lattice repeats, and half a stride nearer and farther."""
    lags, halves = torch.tensor(_lags()).unbind(1)
    return torch.stack([lags, lags - halves, lags + halves]).to(device)


def _lags() -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Distances (down, across) at which a lattice repeats, and half a stride in their direction."""
    lags = []
    for stride in STRIDES:
        most = REPEATS[stride]
        for i, j in product(range(most + 1), range(-most, most + 1)):
            if i == 0 and j <= 0:
                continue
            half = stride / 2 / max(i, abs(j))
            lags.append(((i * stride, j * stride), (round(i * half), round(j * half))))
    return lags
