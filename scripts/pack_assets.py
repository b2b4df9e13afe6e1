"""Copies what a training recipe reads into a small folder, to carry to another machine.

    python scripts/pack_assets.py recipes/default.toml runs/pack
    IMPASTO_ASSETS=runs/pack impasto train recipes/default.toml --device cuda --bfloat16

Training photos are written as training holds them, with a short side of 320 pixels, as WebP; style
pictures at most twice as large as they are looked at. Both are recompressed, so losses are very
nearly, not exactly, those of the whole folder.
"""

import argparse
import shutil
from pathlib import Path

from PIL import Image

from impasto.lab.data import PHOTO_SIDE, assets_folder, list_photos, open_rgb
from impasto.lab.features import BUNDLED
from impasto.lab.recipe import Recipe, load_recipe

STYLE_QUALITY = 95


def main() -> None:
    """Packs, and says how much it is."""
    parser = argparse.ArgumentParser(description="Copy what a recipe reads into a small folder.")
    parser.add_argument("recipe", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quality", type=int, default=68, help="of photos, to 100")
    options = parser.parse_args()
    recipe, assets = load_recipe(options.recipe), assets_folder()
    for photo in list_photos(assets / recipe.photos, recipe.held_out):
        picture = Image.fromarray(open_rgb(photo, short_side=PHOTO_SIDE))
        path = options.folder / photo.relative_to(assets)
        save(picture, path.with_name(f"{photo.name}.webp"), options.quality)
    for name in sorted(style_pictures(recipe)):
        picture = Image.fromarray(open_rgb(assets / name, long_side=2 * recipe.style_size))
        save(picture, options.folder / name, STYLE_QUALITY)
    for name in sorted(plain_files(recipe)):
        (options.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(assets / name, options.folder / name)
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{options.folder}: {size / 1e6:.1f} MB")


def style_pictures(recipe: Recipe) -> set[str]:
    """The pictures of all styles."""
    return {name for style in recipe.styles.values() if not style.measured for name in style.files}


def plain_files(recipe: Recipe) -> set[str]:
    """Files that are copied as they are."""
    measured = {name for style in recipe.styles.values() if style.measured for name in style.files}
    networks = {recipe.features, recipe.fine_features} - {"", BUNDLED}
    return measured | networks | set(recipe.samples)


def save(picture: Image.Image, path: Path, quality: int) -> None:
    """Writes a picture in the format of its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=quality)


if __name__ == "__main__":
    main()
