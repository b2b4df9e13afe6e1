"""Contents to fit a style on where no photos are at hand: scenes that are made by program.

Dead leaves: things of all sizes lie in front of each other, which gives a picture the statistics of
photos, edges at all scales above all (Lee, Mumford & Huang, IJCV 2001). Networks learn from such
pictures nearly what they learn from photos, the more so where the leaves have textures whose
amplitudes fall with the frequency (Baradad et al., NeurIPS 2021, "Learning to see by looking at
noise").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageFilter

from impasto.core.arrays import RGB
from impasto.core.errors import ImageError, InputError
from impasto.core.files import shown
from impasto.core.notice import warn
from impasto.media.alpha import flatten
from impasto.media.image import read_image
from impasto.media.resize import fit_long_side

SIDE = 320
"""Pixels of a scene: the short side of training photos."""
SCENES = 64
JUDGED_SCENES = 5
REAL_SHARE = 3
"""One of so many contents is a real picture where the others are made."""
MOST_PHOTOS = 600
"""More of the user's photos than this teach a code nothing and fill the memory."""
_SHAPES = (1.0, 2.0, 2.0, 2.0, 4.0, 16.0)
"""Exponents of superellipses: a diamond, ellipses, a rounded box, a box."""


@dataclass(frozen=True)
class Contents:
    """What a style is fitted on, and what it is judged by; at least one picture each."""

    train: list[RGB]
    judged: list[RGB]
    called: str
    """What a package says of them."""


def made_contents(seed: int, photo: RGB, pictures: Sequence[RGB]) -> Contents:
    """Scenes made by program, and a share of real pictures: a photo and those of the style.

    Args:
        seed: decides the scenes.
        photo: half of the real contents, and one that the fit is judged by.
        pictures: the style's own; may be none.
    """
    scenes = [scene(np.random.default_rng([seed, i]), SIDE) for i in range(SCENES + JUDGED_SCENES)]
    real = [shrunk(photo)] * max(1, len(pictures)) + [shrunk(picture) for picture in pictures]
    repeats = max(1, SCENES // (REAL_SHARE - 1) // len(real))
    train = scenes[:SCENES] + real * repeats
    return Contents(train, [shrunk(photo), *scenes[SCENES:]], "made scenes")


def photo_contents(
    paths: Sequence[Path], seed: int, photo: RGB, pictures: Sequence[RGB]
) -> Contents:
    """The user's photos, `MOST_PHOTOS` of them at most, and the pictures of the style.

    Warns of each that cannot be read, and goes on without it.

    Raises:
        InputError: none can be read.
    """
    drawn = np.random.default_rng(seed).permutation(len(paths))
    readable = (read for index in drawn if (read := _read(paths[index])) is not None)
    photos = list(islice(readable, MOST_PHOTOS))
    if not photos:
        raise InputError(f"{shown(paths[0].parent)}: no photo to train on can be read")
    train = photos + [shrunk(picture) for picture in pictures]
    return Contents(train, [shrunk(photo), *photos[:JUDGED_SCENES]], f"{len(photos)} photos")


def _read(path: Path) -> RGB | None:
    """A photo, shrunk; without what is transparent, as a photo has it on white."""
    try:
        picture = read_image(path)
    except ImageError as error:
        warn(f"passed over: {error}")
        return None
    pixels, alpha = picture.pixels, picture.alpha
    return shrunk(pixels if alpha is None else flatten(pixels, alpha))


def shrunk(picture: RGB) -> RGB:
    """A picture with its short side at SIDE, if it is larger."""
    height, width = picture.shape[:2]
    return fit_long_side(picture, round(SIDE * max(height, width) / min(height, width)))


def scene(rng: np.random.Generator, side: int) -> RGB:
    """One made picture: a background, leaves of all sizes on it, light over all, a little blur."""
    colours = _colours(rng)
    canvas = _background(rng, side, colours)
    grains = [_noise(rng, side, exponent) for exponent in rng.uniform(0.3, 1.6, 3)]
    smallest, leaves = rng.uniform(1.5, 10), int(np.exp(rng.uniform(np.log(30), np.log(300))))
    for radius in _radii(rng, leaves, smallest, side / 2.5):
        _add_leaf(rng, canvas, radius, colours, grains)
    canvas *= 1 + 0.3 * rng.random() * _noise(rng, side, 2.5)[..., None]
    canvas += rng.normal(0, rng.uniform(0, 0.04), canvas.shape)
    pixels = Image.fromarray((canvas.clip(0, 1) * 255).astype(np.uint8))
    return np.asarray(pixels.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.5))))


def _colours(rng: np.random.Generator) -> Float[np.ndarray, "n 3"]:
    """A few colours that go together: grey to bright, more or less saturated, of one light."""
    grey = rng.beta(1.2, 1.2, (7, 1))
    hue = rng.normal(0, 1, (7, 3))
    light = rng.normal(0, 0.06, (1, 3))
    return (grey + rng.exponential(0.09) * (hue - hue.mean(1, keepdims=True)) + light).clip(0, 1)


