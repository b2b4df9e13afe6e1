"""An exported model as torch networks again: what fitting and further training start from."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor

from impasto.core.errors import ModelError
from impasto.core.files import shown
from impasto.engine.model import load_model
from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import Trunk
from impasto.lab.recipe import Weights
from impasto.styles.library import Library


def read_trunk(folder: Path) -> Trunk:
    """The torch network of an exported model folder.

    Raises:
        ModelError: the folder is no model, or one of another version's networks.
    """
    manifest = _read_manifest(folder)
    tensors = load_file(folder / "weights.safetensors")
    del tensors["identity_code"]
    try:
        trunk = Trunk(TrunkSettings.from_json(manifest["trunk"])).eval()
        trunk.load_state_dict({key: value.float() for key, value in tensors.items()})
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{shown(folder)}: its network is not of the kind that this impasto trains; "
            "it can paint, and a new one must be exported to fit or train on"
        ) from error
    return trunk


def read_weights(folder: Path) -> Weights:
    """What each term of the loss counted when a model was trained.

    A term that the model does not name did not count; a model that names none gets the defaults.

    Raises:
        ModelError: the folder is no model, or a weight is not a number from 0 on.
    """
    stored = _read_manifest(folder).get("weights")
    if stored is None:
        return Weights()
    names = [field.name for field in dataclasses.fields(Weights)]
    try:
        found = {name: float(stored.get(name, 0.0)) for name in names}
        if not all(0 <= value < math.inf for value in found.values()):
            raise ValueError("a weight is below 0 or not finite")
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelError(f"{shown(folder)}: the weights in its manifest are no numbers") from error
    return Weights(**found)


def _read_manifest(folder: Path) -> dict[str, Any]:
    load_model(folder)
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def read_codes(folder: Path, names: list[str], library: Library) -> Float[Tensor, "n 2 c"]:
    """The identity code of a model folder, and the codes of styles that were trained with it.

    A style that the library has not, or has for another trunk, starts from the mean of the others:
    a code that this trunk can paint with, where a neutral one would be new to it.

    Raises:
        ModelError: the folder is no model, or none of the styles is its own.
    """
    model = load_model(folder)
    styles = library.styles(model.trunk_id)
    shelf = {each.name: each for each in styles if each.trunk_id == model.trunk_id}
    own = {name: torch.from_numpy(shelf[name].code.copy()) for name in names if name in shelf}
    if not own:
        raise ModelError(f"{shown(folder)}: the library has no style of this trunk to start from")
    mean = torch.stack(list(own.values())).mean(dim=0)
    identity = torch.from_numpy(model.identity_code.copy())
    return torch.stack([identity, *(own.get(name, mean) for name in names)]).float()
