"""A picture in memory, and Pillow's images as such."""

import math
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from PIL import Image

from impasto.core.arrays import RGB, Alpha
from impasto.core.errors import ImageError, ImpastoError, ImpastoWarning
from impasto.core.files import reason, shown
from impasto.core.notice import warn
from impasto.media.color import SRGB_PROFILE, to_srgb
from impasto.media.formats import FORMATS, PNG
from impasto.media.metadata import read_exif, turn_of
from impasto.media.modes import split_alpha

Dpi = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, and what its file said about it.

    Raises `ImageError` for arrays of another type or shape.
    """

    pixels: RGB
    """Upright: EXIF rotation is applied."""
    alpha: Alpha | None
    """Opacity of each pixel, or None if the file has none."""
    exif: bytes | None
    """What describes the photo (camera, date, place, rights), without rotation."""
    icc_profile: bytes | None
    """The colour profile that the file came with; the pixels are sRGB whatever it says."""
    format: str
    """The file's format: "JPEG", "PNG", "WEBP", "TIFF", "AVIF" or "HEIF"."""
    dpi: Dpi | None = None
    """Horizontal and vertical resolution in pixels an inch."""

    def __post_init__(self) -> None:
        pixels, alpha = self.pixels, self.alpha
        if pixels.dtype != np.uint8 or pixels.shape[2:] != (3,) or 0 in pixels.shape:
            seen = f"{pixels.dtype} of shape {pixels.shape}"
            raise ImageError(f"a picture's pixels are uint8 [height, width, 3], got {seen}")
        if alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != pixels.shape[:2]):
            seen = f"{alpha.dtype} of shape {alpha.shape}"
            raise ImageError(f"alpha is uint8 [{pixels.shape[0]}, {pixels.shape[1]}], got {seen}")


def from_pil(image: Image.Image) -> Picture:
    """Return a Pillow image of any mode as a picture; raises `ImageError`.

    As for a file, rotation and colour profile in its `info` are applied, and damaged metadata is
    left out with an `ImpastoWarning`.
    """
    return named_picture(image, shown(getattr(image, "filename", "")) or "the Pillow image")


def to_pil(picture: Picture) -> Image.Image:
    """Return a picture as a Pillow image, RGB or RGBA, with its EXIF and sRGB in `info`."""
    image = Image.fromarray(picture.pixels)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
    given = {"exif": picture.exif, "icc_profile": SRGB_PROFILE, "dpi": picture.dpi}
    image.info.update({key: value for key, value in given.items() if value})
    return image


def named_picture(image: Image.Image, name: str) -> Picture:
    """Return a Pillow image as a picture, as `from_pil`; `name` is what messages call it."""
    try:
        image.load()
        return _picture(image, name)
    except (ImpastoError, ImpastoWarning):
        raise
    except Exception as error:  # odd files fail as late as here, and Pillow raises nearly anything
        raise ImageError(f"cannot read {name}: {reason(error)}") from error


def _picture(image: Image.Image, name: str) -> Picture:
    colours, alpha = split_alpha(image, name)
    colours, profile = in_srgb(colours, image.info.get("icc_profile"), name)
    turn = turn_of(image)
    if turn is not None:
        colours = colours.transpose(turn)
        alpha = alpha and alpha.transpose(turn)
    return Picture(
        pixels=np.asarray(colours),
        alpha=None if alpha is None else np.asarray(alpha),
        exif=read_exif(image, name),
        icc_profile=profile,
        format=image.format if image.format in {each.name for each in FORMATS} else PNG.name,
        dpi=resolution(image, turn),
    )


def in_srgb(
    image: Image.Image, profile: bytes | None, name: str
) -> tuple[Image.Image, bytes | None]:
    """Return a picture in sRGB and the profile it came with, if that could be used.

    A profile that cannot is left out with an `ImpastoWarning` about `name`.
    """
    if not profile:
        return to_srgb(image, None), None
    try:
        return to_srgb(image, profile), profile
    except ValueError as error:
        warn(f"{name}: its colours are taken for sRGB, because it has {error}")
        return to_srgb(image, None), None


_SIDEWAYS = {
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
}


def sideways(turn: Image.Transpose) -> bool:
    """Return whether a turn swaps width and height."""
    return turn in _SIDEWAYS


def resolution(image: Image.Image, turn: Image.Transpose | None) -> Dpi | None:
    """Return the resolution that a picture tells, for the picture once it is turned."""
    with suppress(Exception):  # a damaged file can put anything there
        across, down = (float(value) for value in image.info["dpi"])
        if all(math.isfinite(value) and 1 <= value <= 65_535 for value in (across, down)):
            return (down, across) if turn in _SIDEWAYS else (across, down)
    return None