def _background(
    rng: np.random.Generator, side: int, colours: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "side side 3"]:
    """A sky or a wall: one colour turns into another from top to bottom, with clouds or grain."""
    first, second = colours[rng.integers(len(colours), size=2)]
    down = np.linspace(0, 1, side)[:, None, None]
    clouds = _noise(rng, side, rng.uniform(0.5, 2))[..., None]
    return np.asarray(first + (second - first) * down + rng.uniform(0, 0.12) * clouds)


def _radii(
    rng: np.random.Generator, count: int, smallest: float, largest: float
) -> Float[np.ndarray, " n"]:
    """Radii with a density of r^-3, which makes pictures look alike at every scale."""
    low, high = smallest**-2.0, largest**-2.0
    return np.asarray((high + rng.random(count) * (low - high)) ** -0.5)


def _noise(rng: np.random.Generator, side: int, exponent: float) -> Float[np.ndarray, "side side"]:
    """Noise whose amplitudes fall as frequency to the -`exponent`; mean 0, standard deviation 1."""
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    waves = np.fft.rfft2(rng.standard_normal((side, side))) * frequency**-exponent
    field = np.fft.irfft2(waves, (side, side))
    return np.asarray(field / field.std())


def _add_leaf(
    rng: np.random.Generator,
    canvas: Float[np.ndarray, "side side 3"],
    radius: float,
    colours: Float[np.ndarray, "n 3"],
    grains: Sequence[Float[np.ndarray, "side side"]],
) -> None:
    """Paints one leaf over what is there: long or round, flat or shaded, plain or textured."""
    side = len(canvas)
    stretch = np.exp(abs(rng.normal(0, 0.6)))
    reach = radius * stretch
    middle = rng.uniform(-0.1 * side, 1.1 * side, 2)
    low, high = ((middle + s * (reach + 2)).clip(0, side).astype(int) for s in (-1, 1))
    if (high <= low).any():
        return
    part = canvas[low[0] : high[0], low[1] : high[1]]
    u, v = _own_axes(rng.uniform(0, np.pi), low - middle, part.shape)
    u, v = u / reach, v / (radius / stretch)
    power = rng.choice(_SHAPES)
    distance = (abs(u) ** power + abs(v) ** power) ** (1 / power)
    soft = 1.0 if rng.random() < 0.7 else rng.uniform(1, 0.3 * radius + 1)
    cover = ((1 - distance) * radius / stretch / soft + 0.5).clip(0, 1)
    light = _shading(rng, u, v, distance) + _texture(rng, u, v, grains)
    look = colours[rng.integers(len(colours))] + light[..., None]
    part += cover[..., None] * (look - part)


def _own_axes(
    angle: float, offset: Float[np.ndarray, " 2"], shape: Sequence[int]
) -> tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """Pixel coordinates from a leaf's middle along and across it; `offset` is the first pixel's."""
    y, x = np.arange(shape[0])[:, None] + offset[0], np.arange(shape[1])[None] + offset[1]
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * x + sin * y, cos * y - sin * x


def _shading(
    rng: np.random.Generator,
    u: Float[np.ndarray, "h w"],
    v: Float[np.ndarray, "h w"],
    distance: Float[np.ndarray, "h w"],
) -> Float[np.ndarray, "h w"]:
    """How much lighter or darker than its colour the light makes a leaf; some bulge like balls."""
    x, y, z = rng.normal(0, 1, 3)
    bulge = np.sqrt((1 - distance**2).clip(0)) if rng.random() < 0.4 else 0.0
    return np.asarray(0.2 * (x * u + y * v + abs(z) * bulge) / np.sqrt(x * x + y * y + z * z))


def _texture(
    rng: np.random.Generator,
    u: Float[np.ndarray, "h w"],
    v: Float[np.ndarray, "h w"],
    grains: Sequence[Float[np.ndarray, "side side"]],
) -> Float[np.ndarray, "h w"]:
    """Most leaves have a grain, some have stripes or checks, the rest are plain."""
    kind = rng.random()
    if kind < 0.6:
        grain = grains[int(rng.integers(len(grains)))]
        top, left = (rng.integers(len(grain) - size + 1) for size in u.shape)
        return np.asarray(rng.exponential(0.09) * grain[top:, left:][: u.shape[0], : u.shape[1]])
    if kind < 0.75:
        stripes = np.sin(rng.uniform(4, 40) * u + rng.uniform(0, 6))
        stripes = stripes * (np.sin(rng.uniform(4, 40) * v) if rng.random() < 0.5 else 1.0)
        return np.asarray(rng.uniform(0.03, 0.15) * np.tanh(rng.uniform(1, 8) * stripes))
    return np.zeros(u.shape)
