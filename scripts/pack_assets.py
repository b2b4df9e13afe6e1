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
import tomllib
from pathlib import Path

from PIL import Image

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
    assets, recipes = assets_folder(), [load_any(path) for path in options.recipes]
    named = {assets / name: side for each in recipes for name, side in named_pictures(each)}
    found = {path: side for each in recipes for path, side in found_pictures(each, assets)}
    for path, side in named.items():
        picture = Image.fromarray(open_rgb(path, long_side=side))
        save(picture, options.folder / path.relative_to(assets), STYLE_QUALITY)
    for path, side in found.items():
        if path not in named:
            picture = Image.fromarray(open_rgb(path, short_side=side))
            packed = options.folder / path.relative_to(assets)
            save(picture, packed.with_name(f"{path.name}.webp"), options.quality)
    for name in sorted({name for each in recipes for name in plain_files(each)}):
        (options.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(assets / name, options.folder / name)
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{options.folder}: {size / 1e6:.1f} MB")


def load_any(path: Path) -> Recipe | DistilRecipe:
    """The recipe of a distillation, which has teachers, or of a training."""
    has_teachers = "teachers" in tomllib.loads(path.read_text(encoding="utf-8"))
    return load_distil_recipe(path) if has_teachers else load_recipe(path)


def named_pictures(recipe: Recipe | DistilRecipe) -> list[tuple[str, int]]:
    """Pictures that a recipe names, which keep their names, and the long side they are kept at."""
    if isinstance(recipe, DistilRecipe):
        return []
    return [(name, 2 * recipe.style_size) for name in sorted(style_pictures(recipe))]


def found_pictures(recipe: Recipe | DistilRecipe, assets: Path) -> list[tuple[Path, int]]:
    """Pictures that are found in a recipe's folders, and the short side they are kept at."""
    folders = [(recipe.photos, PHOTO_SIDE)]
    if isinstance(recipe, DistilRecipe):
        folders.append((recipe.paintings, PAINTING_SIDE))
    return [
        (path, side)
        for folder, side in folders
        for path in list_photos(assets / folder, recipe.held_out)
    ]


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


def save(picture: Image.Image, path: Path, quality: int) -> None:
    """Writes a picture in the format of its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=quality)


if __name__ == "__main__":
    main()
