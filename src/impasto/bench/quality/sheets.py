"""Contact sheets: the same photos by every method, side by side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from impasto.bench.contender import FULL
from impasto.bench.losses_inputs import spread
from impasto.bench.quality.pictures import open_painting, painting_path
from impasto.bench.quality.results import Results
from impasto.bench.vote_set import STYLES
from impasto.core.arrays import RGB
from impasto.core.errors import ImageError
from impasto.core.files import shown
from impasto.core.notice import warn

_GAP, _LABEL = 4, 20
_WHITE = 255
_FLAT = 0.75
"""Of its width a cell is at most so high: tall pictures would leave gaps beside all others."""
_NONE = "no painting"

Cell = RGB | None


def style_sheet(results: Results, style: str, photos: int = 4, width: int = 256) -> RGB:
    """Photos of one style, a row each; a column for each method, the style's picture first."""
    methods = [name for name in results.full_methods if name != "style"]
    names = [Path(name) for name in results.photos]
    rows = [_row(results, style, path.name, methods) for path in spread(names, photos)]
    picture = results.folder / STYLES / f"{style}.png"
    first = _cell(picture)
    return grid([[first, *row] for row in rows], [style, *methods], width)


def overview(results: Results, width: int = 200) -> RGB:
    """One photo in each style, a row each; a column for each method.

    Each row has another photo as long as there are some: first those that most methods have
    painted, then others from all over the list.
    """
    methods = [name for name in results.full_methods if name != "colours"]
    photos: list[str] = []
    for style in results.styles:
        photos.append(_fresh(results, style, methods, photos))
    chosen = zip(results.styles, photos, strict=True)
    return grid([_row(results, style, photo, methods) for style, photo in chosen], methods, width)


def _fresh(
    results: Results, style: str, methods: Sequence[str], shown_before: Sequence[str]
) -> str:
    """A photo that was shown least often, and of those the one with most paintings in a style."""
    places = spread([Path(photo) for photo in results.photos], len(results.styles))

    def order(photo: str) -> tuple[int, int, bool]:
        painted = sum(photo in results.painted(method, FULL, style) for method in methods)
        return shown_before.count(photo), -painted, Path(photo) not in places

    return min(results.photos, key=order)


def _row(results: Results, style: str, photo: str, methods: Sequence[str]) -> list[Cell]:
    paths = [painting_path(results.folder, name, FULL, style, photo) for name in methods]
    return [_cell(path) for path in paths]


def _cell(path: Path) -> Cell:
    """A picture; nothing, with a warning, where the file is damaged."""
    if not path.is_file():
        return None
    try:
        return open_painting(path)
    except ImageError as error:
        warn(f"{shown(path)} is left out of the sheets: {error}")
        return None


def grid(rows: Sequence[Sequence[Cell]], labels: Sequence[str], width: int) -> RGB:
    """Pictures in rows and labelled columns; rows are as high as their highest picture."""
    shrunk = [[None if cell is None else _within(cell, width) for cell in row] for row in rows]
    heights = [max((each.height for each in row if each), default=_LABEL) for row in shrunk]
    size = len(labels) * (width + _GAP) - _GAP, _LABEL + sum(heights) + _GAP * len(rows)
    page = Image.new("RGB", size, (_WHITE,) * 3)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=13)
    for column, label in enumerate(labels):
        draw.text((column * (width + _GAP) + 2, 2), label, "black", font)
    top = _LABEL
    for row, height in zip(shrunk, heights, strict=True):
        for column, cell in enumerate(row):
            left = column * (width + _GAP)
            if cell is None:
                draw.text((left + 2, top + 2), _NONE, "gray", font)
            else:
                page.paste(cell, (left, top))
        top += height + _GAP
    pixels: RGB = np.asarray(page)
    return pixels


def _within(pixels: RGB, width: int) -> Image.Image:
    """As large as a cell, with its own proportions."""
    box = width, round(width * _FLAT)
    return ImageOps.contain(Image.fromarray(pixels), box, Image.Resampling.LANCZOS)
