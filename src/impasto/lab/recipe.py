"""A training recipe: everything that decides what a run produces, read from TOML.

Paths of pictures and weights are relative to the assets folder (`IMPASTO_ASSETS`); `held_out` names
a list beside the recipe, of pictures that the run must not see.
Unknown keys are errors, so that a misspelt weight is not a silent default.
"""

import dataclasses
import functools
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from impasto.core.errors import RecipeError, SettingsError
from impasto.lab.augmentation import Augmentation
from impasto.lab.levels import TrunkSettings

T = TypeVar("T")


@dataclass(frozen=True)
class Weights:
    """What each term of the loss counts; 0 leaves it out.

    The terms are in `impasto.lab.losses` and `impasto.lab.flat`.
    """

    content: float = 1.0
    style: float = 2.4
    perceptual: float = 0.0
    bands: float = 10.0
    palette: float = 20.0
    weave: float = 30.0
    lattice: float = 0.0
    threads: float = 0.0
    halo: float = 0.0
    gamut: float = 0.0
    edges: float = 0.0
    coarse: float = 0.0
    fine: float = 0.0
    variation: float = 0.02
    range: float = 10.0
    identity: float = 10.0
    stability: float = 10.0


@dataclass(frozen=True)
class Schedule:
    """How the weights move. The rate warms up, stays, and falls to 0 over the last `decay` steps.

    A constant rate in the middle lets a run be prolonged: only the fall depends on the end.
    `body_rate` is for the body's convolutions (by Muon), `rate` for the other weights and
    `code_rate` for the codes (by Adam). `average` is the decay of the running mean of all weights,
    which is what ships.
    """

    steps: int = 6000
    body_rate: float = 0.03
    rate: float = 2e-3
    code_rate: float = 1e-2
    warmup: int = 100
    decay: int = 1500
    average: float = 0.998


@dataclass(frozen=True)
class Sampling:
    """What one step sees.

    Of `batch` photos the first `identities` are to come back as they are. `noise` is the largest
    standard deviation of the noise on the input (0 to 1 scale). `patches` is the share of steps
    that paint with statistics of patches of the picture, as the painter does with all but small
    pictures. `stability_every` is how often the stability term is computed, and `coarse_every` the
    same of the style at half the size; where both are above 1 they fall on different steps.
    `fine_items` paintings are looked at by the second network, each in a square of `fine_crop`.
    `shares` says which styles are drawn more often than the others, whose share is 1; `mixed` is
    the share of paintings in a mix of two or three styles.
    """

    batch: int = 8
    identities: int = 1
    crop: int = 256
    noise: float = 0.02
    patches: float = 0.5
    stability_every: int = 4
    coarse_every: int = 4
    fine_items: int = 4
    fine_crop: int = 128
    shares: dict[str, float] = field(default_factory=dict)
    mixed: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.mixed <= 1:
            raise SettingsError(f"mixed = {self.mixed!r} must lie between 0 and 1")
        for name, share in self.shares.items():
            if not share > 0:
                raise SettingsError(f"shares: {name} = {share!r} must be a number above 0")


@dataclass(frozen=True)
class StyleSource:
    """One style: its pictures, and what its package says of them."""

    files: list[str]
    """Pictures, or one file of style features that `impasto library build` wrote."""
    title: str
    artist: str = ""
    year: int | None = None
    licence: str = ""

    def __post_init__(self) -> None:
        names = self.files if isinstance(self.files, list) else []
        if not names or not all(isinstance(name, str) for name in names):
            raise SettingsError(f"files is {self.files!r}: it must be a list of one name or more")
        if len(self.files) > 1 and any(map(_holds_features, self.files)):
            raise SettingsError("a file of style features is a style of its own: name it alone")

    @property
    def measured(self) -> bool:
        """Whether its only file holds style features."""
        return _holds_features(self.files[0])


def _holds_features(name: str) -> bool:
    return name.endswith(".safetensors")


@dataclass(frozen=True)
class Recipe:
    """All that decides a run, apart from the code."""

    name: str
    styles: dict[str, StyleSource]
    seed: int = 1
    photos: str = "content/photos"
    held_out: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    features: str = "vgg/vgg19_slim16x_to_relu5_1.safetensors"
    fine_features: str = ""
    """A wider network for the term `fine`; it need not be deep."""
    style_size: int = 512
    trunk: TrunkSettings = field(default_factory=TrunkSettings)
    schedule: Schedule = field(default_factory=Schedule)
    sampling: Sampling = field(default_factory=Sampling)
    weights: Weights = field(default_factory=Weights)
    augmentation: Augmentation | None = None

    def shares(self) -> list[float]:
        """How often each style is drawn, in their order and of any sum."""
        return [self.sampling.shares.get(name, 1.0) for name in self.styles]

    def fingerprint(self) -> str:
        """A hash of what a checkpoint depends on; schedule, sampling and weights may change.

        So may the size that is measured, which only an exported model has.
        """
        changeable = ["schedule", "weights", "sampling", "samples", "fine_features"]
        if self.augmentation is None:  # checkpoints from before there was any go on
            changeable.append("augmentation")
        return fingerprint_of(self, [*changeable, "trunk.thumbnail"])


