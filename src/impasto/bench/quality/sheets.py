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

_GAP, _LABEL = 4, 20
_WHITE = 255
_FLAT = 0.75
"""Of its width a cell is at most so high: tall pictures would leave gaps beside all others."""
_NONE = "not painted"

Cell = RGB | None


def style_sheet(results: Results, style: str, photos: int = 4, width: int = 256) -> RGB:
    """Photos of one style, a row each; a column for each method, the style's picture first."""
    methods = [name for name in results.full_methods if name != "style"]
    names = [Path(name) for name in results.photos]
    rows = [_row(results, style, path.name, methods) for path in spread(names, photos)]
    picture = results.folder / STYLES / f"{style}.png"
    first: Cell = open_painting(picture) if picture.is_file() else None
    return grid([[first, *row] for row in rows], [style, *methods], width)


def overview(results: Results, width: int = 200) -> RGB:
    """One photo in all styles, a row each; a column for each method.

    The photo is another one for each style: of those that most methods have painted.
    """
    methods = [name for name in results.full_methods if name != "colours"]
    rows = []
    for number, style in enumerate(results.styles):
        photos = _painted(results, style, methods)
        rows.append(_row(results, style, photos[number % len(photos)], methods))
    return grid(rows, methods, width)


def _painted(results: Results, style: str, methods: Sequence[str]) -> list[str]:
    """The photos that have most paintings in a style."""
    counts = {
        photo: sum(
            painting_path(results.folder, method, FULL, style, photo).is_file()
            for method in methods
        )
        for photo in results.photos
    }
    most = max(counts.values())
    return [photo for photo, count in counts.items() if count == most]


def _row(results: Results, style: str, photo: str, methods: Sequence[str]) -> list[Cell]:
    paths = [painting_path(results.folder, name, FULL, style, photo) for name in methods]
    return [open_painting(path) if path.is_file() else None for path in paths]


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
