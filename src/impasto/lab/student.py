"""The shape of our own feature network: named like VGG-19, narrow, and with fewer convolutions.

At the picture's size there is one convolution and not two, which saves most of the memory traffic.
Each later block has one more before the one that is compared, so that its view is as wide as the
teacher's. Half the multiply-adds of the slim VGG-19.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from impasto.core.errors import SettingsError
from impasto.lab.features import FeatureNetwork

BLOCKS = 5
MIDDLE_GREY = 0.45
"""About the mean of pictures (0 to 1)."""
TINY = 1e-12


@dataclass(frozen=True)
class StudentSettings:
    """Channels of each block, and how many convolutions (0 or 1) come before the compared one.

    Raises:
        SettingsError: a list has another length, or a value is impossible.
    """

    widths: tuple[int, ...] = (16, 32, 64, 128, 128)
    before: tuple[int, ...] = (0, 1, 1, 1, 1)

    def __post_init__(self) -> None:
        if len(self.widths) != BLOCKS or min(self.widths) < 1:
            raise SettingsError(f"student widths {self.widths}: give {BLOCKS} positive numbers")
        if len(self.before) != BLOCKS or not set(self.before) <= {0, 1}:
            raise SettingsError(f"student before {self.before}: give {BLOCKS} numbers, each 0 or 1")

    def channels(self) -> dict[str, int]:
        """Outputs of each convolution, shallow to deep: `relu3_0` comes before `relu3_1`."""
        return {
            f"relu{block}_{index}": width
            for block, (width, extra) in enumerate(zip(self.widths, self.before, strict=True), 1)
            for index in range(1 - extra, 2)
        }


def new_student(settings: StudentSettings, heads: Mapping[str, int]) -> FeatureNetwork:
    """A network from random weights that can be trained.

    Args:
        settings: its shape.
        heads: how many channels the 1x1 head of each layer has: those of the teacher.
    """
    convolutions, inputs, channels = {}, 3, settings.channels()
    for name, outputs in channels.items():
        convolutions[name], inputs = _convolution(inputs, outputs, 3), outputs
    _centre(next(iter(convolutions.values())))
    widened = {name: _convolution(channels[name], width, 1) for name, width in heads.items()}
    return FeatureNetwork(convolutions, widened).requires_grad_(True).train()


def _convolution(inputs: int, outputs: int, side: int) -> nn.Conv2d:
    """Weights that keep the energy of rectified features (He et al., ICCV 2015), biases 0."""
    convolution = nn.Conv2d(inputs, outputs, side)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    nn.init.zeros_(convolution.get_parameter("bias"))
    return convolution


@torch.no_grad()
def _centre(first: nn.Conv2d) -> None:
    """Middle grey gives 0."""
    first.get_parameter("bias").copy_(-MIDDLE_GREY * first.weight.sum(dim=(1, 2, 3)))


@torch.no_grad()
def level(network: FeatureNetwork, image: Float[Tensor, "n 3 h w"]) -> None:
    """Scales all layers, in place, to mean square activations of 1 on some pictures.

    Rectified layers may be scaled if the next one and the head take it back, so nothing else
    changes. Losses are relative and do not see it either; half precision does.
    """
    before = 1.0
    for name, found in network(image, network.layers).items():
        after = found.square().mean().clamp_min(TINY).rsqrt().item()
        convolution = network.convolutions[name]
        convolution.get_parameter("weight").mul_(after / before)
        convolution.get_parameter("bias").mul_(after)
        if name in network.heads:
            network.heads[name].get_parameter("weight").div_(after)
        before = after