def fingerprint_of(recipe: Any, changeable: Iterable[str]) -> str:
    """A hash of the fields of a recipe, a dataclass, less those that a run may change.

    A field of a table is named after it, with a dot.
    """
    kept = dataclasses.asdict(recipe)
    for name in changeable:
        *tables, field = name.split(".")
        del functools.reduce(dict.__getitem__, tables, kept)[field]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


_SECTIONS: dict[str, type] = {
    "trunk": TrunkSettings,
    "schedule": Schedule,
    "sampling": Sampling,
    "weights": Weights,
    "augmentation": Augmentation,
}


def read_list(path: Path) -> list[str]:
    """The lines of a list file, without comments and empty lines.

    Raises:
        RecipeError: the file cannot be read.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a readable list ({error})") from error
    return [line for line in lines if line and not line.startswith("#")]


def read_table(path: Path) -> dict[str, Any]:
    """The top table of a recipe's file; what it does not say is as in the recipe named `base`.

    Raises:
        RecipeError: a file is missing or is not TOML, or a base has a base.
    """
    table = _read_toml(path)
    if "base" not in table:
        return table
    base = path.parent / str(table.pop("base"))
    below = _read_toml(base)
    if "base" in below:
        raise RecipeError(f"{path}: its base {base.name} has a base itself; name that one")
    return {key: _merged(below.get(key), table.get(key)) for key in below | table}


def _merged(below: object, above: object) -> object:
    """Two tables as one, key by key; of other values the upper one, where there is one."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | above
    return below if above is None else above


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such recipe") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not a readable TOML file ({error})") from error


def read_sections(path: Path, sections: Mapping[str, type]) -> dict[str, Any]:
    """The top table of a recipe, its sections and its held-out list made from what it says.

    Raises:
        RecipeError: a file is missing or not readable, or a section has wrong keys or values.
    """
    table = read_table(path)
    for name, kind in sections.items():
        if name in table:
            table[name] = build_table(kind, table[name], f"{path}: [{name}]")
    if "held_out" in table:
        table["held_out"] = read_list(path.parent / table["held_out"])
    return table


def load_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Raises:
        RecipeError: the file is missing, is not TOML, or has unknown or missing keys.
    """
    table = read_sections(path, _SECTIONS)
    styles = table.get("styles")
    if not isinstance(styles, dict) or not styles:
        raise RecipeError(f"{path}: no styles; add a table [styles.NAME] with files and title")
    table["styles"] = {
        name: build_table(StyleSource, style, f"{path}: [styles.{name}]")
        for name, style in styles.items()
    }
    recipe = build_table(Recipe, table, str(path))
    if unknown := sorted(recipe.sampling.shares.keys() - recipe.styles.keys()):
        raise RecipeError(f"{path}: [sampling] shares names {unknown}, which are no styles of it")
    if recipe.weights.fine and not recipe.fine_features:
        raise RecipeError(f"{path}: the term fine has a weight, and fine_features names no network")
    return recipe


def build_table(kind: type[T], table: Any, where: str) -> T:
    """Makes a dataclass from a table, naming what is unknown, missing or of the wrong type."""
    if not isinstance(table, dict):
        raise RecipeError(f"{where} must be a table")
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(table) - set(fields)):
        raise RecipeError(f"{where} has unknown keys {unknown}; it may have {sorted(fields)}")
    values = {}
    for name, value in table.items():
        _check_type(fields[name].type, value, f"{where} {name}")
        values[name] = tuple(value) if fields[name].type == tuple[int, ...] else value
    try:
        return kind(**values)
    except (TypeError, SettingsError) as error:
        raise RecipeError(f"{where}: {error}") from error


def _check_type(expected: object, value: object, where: str) -> None:
    """Refuses a plain value of another type; a whole number may stand for a float."""
    if expected is int:
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif expected in (float, float | None):
        fits = _is_number(value)
    elif expected == dict[str, float]:
        fits = isinstance(value, dict) and all(map(_is_number, value.values()))
    elif expected == tuple[int, ...]:
        fits = isinstance(value, list) and all(type(each) is int for each in value)
    else:
        fits = expected is not str or isinstance(value, str)
    if not fits:
        kind = getattr(expected, "__name__", expected)
        raise RecipeError(f"{where} = {value!r} must be of type {kind}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
