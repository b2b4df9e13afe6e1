"""Copies what recipes read into a small folder, to carry to another machine.

    python scripts/pack_assets.py runs/pack recipes/default.toml recipes/features.toml
    IMPASTO_ASSETS=runs/pack impasto train recipes/default.toml --device cuda --bfloat16
    IMPASTO_ASSETS=runs/pack impasto distil recipes/features.toml --device cuda --bfloat16

Photos and a distillation's paintings are written as they are held in memory, as WebP; style
pictures at most twice as large as they are looked at. All are recompressed, so losses are very
nearly, not exactly, those of the whole folder.
"""

import argparse
import shutil
from pathlib import Path

from PIL import Image

from impasto.core.errors import RecipeError
from impasto.lab.data import PHOTO_SIDE, assets_folder, list_photos, open_rgb
from impasto.lab.distil_recipe import DistilRecipe, load_distil_recipe
from impasto.lab.features import BUNDLED
from impasto.lab.lessons import PAINTING_SIDE
from impasto.lab.recipe import Recipe, load_recipe

STYLE_QUALITY = 95


def main() -> None:
    """Packs, and says how much it is."""
    parser = argparse.ArgumentParser(description="Copy what recipes read into a small folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipes", type=Path, nargs="+")
    parser.add_argument("--quality", type=int, default=68, help="of photos, to 100")
    options = parser.parse_args()
    assets = assets_folder()
    for path in options.recipes:
        recipe = load_any(path)
        pack_photos(recipe, assets, options.folder, options.quality)
        for name in sorted(plain_files(recipe)):
            (options.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(assets / name, options.folder / name)
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{options.folder}: {size / 1e6:.1f} MB")


def load_any(path: Path) -> Recipe | DistilRecipe:
    """The recipe of a training, or of a distillation."""
    try:
        return load_distil_recipe(path)
    except RecipeError:
        return load_recipe(path)


def pack_photos(recipe: Recipe | DistilRecipe, assets: Path, folder: Path, quality: int) -> None:
    """Writes the pictures of a recipe; what is there already, and in the same place, stays."""
    for photo in list_photos(assets / recipe.photos, recipe.held_out):
        save(photo, assets, folder, quality, short_side=PHOTO_SIDE)
    if isinstance(recipe, Recipe):
        for name in sorted(style_pictures(recipe)):
            long_side = 2 * recipe.style_size
            save(assets / name, assets, folder, STYLE_QUALITY, long_side=long_side, kind="")
        return
    for painting in list_photos(assets / recipe.paintings, recipe.held_out):
        save(painting, assets, folder, quality, short_side=PAINTING_SIDE)


def style_pictures(recipe: Recipe) -> set[str]:
    """The pictures of all styles."""
    return {name for style in recipe.styles.values() if not style.measured for name in style.files}


def plain_files(recipe: Recipe | DistilRecipe) -> set[str]:
    """Files that are copied as they are."""
    if isinstance(recipe, DistilRecipe):
        return set(recipe.teachers)
    measured = {name for style in recipe.styles.values() if style.measured for name in style.files}
    networks = {recipe.features, recipe.fine_features} - {"", BUNDLED}
    return measured | networks | set(recipe.samples)


def save(
    picture: Path,
    assets: Path,
    folder: Path,
    quality: int,
    *,
    kind: str = ".webp",
    **side: int,
) -> None:
    """Writes a picture, shrunk to a side, in the format of its name with `kind` added to it."""
    path = folder / picture.relative_to(assets)
    wanted = path.with_name(path.name + kind)
    if path.exists() or wanted.exists():
        return
    wanted.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(open_rgb(picture, **side)).save(wanted, quality=quality)


if __name__ == "__main__":
    main()
