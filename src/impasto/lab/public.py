"""FID, ArtFID, LPIPS and CFSD by their public definitions, where their networks can be had.

Nothing is downloaded: the networks' public weights are looked for where torch keeps downloads
(`torch.hub.get_dir()`, which TORCH_HOME moves), and what is missing is said. A measure that is
computed with other networks has another name here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from impasto.core.arrays import RGB
from impasto.core.errors import ModelError
from impasto.lab.data import to_tensor
from impasto.lab.features import IMAGENET_MEAN, IMAGENET_STD
from impasto.lab.judge import Crops

_INCEPTION = "weights-inception-2015-12-05-6726825d.pth"
_ART_INCEPTION = "art_inception.pth"
_ALEXNET = "alexnet-owt-7be5be79.pth"
_VGG19 = "vgg19-dcbb9e9d.pth"
_CONVOLUTIONS = (0, 2, 5, 7, 10)
_POOLED_BEFORE = (5, 10)
"""Of torchvision's VGG-19, as far as conv3_1."""
_ROWS = 1024
"""Rows of a table of similarities that are in memory at a time."""
_BATCH = 32

SetMeasure = Callable[[Crops, Crops], float]
PairMeasure = Callable[[RGB, RGB], float]


@dataclass(frozen=True)
class PublicMeasures:
    """What can be measured here, and why the rest cannot."""

    sets: Mapping[str, SetMeasure]
    """`fid` and `art_fid_style` compare crops of paintings with crops of styles."""
    pairs: Mapping[str, PairMeasure]
    """`lpips` and `cfsd` compare a painting (first) with its photo."""
    missing: Mapping[str, str]
    """By the measure's usual name, what it lacks."""


def public_measures() -> PublicMeasures:
    """Find what can be measured."""
    place = Path(torch.hub.get_dir()) / "checkpoints"
    sets: dict[str, SetMeasure] = {}
    pairs: dict[str, PairMeasure] = {}
    missing: dict[str, str] = {}
    wanted: list[tuple[str, str, tuple[str, ...], Any, Callable[[Path], Any]]] = [
        ("FID", _INCEPTION, ("torchmetrics", "torch_fidelity"), (sets, "fid"), _fid),
        ("ArtFID", _ART_INCEPTION, ("torchmetrics", "torchvision"), (sets, "art_fid_style"), _art),
        ("LPIPS", _ALEXNET, ("torchmetrics", "torchvision"), (pairs, "lpips"), _lpips),
        ("CFSD", _VGG19, (), (pairs, "cfsd"), _cfsd),
    ]
    for name, file, packages, (table, key), make in wanted:
        lacks = [each for each in packages if find_spec(each) is None]
        if lacks:
            package = lacks[0].replace("_", "-")
            missing[name] = f"{package} is not installed: pip install 'impasto[public-measures]'"
        elif not (place / file).is_file():
            missing[name] = f"there are no weights {file} among torch's downloads"
        else:
            try:
                table[key] = make(place / file)
            except (ImportError, RuntimeError, OSError, ValueError, ModelError) as error:
                missing[name] = f"{file} cannot be used: {error}".splitlines()[0]
    if "ArtFID" not in missing and "LPIPS" in missing:
        del sets["art_fid_style"]
        missing["ArtFID"] = "it is a product with LPIPS, which is missing"
    return PublicMeasures(sets, pairs, missing)


def art_fid(lpips: float, style_distance: float) -> float:
    """ArtFID (Wright and Ommer 2022): one plus each, multiplied; 1 is perfect."""
    return (1 + lpips) * (1 + style_distance)


def _fid(weights: Path) -> SetMeasure:
    """FID as torchmetrics computes it (Heusel et al. 2017), of crops in place of whole pictures."""
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature_extractor_weights_path=str(weights))
    return lambda found, wanted: _of_sets(metric, found, wanted, lambda crops: crops)


