"""What decides a distillation: teachers, pictures, shape and schedule, read from TOML."""

from dataclasses import dataclass, field
from pathlib import Path

from impasto.core.errors import RecipeError, SettingsError
from impasto.lab.recipe_file import build_table, fingerprint_of, read_sections
from impasto.lab.student import StudentSettings


@dataclass(frozen=True)
class DistilSchedule:
    """How the weights move. The rates warm up, stay, and fall to 0 over the last `decay` steps.

    `rate` is for the 3x3 convolutions (by Muon), `bias_rate` for their biases (by Adam). Heads have
    no rate: they are solved.
    `average` is the decay of the running mean of the weights, which is what ships.
    """

    steps: int = 3000
    rate: float = 0.02
    bias_rate: float = 3e-3
    warmup: int = 20
    decay: int = 800
    average: float = 0.99


@dataclass(frozen=True)
class DistilSampling:
    """What one step sees.

    Of `batch` crops half are photos and paintings, in turn, and half are variants of those. The
    teachers cost several times what the student costs, so `kept` batches are held in memory with
    the teachers' features, and each is used `uses` times, in another order each time.

    The first of the variants, a share `rippled`, get a regular pattern, and the last, a share
    `lured`, are moved to where the student is deceived; see `impasto.lab.variants`.

    Raises:
        SettingsError: a value is impossible.
    """

    batch: int = 6
    crop: int = 160
    kept: int = 48
    uses: int = 4
    rippled: float = 0.0
    lured: float = 0.0

    def __post_init__(self) -> None:
        if self.batch < 4 or self.batch % 2:
            raise SettingsError(f"batch is {self.batch}: it must be an even number, at least 4")
        if self.crop < 32:
            raise SettingsError(f"crop is {self.crop}: it must be at least 32 pixels")
        if min(self.kept, self.uses) < 1:
            raise SettingsError(f"kept, uses are {self.kept}, {self.uses}: at least 1 each")
        if not all(0 <= share <= 1 for share in (self.rippled, self.lured)):
            raise SettingsError(
                f"rippled, lured are {self.rippled}, {self.lured}: shares from 0 to 1"
            )


@dataclass(frozen=True)
class DistilWeights:
    """What each term counts: the features themselves, and how far pictures are apart by them."""

    features: float = 1.0
    distances: float = 1.0


@dataclass(frozen=True)
class DistilRecipe:
    """All that decides a distillation, apart from the code.

    `teachers` maps weight files to the layers that are taken from each. Paths are relative to the
    assets folder (`IMPASTO_ASSETS`).
    """

    name: str
    teachers: dict[str, list[str]]
    seed: int = 1
    photos: str = "content/photos"
    paintings: str = "styles"
    held_out: list[str] = field(default_factory=list)
    student: StudentSettings = field(default_factory=StudentSettings)
    schedule: DistilSchedule = field(default_factory=DistilSchedule)
    sampling: DistilSampling = field(default_factory=DistilSampling)
    weights: DistilWeights = field(default_factory=DistilWeights)

    def fingerprint(self) -> str:
        """A hash of what a checkpoint depends on; schedule, sampling and weights may change."""
        return fingerprint_of(self, ("schedule", "sampling", "weights"))


_SECTIONS = {
    "student": StudentSettings,
    "schedule": DistilSchedule,
    "sampling": DistilSampling,
    "weights": DistilWeights,
}


def load_distil_recipe(path: Path) -> DistilRecipe:
    """Reads a recipe.

    Raises:
        RecipeError: the file is missing, is not TOML, or has unknown, missing or impossible keys.
    """
    table = read_sections(path, _SECTIONS)
    _check_teachers(table.get("teachers"), path)
    return build_table(DistilRecipe, table, str(path))


def _check_teachers(teachers: object, path: Path) -> None:
    fits = isinstance(teachers, dict) and all(isinstance(each, list) for each in teachers.values())
    if not teachers or not fits:
        raise RecipeError(f"{path}: no teachers; add a table [teachers] of FILE = [LAYERS]")
