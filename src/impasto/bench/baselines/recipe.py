"""What decides the training of a baseline: pictures, schedule and weights, read from TOML."""

from dataclasses import dataclass, field
from pathlib import Path

from impasto.core.errors import RecipeError, SettingsError
from impasto.lab.recipe_file import build_table, fingerprint_of, read_sections
from impasto.lab.yardstick import DEEP_VGG

METHODS = ("adain", "lst")


@dataclass(frozen=True)
class BaselineSchedule:
    """How the weights move, by Adam; the rate warms up, stays, and falls to 0 at the end."""

    steps: int = 4200
    rate: float = 1e-3
    warmup: int = 50
    decay: int = 2000


@dataclass(frozen=True)
class BaselineSampling:
    """What one step sees: so many crops of photos, and of paintings, one for each.

    Raises:
        SettingsError: a value is impossible.
    """

    batch: int = 4
    crop: int = 128
    photos: int = 500
    """So many of the photos are read, from all over their list."""

    def __post_init__(self) -> None:
        for name, least in {"batch": 2, "crop": 32, "photos": 1}.items():
            if getattr(self, name) < least:
                raise SettingsError(f"{name} is {getattr(self, name)}: it must be at least {least}")


@dataclass(frozen=True)
class BaselineWeights:
    """What each term of the loss counts."""

    content: float = 1.0
    style: float = 1.0
    identity: float = 20.0
    """A photo that is its own style is to come back."""


@dataclass(frozen=True)
class BaselineRecipe:
    """All that decides a training, apart from the code.

    Paths are relative to the assets folder (`IMPASTO_ASSETS`). `held_out` names a list beside the
    recipe, of pictures that are not seen.
    """

    name: str
    method: str
    """`adain` or `lst`."""
    seed: int = 1
    photos: str = "content/photos"
    paintings: str = "styles"
    held_out: list[str] = field(default_factory=list)
    features: str = str(DEEP_VGG)
    decoder: bool = False
    """`lst` begins with the decoder that AdaIN was trained with, and trains it on."""
    schedule: BaselineSchedule = field(default_factory=BaselineSchedule)
    sampling: BaselineSampling = field(default_factory=BaselineSampling)
    weights: BaselineWeights = field(default_factory=BaselineWeights)

    def fingerprint(self) -> str:
        """A hash of what a checkpoint depends on; schedule, sampling and weights may change."""
        return fingerprint_of(self, ("schedule", "sampling", "weights"))


_SECTIONS = {
    "schedule": BaselineSchedule,
    "sampling": BaselineSampling,
    "weights": BaselineWeights,
}


def load_baseline_recipe(path: Path) -> BaselineRecipe:
    """Reads a recipe.

    Raises:
        RecipeError: the file is missing, is not TOML, or has unknown, missing or impossible keys.
    """
    table = read_sections(path, _SECTIONS)
    recipe = build_table(BaselineRecipe, table, str(path))
    if recipe.method not in METHODS:
        raise RecipeError(f"{path}: method is {recipe.method!r}: it must be one of {METHODS}")
    return recipe
