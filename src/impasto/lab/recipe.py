"""A training recipe: everything that decides what a run produces, read from TOML.

Paths of pictures and weights are relative to the assets folder (`IMPASTO_ASSETS`); `held_out` names
a list beside the recipe, of pictures that the run must not see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from impasto.core.errors import RecipeError, SettingsError
from impasto.lab.augmentation import Augmentation
from impasto.lab.levels import TrunkSettings
from impasto.lab.recipe_file import build_table, fingerprint_of, read_sections


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
        _check_above_zero("shares", self.shares)


def _check_above_zero(key: str, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        if not value > 0:
            raise SettingsError(f"{key}: {name} = {value!r} must be a number above 0")


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
    content_of: dict[str, float] = field(default_factory=dict)
    """What content counts in some styles, times its weight; 1 in the others and the identity."""
    trunk: TrunkSettings = field(default_factory=TrunkSettings)
    schedule: Schedule = field(default_factory=Schedule)
    sampling: Sampling = field(default_factory=Sampling)
    weights: Weights = field(default_factory=Weights)
    augmentation: Augmentation | None = None

    def __post_init__(self) -> None:
        _check_above_zero("content_of", self.content_of)

    def shares(self) -> list[float]:
        """How often each style is drawn, in their order and of any sum."""
        return [self.sampling.shares.get(name, 1.0) for name in self.styles]

    def contents(self) -> list[float]:
        """What content counts in the identity and in each style, in their order."""
        return [1.0, *(self.content_of.get(name, 1.0) for name in self.styles)]

    def fingerprint(self) -> str:
        """A hash of what a checkpoint depends on; schedule, sampling and weights may change.

        So may the size that is measured, which only an exported model has.
        """
        changeable = ["schedule", "weights", "sampling", "samples", "fine_features", "content_of"]
        if self.augmentation is None:  # checkpoints from before there was any go on
            changeable.append("augmentation")
        return fingerprint_of(self, [*changeable, "trunk.thumbnail"])


_SECTIONS: dict[str, type] = {
    "trunk": TrunkSettings,
    "schedule": Schedule,
    "sampling": Sampling,
    "weights": Weights,
    "augmentation": Augmentation,
}


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
    for key, named in (
        ("[sampling] shares", recipe.sampling.shares),
        ("content_of", recipe.content_of),
    ):
        if unknown := sorted(named.keys() - recipe.styles.keys()):
            raise RecipeError(f"{path}: {key} names {unknown}, which are no styles of it")
    if recipe.weights.fine and not recipe.fine_features:
        raise RecipeError(f"{path}: the term fine has a weight, and fine_features names no network")
    return recipe
