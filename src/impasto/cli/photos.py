"""The photos that verbs take statistics from: a folder's, or some that come with scikit-image."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.cli.walk import pictures_below
from impasto.core.errors import InputError, MissingExtraError
from impasto.core.files import shown

if TYPE_CHECKING:
    from impasto.core.arrays import RGB

LONG_SIDE = 512
"""Photos are shrunk to this: what a style is frozen for, and read fast."""
MOST = 100
"""So many photos are enough for a mean, and for the ranges of INT8."""
_OWN = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")


def calibration_photos(folder: Path | None) -> "list[RGB]":
    """At most `MOST` photos, from all over a folder, as pixels.

    Raises:
        InputError: the folder holds no photos.
        ImageError: a photo cannot be read.
        MissingExtraError: no folder is given and scikit-image is not installed.
    """
    from impasto.media.image import read_image
    from impasto.media.resize import fit_long_side

    paths = _own_photos() if folder is None else pictures_below(folder).pictures
    if not paths:
        raise InputError(f"{shown(folder or '')}: no photos in this folder")
    step = -(-len(paths) // MOST)
    return [fit_long_side(read_image(path).pixels, LONG_SIDE) for path in paths[::step]]


def _own_photos() -> list[Path]:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise MissingExtraError("doing this without a folder of photos", "bench")
    return [Path(spec.origin).parent / "data" / name for name in _OWN]
