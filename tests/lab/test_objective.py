import dataclasses

import numpy as np
import pytest
import torch

from impasto.core.errors import NumericalError
from impasto.lab.data import Batch, random_grain, to_tensor
from impasto.lab.exported import read_trunk
from impasto.lab.features import load_features
from impasto.lab.looks import Look, measure
from impasto.lab.losses import style_loss
from impasto.lab.objective import Closeup, Extras, Objective, check_finite
from impasto.lab.recipe import Sampling, Weights
from impasto.lab.targets import FINE_LAYERS, STYLE_LAYERS

from .conftest import Easel

ALL = Weights(**{field.name: 1.0 for field in dataclasses.fields(Weights)})
NONE = Weights(**{field.name: 0.0 for field in dataclasses.fields(Weights)})
BOTH = Extras(stability=True, coarse=True)


def terms_of(
    easel: Easel,
    weights: Weights,
    extras: Extras = BOTH,
    *,
    contents: torch.Tensor | None = None,
) -> dict[str, torch.Tensor]:
    """The terms of one photo that is to come back and one that is painted."""
    photo = to_tensor(easel.photo()[:96, :96])
    features = load_features(easel.network)
    look = measure(photo.flip(3), features, STYLE_LAYERS)
    rows = Look.cat([look, look])
    shallow = measure(photo.flip(3), features, FINE_LAYERS)
    closeup = Closeup(features, Look.cat([shallow, shallow]), items=1, side=64)
    objective = Objective(
        features, weights, rows, rows, identities=1, closeup=closeup, contents=contents
    )
    image = photo.repeat(2, 1, 1, 1)
    grain, mix = random_grain(np.random.default_rng(0), 2, 96), torch.eye(2)
    batch = Batch(
        image,
        torch.zeros_like(image),
        mix,
        patches=True,
        shift=torch.zeros(2, dtype=torch.long),
        grain=grain,
    )
    code = torch.from_numpy(easel.styles[0].code.copy()).repeat(2, 1, 1)
    with torch.no_grad():
        return objective.terms(read_trunk(easel.model.folder), code, batch, extras)


def test_every_weight_has_its_term(easel: Easel) -> None:
    """All terms that a recipe can weigh are there, finite, and their weighted sum is the total."""
    terms = terms_of(easel, ALL)
    assert terms.keys() == {field.name for field in dataclasses.fields(Weights)}
    assert all(value.isfinite() and value.shape == () for value in terms.values())


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Weights)])
def test_a_term_without_weight_is_left_out(easel: Easel, name: str) -> None:
    """Only what counts is reported, and has the value that it has among all others."""
    terms = terms_of(easel, dataclasses.replace(NONE, **{name: 2.0}))
    assert terms.keys() == {name}


def test_content_counts_more_in_some_styles(easel: Easel) -> None:
    """The content term of a style is multiplied, and no other term changes."""
    plain = terms_of(easel, ALL)
    more = terms_of(easel, ALL, contents=torch.tensor([5.0, 1.5]))
    assert more.pop("content").item() == pytest.approx(1.5 * plain.pop("content").item())
    assert more == plain


def test_extras_come_when_they_are_due(easel: Easel) -> None:
    """Terms that cost another pass are computed in their steps only."""
    assert not {"stability", "coarse"} & terms_of(easel, ALL, Extras()).keys()
    sampling = Sampling(stability_every=2, coarse_every=3)
    due = [Extras.at(step, sampling) for step in range(6)]
    assert [each.stability for each in due] == [True, False] * 3
    assert [each.coarse for each in due] == [False, False, True] * 2


def test_a_closeup_sees_the_middle_of_the_first_paintings(easel: Easel) -> None:
    """Its loss is that of the cut-out square, and nothing outside of it counts."""
    features = load_features(easel.network)
    photo = to_tensor(easel.photo()[:96, :96])
    shallow = measure(photo.flip(3), features, FINE_LAYERS)
    closeup = Closeup(features, Look.cat([shallow, shallow]), items=1, side=64)
    piece = photo[..., 16:80, 16:80]
    expected = style_loss(features(piece, FINE_LAYERS), shallow.features)
    framed = torch.zeros(2, 3, 96, 96)
    framed[0, :, 16:80, 16:80] = piece
    found = closeup.loss(framed, torch.eye(2).flip(0))
    torch.testing.assert_close(found, expected.mean())


def test_the_total_is_the_weighted_sum(easel: Easel) -> None:
    """Each term counts as often as its weight says."""
    features = load_features(easel.network)
    look = measure(to_tensor(easel.photo()), features, STYLE_LAYERS)
    objective = Objective(features, Weights(style=2.0, content=3.0), look, None, identities=0)
    terms = {"style": torch.tensor(0.5), "content": torch.tensor(0.25)}
    assert objective.total(terms).item() == pytest.approx(1.75)


def test_what_is_no_number_is_named() -> None:
    """The first term that is not finite is an error with its name, its step and what is kept."""
    check_finite({"style": torch.tensor(1.0)}, 3, "all is kept")
    terms = {"style": torch.tensor(1.0), "content": torch.tensor(float("nan"))}
    with pytest.raises(NumericalError, match="step 3: the content loss is nan; all is kept"):
        check_finite(terms, 3, "all is kept")
