from pathlib import Path

import numpy as np
import skimage
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.lab.data import open_rgb, to_tensor
from impasto.lab.features import load_features
from impasto.lab.losses import StyleFeatures, style_loss
from impasto.lab.variants import LURES, MOST_LURED, MOST_RIPPLE, lure, ripple, vary


def squares(name: str) -> torch.Tensor:
    """Four squares of a real photo, side by side in it."""
    whole = to_tensor(open_rgb(Path(skimage.data_dir) / name)[64:160])
    return torch.cat([whole[..., left : left + 96] for left in range(0, 384, 96)])


def test_variants_lie_between_pictures() -> None:
    """A variant is nearer to its picture than the next picture is, in the mean over many."""
    image = torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    varied = vary(image, np.random.default_rng(0))
    assert (varied - image).square().mean() < (image.roll(1, 0) - image).square().mean()


@given(st.integers(0, 1000), st.integers(1, 3), st.integers(8, 40), st.integers(8, 40))
def test_a_ripple_is_faint_and_in_range(seed: int, count: int, height: int, width: int) -> None:
    """No pixel changes by more than the amplitude, and none leaves 0 to 1."""
    image = torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed))
    rippled = ripple(image, np.random.default_rng(seed))
    assert (rippled - image).abs().max() <= MOST_RIPPLE + 1e-6
    assert rippled.min() >= 0
    assert rippled.max() <= 1


def test_a_ripple_is_regular() -> None:
    """On grey, what a ripple adds has nearly all its energy in a few of all frequencies."""
    grey = torch.full((8, 3, 64, 64), 0.5)
    added = (ripple(grey, np.random.default_rng(3)) - grey).mean(1)
    window = torch.hann_window(64)
    energy = torch.fft.fft2(added * window * window[:, None]).abs().square().flatten(1)
    few = energy.topk(energy.shape[1] // 30).values
    assert (few.sum(1) > 0.95 * energy.sum(1)).all()


def test_a_lured_picture_deceives_the_student() -> None:
    """The bundled network finds it nearer to the other's style than before; no pixel went far."""
    student = load_features().requires_grad_(False)
    image, target = (squares(name) for name in ("chelsea.png", "rocket.jpg"))
    wanted = {
        name: StyleFeatures.of(each) for name, each in student(target, student.layers).items()
    }
    lured = lure(image, target, student, np.random.default_rng(0))
    before, after = (style_loss(student(each, student.layers), wanted) for each in (image, lured))
    assert after.mean() < 0.8 * before.mean()
    assert (lured - image).abs().mean() <= LURES * MOST_LURED
    assert not lured.requires_grad
