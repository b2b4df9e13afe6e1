"""The learned linear transform of Li et al. 2019, on slim features."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from impasto.bench.baselines.slim import WIDTHS, Mirror, new_mirror

SIDE = 24
"""Of the matrix. The paper has 32, which here would take more than 3 MB."""
_DEEP = WIDTHS[-1]


class Branch(nn.Module):
    """A matrix from features: convolutions, their covariance, a fully connected layer."""

    def __init__(self) -> None:
        super().__init__()
        widths = (_DEEP, _DEEP // 2, _DEEP // 4, SIDE)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
        self.convolutions = nn.Sequential(*layers[:-1])
        self.full = nn.Linear(SIDE * SIDE, SIDE * SIDE)
        with torch.no_grad():  # both matrices begin near the identity
            self.full.weight.mul_(0.1)
            self.full.bias.copy_(torch.eye(SIDE).flatten())

    def forward(self, features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n side side"]:
        """The matrix of centred features."""
        flat = self.convolutions(features).flatten(2).float()
        covariance = flat @ flat.transpose(1, 2) / flat.shape[2]
        matrix: Tensor = self.full(covariance.flatten(1))
        return matrix.view(-1, SIDE, SIDE)


class Transform(nn.Module):
    """Features of a photo to features of its painting, by one matrix for each pair of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.content, self.style = Branch(), Branch()
        self.compress = nn.Conv2d(_DEEP, SIDE, 1)
        self.expand = nn.Conv2d(SIDE, _DEEP, 1)

    def forward(
        self, photo: Float[Tensor, "n c h w"], style: Float[Tensor, "n c h2 w2"]
    ) -> Float[Tensor, "n c h w"]:
        """Both seen at relu4_1."""
        return self.move(photo, self.read(style))

    def read(self, style: Float[Tensor, "n c h w"]) -> tuple[Tensor, Tensor]:
        """What painting needs of a style: its matrix and its mean."""
        mean = style.mean(dim=(2, 3), keepdim=True)
        return self.style(style - mean), mean

    def move(
        self, photo: Float[Tensor, "n c h w"], seen: tuple[Tensor, Tensor]
    ) -> Float[Tensor, "n c h w"]:
        """Transform a photo's features by what was read of a style."""
        matrix, mean = seen
        centred = photo - photo.mean(dim=(2, 3), keepdim=True)
        matrix, narrow = matrix @ self.content(centred), self.compress(centred)
        moved = (matrix.to(narrow.dtype) @ narrow.flatten(2)).view_as(narrow)
        expanded: Tensor = self.expand(moved)
        return expanded + mean


class LinearNet(nn.Module):
    """The transform and its decoder, which are stored together."""

    def __init__(self) -> None:
        super().__init__()
        self.transform = Transform()
        self.decoder: Mirror = new_mirror()
