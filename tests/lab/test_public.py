"""Public measures: their formulas where the answer is known, and what is said to be missing."""

import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from impasto.lab import public
from impasto.lab.appearance import frechet_distance
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


class Colours(torch.nn.Module):
    """Stands for a network: its features are the mean of each colour, in 0 to 255."""

    num_features = property(lambda self: 3, lambda self, count: None)  # type: ignore[assignment]
    """It stays at three, whatever it is set to."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale, self.fc = scale, torch.nn.Identity()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Look."""
        self.seen.append(tuple(crops.shape[1:]))
        return self.scale * crops.double().mean(dim=(2, 3))


def sets() -> tuple[np.ndarray, np.ndarray]:
    """Crops of two kinds, more than go into one batch."""
    random = np.random.default_rng(0)
    found = random.integers(0, 120, (40, 8, 8, 3), np.uint8)
    return found, random.integers(100, 256, (36, 8, 8, 3), np.uint8)


def features(crops: np.ndarray) -> np.ndarray:
    """What `Colours` sees, without torch."""
    return crops.mean(axis=(1, 2)).astype(np.float32)


@pytest.fixture
def packages(downloads: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All packages count as installed; the folder of downloads."""
    pytest.importorskip("torchmetrics")
    monkeypatch.setattr(public, "find_spec", lambda name: name)
    return downloads


def test_fid_is_frechets_distance_of_what_the_network_sees(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights are handed over, crops come as bytes with channels first, and sets keep apart."""
    from torchmetrics.image import fid

    given: list[str] = []
    found, wanted = sets()
    wants = frechet_distance(features(found), features(wanted))

    def made(feature_extractor_weights_path: str) -> Any:
        given.append(feature_extractor_weights_path)
        return fid_class(feature=network)

    fid_class, network = fid.FrechetInceptionDistance, Colours()
    monkeypatch.setattr(fid, "FrechetInceptionDistance", made)
    weights = packages / "weights-inception-2015-12-05-6726825d.pth"
    weights.touch()
    measure = public_measures().sets["fid"]
    for _ in range(2):  # a second call begins anew
        assert measure(found, wanted) == pytest.approx(wants, rel=1e-3)
    assert wants > 1000
    assert measure(wanted, wanted) == pytest.approx(0, abs=0.1)
    assert given == [str(weights)]
    assert {(3, 8, 8)} == set(network.seen[1:])  # the first is torchmetrics' own look


def module(monkeypatch: pytest.MonkeyPatch, name: str, **names: Any) -> None:
    """Put a module of another package in its place."""
    made = ModuleType(name)
    for each, value in names.items():
        setattr(made, each, value)
    monkeypatch.setitem(sys.modules, name, made)


def test_lpips_is_asked_for_by_its_public_settings(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AlexNet, pictures in 0 to 1, the painting first; its number comes back as it is."""

    class Metric:
        def __init__(self, net_type: str, normalize: bool) -> None:
            assert (net_type, normalize) == ("alex", True)

        def __call__(self, painting: torch.Tensor, photo: torch.Tensor) -> torch.Tensor:
            assert painting.shape == photo.shape == (1, 3, 16, 24)
            return painting.mean() - 2 * photo.mean()

    name = "torchmetrics.image.lpip"
    module(monkeypatch, name, LearnedPerceptualImagePatchSimilarity=Metric)
    (packages / "alexnet-owt-7be5be79.pth").touch()
    measure = public_measures().pairs["lpips"]
    white, grey = np.full((16, 24, 3), 255, np.uint8), np.full((16, 24, 3), 51, np.uint8)
    assert measure(white, grey) == pytest.approx(1 - 2 * 0.2)


def test_art_fid_looks_with_a_network_of_its_own(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its style part is Fréchet's distance of large crops in 0 to 1; without LPIPS it is none."""
    network = Colours(255.0)
    state = {"other.weight": torch.zeros(1)}
    monkeypatch.setattr(network, "load_state_dict", lambda kept, strict: _keys([], kept))
    models = {"inception_v3": lambda **options: network}
    module(monkeypatch, "torchvision")
    module(monkeypatch, "torchvision.models", **models)
    torch.save({**state, "fc.weight": torch.zeros(1)}, packages / "art_inception.pth")
    assert "product with LPIPS" in public_measures().missing["ArtFID"]
    name = "torchmetrics.image.lpip"
    module(monkeypatch, name, LearnedPerceptualImagePatchSimilarity=lambda **options: None)
    (packages / "alexnet-owt-7be5be79.pth").touch()
    measure = public_measures().sets["art_fid_style"]
    found, wanted = sets()
    wants = frechet_distance(features(found), features(wanted))
    assert measure(found, wanted) == pytest.approx(wants, rel=1e-3)
    assert (3, 299, 299) in network.seen


def _keys(missing: list[str], kept: dict[str, torch.Tensor]) -> Any:
    """What torch says after loading; the last layer is not asked for."""
    assert kept.keys() == {"other.weight"}
    return torch.nn.modules.module._IncompatibleKeys(missing, [])
