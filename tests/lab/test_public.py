"""Public measures: their formulas where the answer is known, and what is said to be missing."""

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from impasto.lab.public import art_fid, public_measures, structural_distance

NAMES = {"FID", "ArtFID", "LPIPS", "CFSD"}


def test_art_fid_of_known_parts() -> None:
    """One plus each, multiplied: 1 where nothing is lost, 4.5 of a half and two."""
    assert art_fid(0, 0) == 1
    assert art_fid(0.5, 2) == 4.5


def test_structure_of_two_places() -> None:
    """Of two places with products 1, 0 and 0, 0 the divergence is known in closed form."""
    photo = torch.zeros(1, 1, 2)
    assert structural_distance(photo, photo) == 0
    painting = torch.tensor([[[1.0, 0.0]]])
    # Only the first place differs: the photo's is (1/2, 1/2), the painting's softmax of (1, 0).
    first = math.e / (1 + math.e)
    wanted = -math.log(2) - 0.5 * (math.log(first) + math.log(1 - first))
    assert structural_distance(painting, photo) == pytest.approx(wanted, rel=1e-5)


def test_structure_is_divided_by_channels() -> None:
    """Features are divided by the number of channels before they are multiplied."""
    photo, painting = torch.zeros(2, 1, 2), torch.tensor([[[2.0, 0.0]], [[0.0, 0.0]]])
    single = structural_distance(torch.tensor([[[1.0, 0.0]]]), torch.zeros(1, 1, 2))
    assert structural_distance(painting, photo) == pytest.approx(single, rel=1e-5)


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of that of torch's downloads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_what_is_missing_is_said(tmp_path: Path, downloads: Path) -> None:
    """In an empty folder nothing can be measured, and each measure says what it lacks."""
    found = public_measures()
    assert found.missing.keys() == NAMES
    assert not found.sets
    assert not found.pairs
    assert "vgg19-dcbb9e9d.pth" in found.missing["CFSD"]
    assert str(tmp_path) not in "".join(found.missing.values())


def test_cfsd_runs_on_weights_of_the_right_names(downloads: Path) -> None:
    """With a file of torchvision's names CFSD is measured; with another it says so."""
    path, widths = downloads / "vgg19-dcbb9e9d.pth", (3, 4, 4, 5, 5, 6)
    state = {}
    for number, inputs, outputs in zip((0, 2, 5, 7, 10), widths[:-1], widths[1:], strict=True):
        state[f"features.{number}.weight"] = torch.randn(outputs, inputs, 3, 3)
        state[f"features.{number}.bias"] = torch.zeros(outputs)
    torch.save(state, path)
    measure = public_measures().pairs["cfsd"]
    random = np.random.default_rng(0)
    photo, other = random.integers(0, 256, (2, 16, 24, 3), np.uint8)
    assert measure(photo, photo) == pytest.approx(0, abs=1e-6)
    assert measure(other, photo) > 1e-4
    torch.save({"classifier.weight": torch.zeros(1)}, path)
    assert "not torchvision's VGG-19" in public_measures().missing["CFSD"]
