"""Style images turned, zoomed, cropped, mirrored and tinted, so that more than one view counts.

What is the style and what is this one picture cannot be told from its statistics alone. The mean
over views of it keeps what all views share: strokes and colours, and less of where things are.

Every pixel of a view comes from inside the picture: the part that is cut out is, turned, small
enough to fit, so no border has to be made up that would count as a dark edge.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from impasto.core.arrays import RGB
from impasto.core.errors import MissingExtraError, SettingsError
from impasto.media.resize import bounded_size, fit_long_side, resize_to

LEAST_SIDE = 64
"""Pixels: no change makes a side smaller, where deep features have four places left."""
COLOUR = 0.05
"""How much the colours of a style of several pictures change."""
PLAIN = "none"
"""Names pictures that are measured as they are."""

_FORMULA = 1
"""Raise it with every change of what a view is: kept measurements are then made again."""
_FINER = 2
"""Pictures are turned at so many times the view's size, as interpolation blurs single pixels."""
_REACH = 2
"""Pixels that bicubic interpolation looks at, on each side of a place."""
_RANGES = {
    "views": (1, 64),
    "degrees": (0, 45),
    "zoom": (1, 2),
    "crop": (0.25, 1),
    "mirror": (0, 1),
    "upend": (0, 1),
    "colour": (0, 0.5),
    "seed": (0, 2**63 - 1),
}


@dataclass(frozen=True)
class Augmentation:
    """How style images are varied before they are measured.

    Raises:
        SettingsError: a value is out of its range.
    """

    views: int = 4
    """Of each picture, 1 to 64: its look is the mean of theirs."""
    degrees: float = 10.0
    """Pictures are turned by at most this, either way; 0 to 45."""
    zoom: float = 1.25
    """Strokes become at most so many times larger or smaller, 1 to 2; but no picture is shown
    larger than its file is."""
    crop: float = 0.7
    """The least side of a view as a part of the largest that fits; 0.25 to 1."""
    mirror: float = 0.5
    """The chance that a view is mirrored, 0 to 1."""
    upend: float = 0.0
    """The chance that it is upside down, 0 to 1."""
    colour: float | None = None
    """Brightness, contrast and saturation change by at most this part, 0 to 0.5, and the hue by as
    many radians. None is `COLOUR` for a style of several pictures and 0 for a style of one, whose
    colours are the style's."""
    seed: int = 1

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise SettingsError(f"{name} is {value}: it must be from {low} to {high}")

    def of_style(self, pictures: int) -> "Augmentation":
        """The same, with `colour` decided for a style of so many pictures."""
        if self.colour is not None:
            return self
        return replace(self, colour=COLOUR if pictures > 1 else 0.0)


def name_of(augmentation: Augmentation | None) -> str:
    """What stands for these settings in manifests and in the names of kept measurements."""
    if augmentation is None:
        return PLAIN
    values = ((key, value) for key, value in asdict(augmentation).items() if value is not None)
    return ", ".join(f"{key} {value:.12g}" for key, value in values) + f", formula {_FORMULA}"


def views(pixels: RGB, size: int, augmentation: Augmentation | None, sha256: str) -> Iterator[RGB]:
    """What of a picture is measured: itself, or its views; one at a time.

    Args:
        pixels: the picture as large as it comes, so that strokes are shrunk only once.
        size: the long side in pixels at which the whole picture would be measured; a smaller one
            is not enlarged. Views are cut out of it.
        augmentation: None gives the picture alone.
        sha256: of its file, hexadecimal. With the settings it decides what is drawn, so neither
            the order nor the names of pictures matter.

    Raises:
        MissingExtraError: kornia is not installed and the settings turn or tint.
    """
    if augmentation is None:
        yield fit_long_side(pixels, size)
        return
    for index in range(augmentation.views):
        seed = [augmentation.seed, index, int(sha256, 16)]
        yield _view(pixels, size, _draw(np.random.default_rng(seed), augmentation))


class _Change(NamedTuple):
    """What is done to a picture for one view."""

    degrees: float
    zoom: float
    crop: float
    place: tuple[float, float]
    """Of the part, across and down: -1 and 1 are as far from the middle as it can lie."""
    mirrored: bool
    upended: bool
    colours: tuple[float, float, float, float]
    """Brightness, contrast and saturation as factors, hue in radians."""


def _draw(rng: np.random.Generator, settings: Augmentation) -> _Change:
    """A random change; always the same numbers are drawn, whatever is switched off."""
    turn, zoom, across, down = rng.uniform(-1, 1, 4)
    part, mirror, upend = rng.random(3)
    colour = (settings.colour or 0.0) * rng.uniform(-1, 1, 4)
    return _Change(
        degrees=settings.degrees * turn,
        zoom=settings.zoom**zoom,
        crop=1 - part * (1 - settings.crop),
        place=(across, down),
        mirrored=bool(mirror < settings.mirror),
        upended=bool(upend < settings.upend),
        colours=(1 + colour[0], 1 + colour[1], 1 + colour[2], colour[3]),
    )


