"""Paints real photos in every bundled style and lays them out as one picture.

    python scripts/sheet.py docs/sheet.jpg          # six photos in all styles
    python scripts/sheet.py docs/hero.jpg --photo china -s scream -s expressionism -s great-wave
    python scripts/sheet.py mix.jpg --photo china -s scream -s scream:1,great-wave:1 -s great-wave

The photos come with scikit-image and scikit-learn (extra `dev`); no training saw them.
"""

import argparse
from pathlib import Path

import skimage
import sklearn
from PIL import Image, ImageDraw, ImageFont

import impasto

SKIMAGE = Path(skimage.__file__).parent / "data"
SKLEARN = Path(sklearn.__file__).parent / "datasets" / "images"
PHOTOS = {
    "chelsea": SKIMAGE / "chelsea.png",
    "coffee": SKIMAGE / "coffee.png",
    "astronaut": SKIMAGE / "astronaut.png",
    "rocket": SKIMAGE / "rocket.jpg",
    "china": SKLEARN / "china.jpg",
    "flower": SKLEARN / "flower.jpg",
}
GAP = 6
LABEL = 26


def open_photo(name: str, width: int, height: int) -> Image.Image:
    """The middle of a photo, in the shape of a cell and as large as it comes."""
    with Image.open(PHOTOS[name]) as file:
        photo = file.convert("RGB")
    scale = min(photo.width / width, photo.height / height)
    w, h = round(width * scale), round(height * scale)
    left, top = (photo.width - w) // 2, (photo.height - h) // 2
    return photo.crop((left, top, left + w, top + h))


def sheet(photos: list[str], styles: list[str], model: str, width: int, height: int) -> Image.Image:
    """The photos and their paintings: one photo makes one row, several make a column each."""
    pictures = [[open_photo(name, width, height) for name in photos]]
    for style in styles:
        painter = impasto.Painter(style, model=model)
        pictures.append([painter.paint(photo) for photo in pictures[0]])
    grid = [[row[0] for row in pictures]] if len(photos) == 1 else pictures
    labels = ["photo", *styles]
    page = Image.new("RGB", (len(grid[0]) * (width + GAP) - GAP, len(grid) * (LABEL + height)))
    page.paste("white", (0, 0, *page.size))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=16)
    for row, line in enumerate(grid):
        for column, picture in enumerate(line):
            left, top = column * (width + GAP), row * (LABEL + height)
            if len(grid) == 1 or column == 0:
                draw.text((left + 2, top + 2), labels[row + column], "black", font)
            cell = picture.resize((width, height), Image.Resampling.LANCZOS)
            page.paste(cell, (left, top + LABEL))
    return page


def main() -> None:
    """Reads the arguments and writes the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--photo", action="append", choices=PHOTOS)
    parser.add_argument("-s", "--style", action="append", help="a style or a mix; all by default")
    parser.add_argument("--model", default="default")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--height", type=int, default=192)
    given = parser.parse_args()
    styles = given.style or [style.name for style in impasto.list_styles(model=given.model)]
    page = sheet(given.photo or list(PHOTOS), styles, given.model, given.width, given.height)
    page.save(given.output, quality=90)
    print(given.output)


if __name__ == "__main__":
    main()
