"""Frozen VGG features (Simonyan & Zisserman 2015), from weight files or from the package.

Four formats are recognised by their keys:

- torchvision's VGG-16 and VGG-19 (`features.0.weight`, ...; `.pth` or `.safetensors`),
- the "normalised" VGG-19 of AdaIN and WCT (`conv1_1.weight`, ...), as deep as the file goes,
- the slim VGG-19 of Collaborative Distillation (Wang et al., CVPR 2020; `conv11.weight`, ...), a
  quarter of the channels, with 1x1 heads that regress the channels of the full network,
- our own (`relu1_1.weight`, ..., and `head.relu1_1.weight`, ...), distilled by `impasto distil`;
  one of these is part of the package.

Layers are named as in the papers: `relu4_1` is the first activation of the fourth block.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from impasto.core.errors import ModelError
from impasto.core.files import atomic_write
from impasto.lab.padding import pad_reflect

BUNDLED = "bundled"
"""How recipes name the network of the package."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

HEAD = "head."
FORMAT_VERSION = 1

TORCHVISION_BLOCKS = {13: (2, 2, 3, 3, 3), 16: (2, 2, 4, 4, 4)}
"""Convolutions a block, by the number of convolutions: VGG-16 and VGG-19."""


class FeatureNetwork(nn.Module):
    """A chain of 3x3 convolutions and 2x2 max pools, with gradients to the picture only."""

    def __init__(
        self, layers: Mapping[str, nn.Conv2d], heads: Mapping[str, nn.Conv2d] | None = None
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict(layers)
        self.heads = nn.ModuleDict(heads or {})
        self.requires_grad_(False).eval()

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the activations that can be asked for, shallow to deep."""
        return tuple(self.convolutions)

    def multiply_adds(self, height: int, width: int) -> int:
        """What a picture of some size costs, without heads."""
        total = 0
        for name, convolution in self.convolutions.items():
            halved = int(name[4]) - 1
            total += (
                convolution.get_parameter("weight").numel() * (height >> halved) * (width >> halved)
            )
        return total

    def up_to(self, layer: str) -> nn.ModuleDict:
        """The convolutions that an activation needs."""
        names = self.layers[: self.layers.index(layer) + 1]
        return nn.ModuleDict({name: self.convolutions[name] for name in names})

    def forward(
        self, image: Float[Tensor, "n 3 h w"], layers: Iterable[str], *, heads: bool = False
    ) -> dict[str, Tensor]:
        """Activations [n, c, h / 2^k, w / 2^k] of RGB pictures in 0 to 1, by layer name.

        With `heads`, activations of a slim network are mapped to the width of the full one.
        """
        wanted = set(layers)
        if missing := wanted - set(self.layers):
            raise ModelError(f"the feature network has no {sorted(missing)}; it has {self.layers}")
        found: dict[str, Tensor] = {}
        x, block = image, "1"
        for name, convolution in self.convolutions.items():
            if name[4] != block:
                x, block = F.max_pool2d(x, 2), name[4]
            x = F.relu(convolution(pad_reflect(x)))
            if name in wanted:
                found[name] = self.heads[name](x) if heads and name in self.heads else x
            if len(found) == len(wanted):
                break
        return found


def bundled_features() -> Path:
    """The file of our own network, which needs no download.

    Raises:
        ModelError: this installation has lost it.
    """
    path = Path(__file__).parents[1] / "data" / "features" / "features.safetensors"
    if not path.is_file():
        raise ModelError(f"{path}: the bundled feature network is missing; install impasto again")
    return path


def features_file(name: str, assets: Path) -> Path:
    """The weight file that a recipe names: `bundled`, or a path below the assets folder."""
    return bundled_features() if name == BUNDLED else assets / name


def load_features(path: Path | None = None) -> FeatureNetwork:
    """Loads a feature network, whichever of the known formats the file is in.

    Args:
        path: the weights; by default those of the package.

    Raises:
        ModelError: the file is missing, damaged, or in none of the formats.
    """
    path = path or bundled_features()
    weights = _read(path)
    if "relu1_1.weight" in weights:
        return _from_own(weights, path)
    if "features.0.weight" in weights:
        return _from_torchvision(weights, path)
    if "conv1_1.weight" in weights or "conv11.weight" in weights:
        return _from_caffe(weights)
    raise ModelError(f"{path}: not a VGG weight file in a known format (see impasto.lab.features)")


def save_features(network: FeatureNetwork, path: Path, record: Mapping[str, Any]) -> None:
    """Writes a network in our own format, in float16; `record` says how it was made."""
    tensors = {}
    for prefix, group in (("", network.convolutions), (HEAD, network.heads)):
        for name, tensor in group.state_dict().items():
            tensors[prefix + name] = tensor.half().contiguous()
    about = json.dumps({"format_version": FORMAT_VERSION, **record})
    with atomic_write(path) as file:
        file.write(save(tensors, {"impasto": about}))


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            weights = load_file(path)
        else:
            weights = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; give the weights of a VGG network") from error
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError) as error:
        raise ModelError(f"{path}: not a readable weight file ({error})") from error
    return {name: tensor.float() for name, tensor in weights.items()}


def _from_own(weights: Mapping[str, Tensor], path: Path) -> FeatureNetwork:
    names = [key.removesuffix(".weight") for key in sorted(weights) if key.endswith(".weight")]
    try:
        found = {name: _convolution(weights, name) for name in names}
    except (KeyError, IndexError) as error:
        raise ModelError(f"{path}: damaged; its tensors do not belong together") from error
    heads = {name: found.pop(name) for name in names if name.startswith(HEAD)}
    return FeatureNetwork(found, {name.removeprefix(HEAD): head for name, head in heads.items()})


def _from_torchvision(weights: Mapping[str, Tensor], path: Path) -> FeatureNetwork:
    indices = sorted(
        int(key.split(".")[1]) for key in weights if re.match(r"features.*weight", key)
    )
    blocks = TORCHVISION_BLOCKS.get(len(indices))
    if blocks is None:
        raise ModelError(f"{path}: has {len(indices)} convolutions; VGG-16 has 13, VGG-19 16")
    names = [f"relu{b}_{i}" for b, n in enumerate(blocks, 1) for i in range(1, n + 1)]
    layers = {
        name: _convolution(weights, f"features.{index}")
        for name, index in zip(names, indices, strict=True)
    }
    std = torch.tensor(IMAGENET_STD)
    scale, shift = torch.diag(1 / std), -torch.tensor(IMAGENET_MEAN) / std
    _fold_input(layers["relu1_1"], scale, shift)
    return FeatureNetwork(layers)


def _from_caffe(weights: Mapping[str, Tensor]) -> FeatureNetwork:
    layers: dict[str, nn.Conv2d] = {}
    heads: dict[str, nn.Conv2d] = {}
    for key in weights:
        match = re.fullmatch(r"conv([1-5])_?([1-4])(_aux)?\.weight", key)
        if match:
            name = f"relu{match[1]}_{match[2]}"
            (heads if match[3] else layers)[name] = _convolution(
                weights, key.removesuffix(".weight")
            )
    layers = dict(sorted(layers.items()))
    _fold_input(layers["relu1_1"], weights["conv0.weight"][:, :, 0, 0], weights["conv0.bias"])
    return FeatureNetwork(layers, heads)


def _convolution(weights: Mapping[str, Tensor], key: str) -> nn.Conv2d:
    weight, bias = weights[f"{key}.weight"], weights[f"{key}.bias"]
    convolution = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    convolution.weight, convolution.bias = nn.Parameter(weight), nn.Parameter(bias)
    return convolution


def _fold_input(first: nn.Conv2d, scale: Tensor, shift: Tensor) -> None:
    """Folds `scale @ rgb + shift` into the first convolution; exact where padding reflects."""
    weight = first.weight.detach()
    bias = first.get_parameter("bias").detach() + torch.einsum("oiuv,i->o", weight, shift)
    first.weight = nn.Parameter(torch.einsum("oiuv,ij->ojuv", weight, scale))
    first.bias = nn.Parameter(bias)
