import dataclasses
import hashlib
import json
import tomllib
from pathlib import Path

import pytest
from tests.conftest import ROOT

from impasto.core.errors import RecipeError
from impasto.lab.augmentation import Augmentation
from impasto.lab.recipe import Schedule, load_recipe

STYLE = '[styles.a]\nfiles = ["a.jpg"]\ntitle = "A"\n'


def write(folder: Path, text: str) -> Path:
    """A recipe file."""
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('name = "x"\nstepz = 3\n' + STYLE, "stepz"),
        ('name = "x"\n[weights]\nstile = 1.0\n' + STYLE, "stile"),
        ('name = "x"\n[schedule]\nsteps = "many"\n' + STYLE, "steps"),
        ('name = "x"\n[schedule]\nsteps = true\n' + STYLE, "steps"),
        ('name = "x"\n[trunk]\nwidths = [1.5]\n' + STYLE, "widths"),
        ('name = "x"\n[styles.a]\ntitle = "A"\n', "files"),
        ('name = "x"\n', "no styles"),
        (STYLE, "name"),
        ("name = ", "TOML"),
        ('name = "x"\nweights = 3\n' + STYLE, "table"),
        ('name = "x"\n[augmentation]\nangle = 3\n' + STYLE, "angle"),
        ('name = "x"\n[augmentation]\nzoom = 3\n' + STYLE, r"\[augmentation\]: zoom is 3"),
        ('name = "x"\n[augmentation]\ncolour = "red"\n' + STYLE, "colour"),
        ('name = "x"\n[styles.a]\nfiles = []\ntitle = "A"\n', r"\[styles.a\]: files is \[\]"),
        ('name = "x"\n[styles.a]\nfiles = "a.jpg"\ntitle = "A"\n', "files is 'a.jpg'"),
        ('name = "x"\n[styles.a]\nfiles = ["a.safetensors", "a.jpg"]\ntitle = "A"\n', "alone"),
        ('name = "x"\n[weights]\nfine = 1.0\n' + STYLE, "fine_features"),
        ('name = "x"\nheld_out = "nowhere.txt"\n' + STYLE, "nowhere.txt"),
        ('name = "x"\n[sampling]\nshares = { b = 2 }\n' + STYLE, r"\['b'\]"),
        ('name = "x"\n[sampling]\nshares = { a = 0 }\n' + STYLE, "a = 0"),
        ('name = "x"\n[sampling]\nshares = 3\n' + STYLE, "shares"),
        ('name = "x"\n[sampling]\nmixed = 1.5\n' + STYLE, "mixed = 1.5"),
        ('name = "x"\ncontent_of = { b = 2 }\n' + STYLE, r"content_of names \['b'\]"),
        ('name = "x"\ncontent_of = { a = 0 }\n' + STYLE, "content_of: a = 0"),
    ],
)
def test_mistakes_are_named(text: str, named: str, tmp_path: Path) -> None:
    """Unknown, missing and mistyped keys are errors that name the key."""
    with pytest.raises(RecipeError, match=named):
        load_recipe(write(tmp_path, text))


def test_a_recipe_says_only_what_differs_from_its_base(tmp_path: Path) -> None:
    """Tables are taken together key by key, everything else is the upper recipe's if it has it."""
    (tmp_path / "below.toml").write_text(
        'name = "below"\nseed = 3\n[schedule]\nsteps = 5\nwarmup = 2\n' + STYLE
    )
    text = 'name = "above"\nbase = "below.toml"\n[schedule]\nsteps = 7\n'
    text += '[styles.b]\nfiles = ["b.jpg"]\ntitle = "B"\n'
    recipe = load_recipe(write(tmp_path, text))
    assert (recipe.name, recipe.seed) == ("above", 3)
    assert (recipe.schedule.steps, recipe.schedule.warmup) == (7, 2)
    assert list(recipe.styles) == ["a", "b"]


def test_bases_are_one_deep(tmp_path: Path) -> None:
    """A base that has a base, or is not there, is an error that names it."""
    (tmp_path / "below.toml").write_text('name = "below"\nbase = "deeper.toml"\n' + STYLE)
    with pytest.raises(RecipeError, match=r"its base below\.toml has a base"):
        load_recipe(write(tmp_path, 'name = "x"\nbase = "below.toml"\n'))
    with pytest.raises(RecipeError, match=r"gone\.toml: no such recipe"):
        load_recipe(write(tmp_path, 'name = "x"\nbase = "gone.toml"\n'))


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    """A path with no file is an error that names the path."""
    with pytest.raises(RecipeError, match=r"nothing\.toml"):
        load_recipe(tmp_path / "nothing.toml")


def test_fingerprint_allows_a_longer_run_and_nothing_else(tmp_path: Path) -> None:
    """The schedule may change between two calls of one run; the trunk may not."""
    recipe = load_recipe(write(tmp_path, 'name = "x"\n' + STYLE))
    longer = dataclasses.replace(recipe, schedule=Schedule(steps=1))
    wider = dataclasses.replace(
        recipe, trunk=dataclasses.replace(recipe.trunk, widths=(48, 48, 64))
    )
    assert longer.fingerprint() == recipe.fingerprint()
    assert wider.fingerprint() != recipe.fingerprint()


def test_what_is_measured_may_change(tmp_path: Path) -> None:
    """Only an exported model has a thumbnail's size, so a run goes on with another."""
    text = 'name = "x"\n[trunk]\nthumbnail = {}\n' + STYLE
    small, large = (load_recipe(write(tmp_path, text.format(side))) for side in (256, 512))
    assert (small.trunk.thumbnail, large.trunk.thumbnail) == (256, 512)
    assert small.fingerprint() == large.fingerprint()


def test_augmentation_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    """A run is not continued with other augmentation; its settings come from their defaults."""
    plain, default, wider = (
        load_recipe(write(tmp_path, 'name = "x"\n' + table + STYLE))
        for table in ("", "[augmentation]\n", "[augmentation]\ndegrees = 20\n")
    )
    assert plain.augmentation is None
    assert default.augmentation == Augmentation()
    assert wider.augmentation == Augmentation(degrees=20)
    assert len({each.fingerprint() for each in (plain, default, wider)}) == 3


def test_recipes_without_augmentation_keep_their_fingerprint(tmp_path: Path) -> None:
    """A checkpoint from before there was augmentation goes on: the key is not hashed."""
    recipe = load_recipe(write(tmp_path, 'name = "x"\n' + STYLE))
    hashed = dataclasses.asdict(recipe)
    changeable = ("schedule", "weights", "sampling", "samples", "fine_features", "content_of")
    for key in (*changeable, "augmentation"):
        del hashed[key]
    del hashed["trunk"]["thumbnail"]
    known = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode())
    assert recipe.fingerprint() == known.hexdigest()


TRAINING = [
    path
    for path in sorted((ROOT / "recipes").glob("*.toml"))
    if {"styles", "base"} & tomllib.loads(path.read_text()).keys()
]


@pytest.mark.parametrize("path", TRAINING, ids=lambda p: p.stem)
def test_committed_recipes_keep_out_what_is_held_out(path: Path) -> None:
    """Every committed recipe loads, holds out 60 photos and 3 paintings, and trains on none."""
    recipe = load_recipe(path)
    photos = [name for name in recipe.held_out if name.startswith("content/photos/")]
    assert len(photos) == 60
    assert sum("urban100" in name for name in photos) == 12
    assert len(recipe.held_out) == 63
    used = {name for style in recipe.styles.values() for name in style.files}
    assert not used & set(recipe.held_out)
