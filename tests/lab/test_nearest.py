import numpy as np
import pytest
import torch

from impasto.lab.data import random_grain, to_tensor
from impasto.lab.exported import read_trunk
from impasto.lab.features import load_features
from impasto.lab.looks import measure
from impasto.lab.nearest import PHOTO_SIZE, distances
from impasto.lab.targets import STYLE_LAYERS

from .conftest import Easel


@pytest.mark.parametrize("which", ["one", "two"])
def test_a_code_is_nearest_to_what_it_painted(easel: Easel, which: str) -> None:
    """What looks like a style's own painting is nearest to that style, and the order says so."""
    trunk, features = read_trunk(easel.model.folder), load_features(easel.network)
    codes = {style.name: style.code for style in easel.styles}
    code = torch.from_numpy(codes[which].copy())[None]
    with torch.no_grad():
        grain = random_grain(np.random.default_rng(0), 1, PHOTO_SIZE)
        painted = trunk(to_tensor(easel.photo()), code, grain=grain).clamp(0, 1)
    look = measure(painted, features, STYLE_LAYERS)
    apart = distances(trunk, codes, easel.photo(), look, features)
    assert next(iter(apart)) == which
    assert apart[which] == pytest.approx(0, abs=1e-6)
    assert list(apart.values()) == sorted(apart.values())
    assert distances(trunk, {}, easel.photo(), look, features) == {}