def _art(weights: Path) -> SetMeasure:
    """The style part of ArtFID: the same distance by an Inception that was trained on art."""
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchvision.models import inception_v3

    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    network.fc = torch.nn.Identity()
    state = torch.load(weights, map_location="cpu", weights_only=True)
    kept = {name: each for name, each in state.items() if not name.startswith(("fc.", "AuxLogits"))}
    lacks = network.load_state_dict(kept, strict=False).missing_keys
    if any(not name.startswith("AuxLogits") for name in lacks):
        raise ValueError("it is another network than torchvision's Inception v3")
    network.eval().num_features = 2048
    metric = FrechetInceptionDistance(feature=network)
    return lambda found, wanted: _of_sets(metric, found, wanted, _large)


def _large(crops: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 299 299"]:
    return F.interpolate(crops.float() / 255, (299, 299), mode="bilinear", antialias=True)


@torch.no_grad()
def _of_sets(
    metric: Any, found: Crops, wanted: Crops, prepared: Callable[[Tensor], Tensor]
) -> float:
    metric.reset()
    for crops, real in ((wanted, True), (found, False)):
        for start in range(0, len(crops), _BATCH):
            batch = torch.from_numpy(crops[start : start + _BATCH].copy()).permute(0, 3, 1, 2)
            metric.update(prepared(batch.contiguous()), real=real)
    return float(metric.compute())


def _lpips(weights: Path) -> PairMeasure:
    """LPIPS with AlexNet, version 0.1 (Zhang et al. 2018), as torchmetrics computes it.

    torchvision finds the weights by itself, in the very folder that was looked into.
    """
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    metric = LearnedPerceptualImagePatchSimilarity(net_type="alex", normalize=True)

    @torch.no_grad()
    def measure(painting: RGB, photo: RGB) -> float:
        return float(metric(to_tensor(painting), to_tensor(photo)))

    return measure


def _cfsd(weights: Path) -> PairMeasure:
    """CFSD (Chung, Hyun and Heo, CVPR 2024) on relu3_1 of torchvision's VGG-19."""
    state = torch.load(weights, map_location="cpu", weights_only=True)
    if any(f"features.{number}.weight" not in state for number in _CONVOLUTIONS):
        raise ValueError("it is not torchvision's VGG-19")

    @torch.no_grad()
    def measure(painting: RGB, photo: RGB) -> float:
        return structural_distance(*(_relu3_1(state, each) for each in (painting, photo)))

    return measure


def _relu3_1(state: Mapping[str, Tensor], pixels: RGB) -> Float[Tensor, "c h w"]:
    mean, std = (torch.tensor(each)[:, None, None] for each in (IMAGENET_MEAN, IMAGENET_STD))
    x = (to_tensor(pixels) - mean) / std
    for number in _CONVOLUTIONS:
        if number in _POOLED_BEFORE:
            x = F.max_pool2d(x, 2)
        weight, bias = (state[f"features.{number}.{part}"] for part in ("weight", "bias"))
        x = F.relu(F.conv2d(x, weight, bias, padding=1))
    return x[0]


def structural_distance(painting: Float[Tensor, "c h w"], photo: Float[Tensor, "c h w"]) -> float:
    """How differently places are alike to each other: CFSD of two pictures' features; 0 is equal.

    Of each place the similarities to all places are a distribution (softmax of the products of
    features that are divided by the number of channels). The divergence (Kullback-Leibler) of the
    painting's from the photo's, summed over places as in the authors' program.
    """
    found, wanted = (each.flatten(1).T / each.shape[0] for each in (painting, photo))
    total = 0.0
    for start in range(0, len(found), _ROWS):
        rows = slice(start, start + _ROWS)
        log_found = F.log_softmax(found[rows] @ found.T, dim=1)
        log_wanted = F.log_softmax(wanted[rows] @ wanted.T, dim=1)
        total += float(F.kl_div(log_found, log_wanted, reduction="sum", log_target=True))
    return total
