"""What losses are measured on: photos that nothing was trained on, and the styles' own pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from impasto.core.arrays import RGB
from impasto.core.errors import ImageError, InputError
from impasto.core.files import shown
from impasto.lab.pictures import find_pictures
from impasto.lab.recipe import Recipe, StyleSource
from impasto.lab.yardstick import SMALLEST_SIDE
from impasto.media.alpha import flatten
from impasto.media.image import read_image
from impasto.media.resize import fit_long_side

_STRAIGHT = "urban100"
"""Photos whose names begin with this show buildings, whose straight lines are to stay straight."""


def held_out_photos(recipe: Recipe, assets: Path) -> list[Path]:
    """The photos that a recipe holds out, as they lie in the assets folder.

    Raises:
        InputError: it holds none out, or one is missing.
    """
    names = [name for name in recipe.held_out if Path(name).is_relative_to(recipe.photos)]
    if not names:
        raise InputError(f"the recipe {recipe.name!r} holds no photos out: give a folder of photos")
    paths = [assets / name for name in names]
    for path in paths:
        if not path.is_file():
            raise InputError(f"{shown(path)}: this held-out photo is missing")
    return paths


def photos_in(folder: Path) -> list[Path]:
    """The photos in a folder and the folders below it, sorted.

    Raises:
        InputError: there is no such folder, or it has none.
    """
    if not folder.is_dir():
        raise InputError(f"{shown(folder)}: no such folder; give one with photos")
    return find_pictures(folder)


def spread(paths: Sequence[Path], count: int | None) -> list[Path]:
    """So many of the photos, from all over the list; all for None, or where there are fewer."""
    if count is None or count >= len(paths):
        return list(paths)
    return [paths[index] for index in np.linspace(0, len(paths) - 1, count).round().astype(int)]


def straight_ones(paths: Sequence[Path]) -> set[Path]:
    """The photos on which straight lines are looked at: those of Urban100, or all without any."""
    return {path for path in paths if path.name.startswith(_STRAIGHT)} or set(paths)


def open_picture(path: Path, size: int) -> RGB:
    """A picture with its long side at most `size` pixels; what is transparent shows white.

    Raises:
        ImageError: it cannot be read, or a side is below 64 pixels then.
    """
    picture = read_image(path)
    pixels = picture.pixels if picture.alpha is None else flatten(picture.pixels, picture.alpha)
    small = fit_long_side(pixels, size)
    height, width = small.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise ImageError(
            f"{shown(path)} is too small ({width}x{height} at long side {size}): losses are "
            f"measured on at least {SMALLEST_SIDE} pixels on each side"
        )
    return small


def style_pictures(source: StyleSource, assets: Path, size: int) -> Iterator[RGB]:
    """The pictures of a style, one at a time; raises as `open_picture`."""
    for name in source.files:
        yield open_picture(assets / name, size)
