"""The judge, and the distance of what it sees."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from impasto.core.errors import ModelError
from impasto.lab import judge as module
from impasto.lab.data import open_rgb
from impasto.lab.judge import JUDGE, Judge, cut_crops, kernel_distance, load_judge

seeds = st.integers(0, 2**31)


def tiny_judge() -> dict[str, torch.Tensor]:
    """SqueezeNet 1.1 with random weights and four channels everywhere."""
    generator = torch.Generator().manual_seed(1)
    shapes = {"conv1": (4, 3, 3, 3)}
    for number in range(2, 10):
        shapes[f"fire{number}.squeeze1x1"] = (4, 4, 1, 1)
        shapes[f"fire{number}.expand1x1"] = (2, 4, 1, 1)
        shapes[f"fire{number}.expand3x3"] = (2, 4, 3, 3)
    weights = {}
    for name, shape in shapes.items():
        weights[f"{name}.weight"] = torch.randn(shape, generator=generator) / shape[1] ** 0.5
        weights[f"{name}.bias"] = torch.full(shape[:1], 0.1)
    return weights


def rows(seed: int, count: int = 200, shift: float = 0.0) -> np.ndarray:
    """Random features of 8 channels."""
    random = np.random.default_rng(seed)
    return (random.standard_normal((count, 8)) + shift).astype(np.float32)


def plain_distance(x: np.ndarray, y: np.ndarray) -> float:
    """The same distance by its definition, pair by pair."""

    def mean(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
        return float(np.mean([(np.dot(a, b) / len(a) + 1) ** 3 for a, b in pairs]))

    x, y = x.astype(np.float64), y.astype(np.float64)
    within = [[(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j] for z in (x, y)]
    return mean(within[0]) + mean(within[1]) - 2 * mean([(a, b) for a in x for b in y])


@settings(max_examples=20)
@given(seed=seeds, first=st.integers(2, 9), second=st.integers(2, 9))
def test_the_distance_is_that_of_its_definition(seed: int, first: int, second: int) -> None:
    """Sums over blocks give what the mean over all pairs gives, whichever set comes first."""
    x, y = rows(seed, first), rows(seed + 1, second, shift=0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", 3)
        assert kernel_distance(x, y) == pytest.approx(plain_distance(x, y), rel=1e-6, abs=1e-9)
        assert kernel_distance(y, x) == pytest.approx(kernel_distance(x, y), rel=1e-9, abs=1e-12)


@settings(max_examples=20)
@given(seed=seeds)
def test_two_halves_of_one_set_are_near(seed: int) -> None:
    """Two halves of one set are near 0; sets of two kinds are not, and further apart farther."""
    x = rows(seed, 400)
    near, far, farther = (kernel_distance(x[::2], rows(seed, 200, s)) for s in (0, 1, 2))
    assert abs(kernel_distance(x[::2], x[1::2])) < 0.3
    assert abs(near) < 0.3 < far < farther


def test_one_crop_is_no_set() -> None:
    """A set without a pair is refused."""
    with pytest.raises(ValueError, match="at least 2"):
        kernel_distance(rows(0, 1), rows(0, 5))


def test_crops_are_pieces_at_places_that_the_seed_decides() -> None:
    """Crops lie inside; equal seeds give equal places, so a painting is cut as its photo."""
    ramp = np.arange(40 * 60 * 3, dtype=np.uint32).reshape(40, 60, 3) % 251
    pixels = ramp.astype(np.uint8)
    crops = cut_crops(pixels, 9, [3], side=16)
    assert crops.shape == (9, 16, 16, 3)
    np.testing.assert_array_equal(255 - crops, cut_crops(255 - pixels, 9, [3], side=16))
    assert (crops != cut_crops(pixels, 9, [4], side=16)).any()
    assert cut_crops(pixels, 2, [0], side=128).shape == (2, 40, 40, 3)


def test_features_do_not_depend_on_the_batch() -> None:
    """Crops are seen one by one: a batch that is cut in pieces gives the same features."""
    crops = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 3), np.uint8)
    judge = Judge(tiny_judge())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BATCH", 2)
        pieces = judge.look(crops)
    assert pieces.shape == (5, 4)
    np.testing.assert_allclose(pieces, judge.look(crops), rtol=1e-4, atol=1e-4)


def test_its_first_channel_is_blue() -> None:
    """Weights are for BGR: a network that sees its first input alone is blind to red and green."""
    weights = tiny_judge()
    weights["conv1.weight"][:, 1:] = 0
    grey = np.full((1, 48, 48, 3), 200, np.uint8)
    seen = {}
    for index, colour in enumerate("rgb"):
        changed = grey.copy()
        changed[..., index] = 20
        seen[colour] = Judge(weights).look(changed)
    np.testing.assert_array_equal(seen["r"], seen["g"])
    assert np.abs(seen["b"] - seen["r"]).max() > 1e-3


def test_difference_of_known_layers() -> None:
    """Features have unit length at each place, lengths are squared, and layers count alike."""

    class Known(Judge):
        def _layers(self, crops: np.ndarray) -> Iterator[torch.Tensor]:
            first = torch.tensor([[3.0, 4.0], [4.0, 3.0]])[..., None, None]
            yield first.expand(2, 2, 3, 5)  # (0.6, 0.8) and (0.8, 0.6): 0.08 apart
            second = torch.tensor([[[0.0, 9.0], [5.0, 0.0]], [[7.0, 9.0], [0.0, 0.0]]])
            yield second[..., None]  # 2 apart at one place of two, and 0 at the other

    picture = np.zeros((32, 32, 3), np.uint8)
    assert Known({}).difference(picture, picture) == pytest.approx((0.08 + 1) / 2)


def test_difference_does_not_depend_on_contrast_of_features() -> None:
    """Weights of any size give the same: what counts is the direction at each place."""
    weights, random = tiny_judge(), np.random.default_rng(0)
    for name in weights:
        weights[name] = weights[name] * (0 if name.endswith("bias") else 1)
    larger = {name: 3 * each for name, each in weights.items()}
    one, other = random.integers(0, 256, (2, 48, 64, 3), np.uint8)
    found, again = (Judge(each).difference(one, other) for each in (weights, larger))
    assert found == pytest.approx(again, rel=1e-4)
    assert 0.01 < found < 2


def test_difference_grows_with_what_changes() -> None:
    """Equal pictures do not differ; the more noise, the more they do, and the order is free."""
    judge, random = Judge(tiny_judge()), np.random.default_rng(0)
    picture = random.integers(60, 200, (48, 64, 3)).astype(np.uint8)
    noise = random.normal(0, 1, picture.shape)
    found = []
    for strength in (0, 5, 30):
        other = np.clip(picture + strength * noise, 0, 255).astype(np.uint8)
        found.append(judge.difference(picture, other))
        assert judge.difference(other, picture) == pytest.approx(found[-1], rel=1e-4, abs=1e-9)
    assert found[0] == 0.0
    assert 0.0 < found[1] < found[2]


def test_bad_files_are_named(tmp_path: Path) -> None:
    """A missing file, one that is no safetensors, and another network are refused."""
    with pytest.raises(ModelError, match=r"cannot read the judge .*none\.safetensors"):
        load_judge(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.safetensors"):
        load_judge(tmp_path / "text.safetensors")
    weights = tiny_judge()
    del weights["fire9.expand3x3.weight"]
    save_file(weights, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match=r"not SqueezeNet 1\.1, it has no fire9"):
        load_judge(tmp_path / "other.safetensors")


def test_it_knows_a_painting_from_photos(assets: Path) -> None:
    """With the real weights, crops of one painting are near each other and far from a photo's."""
    judge = load_judge(assets / JUDGE)
    painting = open_rgb(assets / "styles/famous/picabia-udnie-1913.jpg", long_side=512)
    photo = open_rgb(assets / "content/photos/bsds500-15062.jpg", long_side=512)
    halves = [judge.look(cut_crops(painting, 24, [seed], side=96)) for seed in (0, 1)]
    assert halves[0].shape == (24, 512)
    other = judge.look(cut_crops(photo, 24, [0], side=96))
    assert abs(kernel_distance(*halves)) < 0.1 * kernel_distance(other, halves[0])
