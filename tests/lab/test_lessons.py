import dataclasses
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import RecipeError
from impasto.lab.distil_recipe import DistilRecipe, DistilSampling, load_distil_recipe
from impasto.lab.lessons import (
    MOST_PLACES,
    Crops,
    Teachers,
    distances,
    lesson_number,
    thinned,
    widths,
)
from impasto.lab.losses import StyleFeatures, style_loss
from impasto.lab.student import new_student

LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]


@pytest.fixture
def recipe(workshop: Path) -> DistilRecipe:
    """The tiny distillation."""
    return load_distil_recipe(workshop / "features.toml")


def test_a_batch_depends_on_seed_and_number(recipe: DistilRecipe, workshop: Path) -> None:
    """The same number gives the same crops, another one others; all are from 0 to 1."""
    crops = Crops(recipe, workshop / "assets")
    student = new_student(recipe.student, {})
    first, again, other = (crops.batch(number, student) for number in (0, 0, 1))
    assert first.shape == (4, 3, 32, 32)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.min() >= 0
    assert first.max() <= 1


def test_shares_of_the_variants_are_rippled_and_lured(recipe: DistilRecipe, workshop: Path) -> None:
    """Of four variants the first is rippled and the last lured; all else is as without."""
    sampling = dataclasses.replace(recipe.sampling, batch=8)
    shares = dataclasses.replace(sampling, rippled=0.25, lured=0.25)
    student = new_student(recipe.student, {}).requires_grad_(False)
    plain, changed = (
        Crops(dataclasses.replace(recipe, sampling=each), workshop / "assets").batch(0, student)
        for each in (sampling, shares)
    )
    differs = (plain != changed).flatten(1).any(1)
    assert differs.tolist() == [False] * 4 + [True, False, False, True]


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 3))
def test_each_batch_is_used_so_often(kept: int, uses: int, round_: int) -> None:
    """In a round each of its numbers comes up `uses` times, once in each pass."""
    sampling, length = DistilSampling(kept=kept, uses=uses), kept * uses
    steps = range(round_ * length, (round_ + 1) * length)
    numbers = [lesson_number(sampling, 1, step) for step in steps]
    whole = set(range(round_ * kept, (round_ + 1) * kept))
    assert Counter(numbers) == dict.fromkeys(whole, uses)
    for start in range(0, length, kept):
        assert set(numbers[start : start + kept]) == whole


def test_distances_are_style_losses() -> None:
    """Row i, column j is the style loss of picture i with picture j for its style."""
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([0.5, 1.0, 2.0])[:, None, None, None]
    features = scale * torch.rand(3, 5, 6, 7, generator=generator)
    found = distances(features)
    for j in range(3):
        target = StyleFeatures.of(features[j : j + 1].expand(3, -1, -1, -1))
        torch.testing.assert_close(
            found[:, j],
            style_loss({"relu1_1": features}, {"relu1_1": target}),
            rtol=1e-3,
            atol=1e-4,
        )


def test_teachers_share_out_the_layers(recipe: DistilRecipe, workshop: Path) -> None:
    """A lesson has wide features and distances of every layer, at no more places than needed."""
    teachers = Teachers(recipe, workshop / "assets", "cpu")
    assert widths(teachers) == dict.fromkeys(LAYERS, 8)
    lesson = teachers.lesson(torch.rand(4, 3, 64, 64))
    assert set(lesson.features) == set(lesson.distances) == set(LAYERS)
    assert lesson.features["relu1_1"].shape == (4, 8, 22, 22)
    assert lesson.features["relu3_1"].shape == (4, 8, 16, 16)
    assert all(each.shape == (4, 4) for each in lesson.distances.values())


@given(st.integers(1, 200), st.integers(1, 200))
def test_thinning_bounds_the_places(height: int, width: int) -> None:
    """No side keeps more places than allowed, and small maps are left alone."""
    features = torch.zeros(1, 1, height, width)
    rows, columns = thinned(features).shape[-2:]
    assert max(rows, columns) <= MOST_PLACES
    if max(height, width) <= MOST_PLACES:
        assert (rows, columns) == (height, width)


def test_a_teacher_without_the_layer_is_named(recipe: DistilRecipe, workshop: Path) -> None:
    """A layer that a teacher does not have is an error that names file and layer."""
    recipe.teachers["vgg.safetensors"].append("relu5_4")
    with pytest.raises(RecipeError, match=r"vgg\.safetensors.*relu5_4"):
        Teachers(recipe, workshop / "assets", "cpu")
