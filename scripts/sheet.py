"""Paints real photos in every bundled style and lays them out as one picture.

    python scripts/sheet.py docs/sheet.jpg          # four photos in all styles
    python scripts/sheet.py docs/hero.jpg --photo coffee --styles scream,great-wave,starry-night

The photos come with scikit-image (extra `dev`).
"""

import argparse
from pathlib import Path

import numpy as np
import skimage
from PIL import Image, ImageDraw, ImageFont

import impasto

PHOTOS = {
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "astronaut": "astronaut.png",
    "rocket": "rocket.jpg",
}
GAP = 6
LABEL = 26


def open_photo(name: str, width: int, height: int) -> Image.Image:
    """The middle of a photo, in the shape of a cell and as large as it comes."""
    with Image.open(Path(skimage.data_dir) / PHOTOS[name]) as file:
        photo = file.convert("RGB")
    scale = min(photo.width / width, photo.height / height)
    w, h = round(width * scale), round(height * scale)
    left, top = (photo.width - w) // 2, (photo.height - h) // 2
    return photo.crop((left, top, left + w, top + h))


def sheet(photos: list[str], styles: list[str], width: int, height: int) -> Image.Image:
    """One row a photo: the photo, then the photo in each style."""
    painters = [impasto.Painter(style) for style in styles]
    columns = len(styles) + 1
    size = (columns * (width + GAP) - GAP, LABEL + len(photos) * (height + GAP) - GAP)
    page = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=16)
    for column, text in enumerate(["photo", *styles]):
        draw.text((column * (width + GAP) + 2, 2), text, "black", font)
    for row, name in enumerate(photos):
        photo = open_photo(name, width, height)
        paintings = [Image.fromarray(painter.paint(np.asarray(photo))) for painter in painters]
        for column, picture in enumerate([photo, *paintings]):
            cell = picture.resize((width, height), Image.Resampling.LANCZOS)
            page.paste(cell, (column * (width + GAP), LABEL + row * (height + GAP)))
    return page


def main() -> None:
    """Reads the arguments and writes the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--photo", action="append", choices=PHOTOS)
    parser.add_argument("--styles", help="comma-separated; all by default")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--height", type=int, default=192)
    given = parser.parse_args()
    styles = [style.name for style in impasto.list_styles()]
    if given.styles:
        styles = given.styles.split(",")
    page = sheet(given.photo or list(PHOTOS), styles, given.width, given.height)
    page.save(given.output, quality=90)
    print(given.output)


if __name__ == "__main__":
    main()