def _view(pixels: RGB, size: int, change: _Change) -> RGB:
    height, width = pixels.shape[:2]
    longest = max(height, width)
    plain = min(size, longest)
    target = min(longest, round(plain * change.zoom))
    if min(bounded_size(width, height, target)) < LEAST_SIDE:
        target = max(target, plain)
    degrees = _turn(width, height, target, change.degrees)
    if degrees:
        pixels = fit_long_side(pixels, _FINER * target)
    ratio = target / max(pixels.shape[:2])
    part = _cut(pixels, degrees, change.crop, change.place, math.ceil(LEAST_SIDE / ratio))
    part = resize_to(part, *(max(1, round(side * ratio)) for side in part.shape[1::-1]))
    part = part[:: -1 if change.upended else 1, :: -1 if change.mirrored else 1]
    return _tinted(part, change.colours)


def _turn(width: int, height: int, target: int, degrees: float) -> float:
    """The angle, or 0 where a turned part of the shrunk picture would be too small to measure."""
    fits = _largest(*bounded_size(width, height, target), degrees)
    return degrees if min(fits) >= LEAST_SIDE else 0.0


def _largest(width: float, height: float, degrees: float) -> tuple[float, float]:
    """The sides of the largest part in the picture's shape that still fits when it is turned."""
    across, down = _bounds(width, height, degrees)
    scale = min(width / across, height / down)
    return scale * width, scale * height


def _bounds(width: float, height: float, degrees: float) -> tuple[float, float]:
    """The upright rectangle around a turned one."""
    cosine, sine = (abs(f(math.radians(degrees))) for f in (math.cos, math.sin))
    return width * cosine + height * sine, width * sine + height * cosine


def _cut(pixels: RGB, degrees: float, crop: float, place: tuple[float, float], least: int) -> RGB:
    """A part of a picture, turned, with sides of `crop` of what fits but at least `least`."""
    height, width = pixels.shape[:2]
    free = (width, height) if not degrees else (width - 2 * _REACH, height - 2 * _REACH)
    fits = _largest(*free, degrees)
    crop = min(1.0, max(crop, least / min(fits)))
    sides = (max(1, math.floor(crop * fits[0] + 1e-9)), max(1, math.floor(crop * fits[1] + 1e-9)))
    slack = [side - bound for side, bound in zip(free, _bounds(*sides, degrees), strict=True)]
    offset = [max(0.0, room) / 2 * where for room, where in zip(slack, place, strict=True)]
    if degrees:
        return _turned(pixels, degrees, sides, offset)
    left, top = (round(room / 2 + shift) for room, shift in zip(slack, offset, strict=True))
    return pixels[top : top + sides[1], left : left + sides[0]]


def _turned(pixels: RGB, degrees: float, sides: tuple[int, int], offset: list[float]) -> RGB:
    """The part of these sides (across, down) around a place off the middle, turned upright."""
    try:
        from kornia.geometry.transform import get_rotation_matrix2d, warp_affine
    except ModuleNotFoundError as error:
        raise MissingExtraError("turning style images", "train") from error
    middle = (torch.tensor(pixels.shape[1::-1]) - 1) / 2
    centre = (middle + torch.tensor(offset)).float()
    angle, scale = torch.tensor([degrees]).float(), torch.ones(1, 2)
    matrix = get_rotation_matrix2d(centre[None], angle, scale)
    matrix[0, :, 2] += (torch.tensor(sides) - 1) / 2 - centre
    turned = warp_affine(_planes(pixels), matrix, (sides[1], sides[0]), mode="bicubic")
    return _pixels(turned)


def _tinted(pixels: RGB, colours: tuple[float, float, float, float]) -> RGB:
    """The picture with other brightness, contrast, saturation and hue."""
    brightness, contrast, saturation, hue = colours
    if colours == (1, 1, 1, 0):
        return pixels
    try:
        from kornia import enhance
    except ModuleNotFoundError as error:
        raise MissingExtraError("tinting style images", "train") from error
    image = enhance.adjust_brightness_accumulative(_planes(pixels), brightness)
    image = enhance.adjust_contrast_with_mean_subtraction(image, contrast)
    return _pixels(enhance.adjust_hue(enhance.adjust_saturation(image, saturation), hue))


def _planes(pixels: RGB) -> torch.Tensor:
    """A picture [1, 3, h, w] in 0 to 1, as kornia takes it."""
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def _pixels(image: torch.Tensor) -> RGB:
    """The bytes of a picture [1, 3, h, w]; what lies outside of 0 to 1 is cut."""
    rounded: RGB = (image[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
    return rounded
