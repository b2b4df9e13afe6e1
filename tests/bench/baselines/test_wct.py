"""What whitening and colouring gives, where the encoder and decoder are known."""

from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from impasto.bench.baselines.wct import _Level

Tensor = torch.Tensor


class Mixed(torch.nn.Module):
    """An encoder: channels that are correlated mixtures of colours, their squares and products."""

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Features of a picture."""
        red, green, blue = image.split(1, dim=1)
        seen = [red, red + 0.5 * green, green - blue, red * green, blue**2 + 0.2 * red]
        return {layers[0]: torch.cat(seen, dim=1)}


class Kept(torch.nn.Module):
    """A decoder that keeps what it was given."""

    def forward(self, features: Tensor) -> Tensor:
        """Keep it; the picture is no one's."""
        self.given = features
        return torch.zeros(1, 3, *features.shape[2:])


def picture(seed: int, low: int, high: int) -> np.ndarray:
    """Colours that go together, so that channels are correlated."""
    random = np.random.default_rng(seed)
    grey = random.integers(low, high, (24, 32, 1))
    return np.clip(grey + random.integers(-30, 30, (24, 32, 3)), 0, 255).astype(np.uint8)


def image_of(pixels: np.ndarray) -> Tensor:
    """As the networks see it."""
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def look(pixels: np.ndarray) -> Tensor:
    """The features of a picture, places in a row."""
    return Mixed()(image_of(pixels), ("relu1_1",))["relu1_1"][0].flatten(1).double()


def painted(strength: float) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Features that the decoder gets, and the pictures of photo and style."""
    photo, style, decoder = picture(0, 60, 120), picture(1, 80, 255), Kept()
    level = _Level("relu1_1", Mixed(), decoder)  # type: ignore[arg-type]
    level.paint(image_of(photo), level.colouring(style), strength)
    return decoder.given[0].flatten(1).double(), photo, style


def test_features_get_the_styles_covariance_and_mean() -> None:
    """All of the matrix, also beside its diagonal, which moments alone would not move."""
    found, photo, style = painted(1.0)
    wanted, own = look(style), look(photo)
    assert torch.allclose(found.mean(1), wanted.mean(1), atol=1e-4)
    size = float(wanted.cov().norm())
    assert float((found.cov() - wanted.cov()).norm()) < 0.02 * size
    assert float((own.cov() - wanted.cov()).norm()) > 0.3 * size
    apart = wanted.cov() - torch.diag(wanted.cov().diagonal())
    assert float(apart.norm()) > 0.3 * size


@pytest.mark.parametrize("strength", [0.0, 0.25])
def test_strength_is_a_share_of_the_way(strength: float) -> None:
    """At 0 features are the photo's, and between they lie on the line to the full ones."""
    found, photo, _ = painted(strength)
    full, own = painted(1.0)[0], look(photo)
    assert torch.allclose(found, own.lerp(full, strength), atol=1e-4)
