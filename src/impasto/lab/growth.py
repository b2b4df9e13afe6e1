"""A larger trunk that paints as a smaller one does, to train on from there.

Chen et al. 2016, "Net2Net": what is new in a layer answers to everything from the start, and
nothing old listens to it yet. A normalisation looks at each channel by itself, so new channels
change no old ones.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from impasto.core.errors import ModelError
from impasto.lab.levels import InvertedResidual, ResidualBlock, TrunkSettings
from impasto.lab.nets import Trunk


def grown(trunk: Trunk, settings: TrunkSettings) -> Trunk:
    """A trunk of other settings with a trunk's weights, which paints as before with `grown_codes`.

    It may have more channels, more blocks, and banks where the first has none; what is new is
    random, by torch's generator.

    Raises:
        ModelError: the settings differ in something else, or ask for less of something.
    """
    _check_growth(trunk.settings, settings)
    larger, own = Trunk(settings), trunk.state_dict()
    for name, value in larger.state_dict().items():
        if name in own and name != "std_floor":
            _place(own[name], value)
    larger.std_floor.copy_(spread(trunk.std_floor, trunk, larger, larger.std_floor))
    return larger


def grown_codes(codes: Float[Tensor, "n 2 c"], trunk: Trunk, larger: Trunk) -> Tensor:
    """Codes of a trunk as codes of the trunk that it has grown to; new blocks add nothing yet."""
    start = larger.first_code()
    names = {site.name for site in trunk.sites}
    for block in larger.modules():
        if isinstance(block, ResidualBlock | InvertedResidual) and block.site2.name not in names:
            start[0, block.site2.span] = 0
    return spread(codes, trunk, larger, start)


def spread(
    values: Float[Tensor, "*n c"], trunk: Trunk, larger: Trunk, start: Float[Tensor, "*m c2"]
) -> Float[Tensor, "*n c2"]:
    """Numbers for the channels of a trunk placed as in a larger one; `start` where that is new."""
    placed = start.expand(*values.shape[:-1], -1).clone()
    spans = {site.name: site.span for site in trunk.sites}
    for site in larger.sites:
        if site.name in spans:
            old = values[..., spans[site.name]]
            placed[..., site.start : site.start + old.shape[-1]] = old
    return placed


@torch.no_grad()
def _place(old: Tensor, new: Tensor) -> None:
    """Puts weights into the corner of larger ones; old outputs do not listen to new inputs."""
    new[: len(old)] = 0
    new[tuple(slice(size) for size in old.shape)] = old


def _check_growth(old: TrunkSettings, new: TrunkSettings) -> None:
    free = ("stem", "widths", "before", "after", "banks", "thumbnail")
    same_kind = replace(new, **{name: getattr(old, name) for name in free}) == old
    pairs = [(old.stem, new.stem)]
    for name in ("widths", "before", "after"):
        pairs += zip(getattr(old, name), getattr(new, name), strict=False)
    same_depth = len(old.widths) == len(new.widths)
    # A bank's part of a code lies filter by filter, so it cannot take more shared filters.
    same_banks = not old.banks or old.banks == new.banks
    if not (same_kind and same_depth and same_banks and all(a <= b for a, b in pairs)):
        raise ModelError(f"the trunk has {old}, which cannot grow to {new}")
