"""What is painted, and where paintings lie: the layout that `impasto bench vote` reads too.

```
photos/PHOTO.png   styles/STYLE.png   pictures/METHOD/STYLE/PHOTO.png      at full strength
curves/METHOD/STRENGTH/STYLE/PHOTO.png   controls/METHOD/STYLE/PHOTO.png   results.jsonl
```
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from impasto.bench.contender import FULL, StyleImage
from impasto.bench.losses_inputs import (
    held_out_photos,
    open_picture,
    photos_in,
    spread,
    straight_ones,
)
from impasto.bench.quality.settings import CONTROLS, QualitySettings
from impasto.bench.vote_set import PHOTOS, PICTURES, STYLES
from impasto.core.arrays import RGB
from impasto.core.errors import InputError
from impasto.core.files import make_folder
from impasto.core.notice import warn
from impasto.lab.recipe import Recipe
from impasto.media.image import Picture, WriteOptions, read_image, write_image

FREE_PHOTOS = {
    "skimage": ("data/astronaut.png", "data/chelsea.png", "data/coffee.png", "data/rocket.jpg"),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
}
"""Photos under free licences that come with packages, for a run without assets."""


@dataclass(frozen=True)
class Photo:
    """A photo that all methods paint."""

    name: str
    pixels: RGB
    lined: bool
    """Straight lines are looked at."""


def open_photos(
    settings: QualitySettings, recipe: Recipe, assets: Path | None, contents: Path | None
) -> list[Photo]:
    """The photos of a run: of a folder, the recipe's held-out ones, or those of packages.

    Raises:
        InputError: there are none, or one cannot be used.
    """
    if contents is not None:
        paths = photos_in(contents)
    else:
        paths = held_out_photos(recipe, assets) if assets else free_photos()
    paths = spread(paths, settings.photos)
    lined = straight_ones(paths)
    names = [path.stem for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"two photos are called {twice[0]!r}: rename one")
    return [
        Photo(path.stem, open_picture(path, settings.size), lined=path in lined) for path in paths
    ]


def free_photos() -> list[Path]:
    """Those of scikit-image and scikit-learn, as far as these are installed.

    Raises:
        InputError: neither is.
    """
    found: list[Path] = []
    for package, names in FREE_PHOTOS.items():
        spec = find_spec(package)
        if spec and spec.origin:
            places = [Path(spec.origin).parent / name for name in names]
            found += [path for path in places if path.is_file()]
    if not found:
        raise InputError("there are no photos: set IMPASTO_ASSETS, or give a folder of photos")
    return found


def open_styles(
    settings: QualitySettings, recipe: Recipe, assets: Path | None, given: Mapping[str, Path]
) -> list[StyleImage]:
    """The styles with their pictures: those given, or those of the recipe.

    A style without a picture is warned of: it has no style loss.

    Raises:
        InputError: a picture that is given cannot be read, or the recipe has not the style.
    """
    found = []
    for name in settings.styles:
        path = given.get(name) or _recipe_picture(name, recipe, assets)
        if path is None:
            warn(f"the style {name} has no picture: its style loss is not measured")
        found.append(StyleImage(name, open_picture(path, settings.size) if path else None))
    return found


def _recipe_picture(name: str, recipe: Recipe, assets: Path | None) -> Path | None:
    source = recipe.styles.get(name)
    if source is None:
        known = ", ".join(recipe.styles)
        raise InputError(f"the recipe {recipe.name!r} has no style {name!r}: it has {known}")
    if len(source.files) != 1 or source.measured:
        raise InputError(f"the style {name!r} is not of one picture: it cannot be compared here")
    path = assets / source.files[0] if assets else None
    return path if path and path.is_file() else None


def painting_path(folder: Path, method: str, strength: float, style: str, photo: str) -> Path:
    """Where a painting lies."""
    if method in CONTROLS:
        place = Path("controls") / method
    elif strength == FULL:
        place = Path(PICTURES) / method
    else:
        place = Path("curves") / method / f"{strength:g}"
    return folder / place / style / f"{photo}.png"


def keep_inputs(folder: Path, photos: Iterable[Photo], styles: Iterable[StyleImage]) -> None:
    """Write photos and styles beside the paintings."""
    for photo in photos:
        save(photo.pixels, folder / PHOTOS / f"{photo.name}.png")
    for style in styles:
        if style.pixels is not None:
            save(style.pixels, folder / STYLES / f"{style.name}.png")


def save(pixels: RGB, path: Path) -> None:
    """Write a picture as PNG, with the folders above it.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(path.parent)
    write_image(Picture(pixels, None, None, None, "PNG"), path, WriteOptions())


def open_painting(path: Path) -> RGB:
    """A picture that was written before; raises ImageError if it cannot be read."""
    return read_image(path).pixels
