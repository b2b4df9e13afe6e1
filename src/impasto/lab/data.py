"""Training pictures: photos held as bytes on the device, and batches that depend on seed and step.

Because a batch is a function of (seed, step), a resumed run sees exactly what an unbroken one
would have seen, and no position has to be saved. Devices cut the same squares; their noise differs.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageOps
from torch import Tensor

from impasto.core.arrays import RGB
from impasto.core.errors import ImageError, InputError
from impasto.lab.levels import GRAIN_CELL
from impasto.lab.recipe import Sampling

PHOTO_SIDE = 320
"""Pixels of the short side at which training photos are held."""

MOST_SHIFT = 4
"""Pixels: photos of the stability term are shifted by less. The grain stays where it is."""

SPARE_CELLS = 8
"""Cells of grain for margins and rounding."""

FLAT = 4.0
"""A standard deviation of levels (0 to 255) up to which a crop shows nothing to learn from.

Statistics of its thumbnail can be so small that the crop itself is blown up out of all measure.
"""

TRIES = 4

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def assets_folder() -> Path:
    """The folder that `IMPASTO_ASSETS` names.

    Raises:
        InputError: the variable is not set, or names no folder.
    """
    value = os.environ.get("IMPASTO_ASSETS")
    if not value:
        raise InputError("set IMPASTO_ASSETS to the folder with photos, paintings and VGG weights")
    folder = Path(value)
    if not folder.is_dir():
        raise InputError(f"IMPASTO_ASSETS={value}: no such folder")
    return folder


def open_rgb(path: Path, *, long_side: int | None = None, short_side: int | None = None) -> RGB:
    """Reads a trusted local picture upright as RGB, shrunk to a side where it is larger."""
    try:
        with Image.open(path) as image:
            image.load()
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"{path}: not a readable picture ({error})") from error
    ratio = 1.0
    if long_side is not None:
        ratio = long_side / max(picture.size)
    if short_side is not None:
        ratio = short_side / min(picture.size)
    if ratio < 1:
        size = [max(1, round(side * ratio)) for side in picture.size]
        picture = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def to_tensor(pixels: RGB) -> Float[Tensor, "1 3 h w"]:
    """A picture as the networks take it: RGB planes, 0 to 1."""
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def list_photos(folder: Path, held_out: Iterable[str]) -> list[Path]:
    """All photos below a folder, sorted, less the held-out ones (compared by file name)."""
    excluded = {Path(name).name for name in held_out}
    photos = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    kept = [photo for photo in photos if photo.name not in excluded]
    if not kept:
        raise InputError(f"{folder}: no photos to train on")
    return kept


@dataclass(frozen=True)
class Batch:
    """What one step trains on."""

    image: Float[Tensor, "n 3 crop crop"]
    noise: Float[Tensor, "n 3 crop crop"]
    mix: Float[Tensor, "n styles"]
    """How much of each style an item is painted in; each row sums to 1. The first is identity."""
    patches: bool
    """Whether statistics are those of patches; see `impasto.lab.patches`."""
    shift: Int[Tensor, "2"]
    """Rows and columns by which the photos of the stability term are shifted."""
    grain: Float[Tensor, "n 1 cells cells"]
    """As much as pictures and any margin need; see `impasto.lab.nets`."""

    def to(self, device: str) -> "Batch":
        """The same on a device."""
        names = ("image", "noise", "mix", "shift", "grain")
        image, noise, mix, shift, grain = (getattr(self, name).to(device) for name in names)
        return replace(self, image=image, noise=noise, mix=mix, shift=shift, grain=grain)


def random_grain(
    rng: np.random.Generator, count: int, side: int
) -> Float[Tensor, "count 1 cells cells"]:
    """Grain for squares of `side` pixels, on the CPU: uniform, mean 0, variance 1."""
    cells = side // GRAIN_CELL + SPARE_CELLS
    uniform = rng.random((count, 1, cells, cells), dtype=np.float32)
    return torch.from_numpy((2 * uniform - 1) * np.float32(3**0.5))


def _random_mix(rng: np.random.Generator, styles: int) -> Float[Tensor, " styles"]:
    """Shares of two or three of so many styles, and 0 for the others; any shares, as likely."""
    count = min(2 + int(rng.integers(2)), styles)
    mix = np.zeros(styles, np.float32)
    mix[rng.choice(styles, count, replace=False)] = rng.dirichlet(np.ones(count))
    return torch.from_numpy(mix)


def random_mixes(
    rng: np.random.Generator, sampling: Sampling, shares: Sequence[float]
) -> Float[Tensor, "n styles"]:
    """What each item of a batch is painted in; see `Batch.mix`.

    Styles are counted from 1, as the identity is style 0; each is drawn by its share, of any sum.
    Now and then a mix of any styles takes its place.
    """
    paintings = sampling.batch - sampling.identities
    style = 1 + rng.choice(len(shares), paintings, p=np.asarray(shares) / np.sum(shares))
    mix = F.one_hot(torch.from_numpy(style), len(shares) + 1).float()
    for row in mix:
        if rng.random() < sampling.mixed:
            row[1:] = _random_mix(rng, len(shares))
    same = torch.eye(1, len(shares) + 1).expand(sampling.identities, -1)
    return torch.cat([same, mix])


class PhotoSet:
    """Photos as uint8 tensors on a device, and random crops of them.

    Args:
        photos: at least one.
        device: where they are held, and crops are cut.
    """

    def __init__(self, photos: Iterable[RGB], device: str = "cpu") -> None:
        self.device = device
        self.photos: list[UInt8[Tensor, "h w 3"]] = [
            torch.tensor(photo, device=device) for photo in photos
        ]

    @classmethod
    def read(
        cls, paths: Iterable[Path], device: str = "cpu", *, short_side: int = PHOTO_SIDE
    ) -> Self:
        """A set of files, shrunk to a short side where they are larger."""
        with ThreadPoolExecutor() as pool:
            return cls(pool.map(partial(open_rgb, short_side=short_side), paths), device)

    def batch(self, seed: int, step: int, sampling: Sampling, shares: Sequence[float]) -> Batch:
        """Crops, noise and styles for one step; `shares` as for `random_mixes`."""
        rng = np.random.default_rng([seed, step])
        size, crop = sampling.batch, sampling.crop
        image = self.crops(rng, size, crop)
        return Batch(
            image=image,
            noise=self._noise(rng, image, sampling.noise),
            mix=random_mixes(rng, sampling, shares).to(self.device),
            patches=bool(rng.random() < sampling.patches),
            shift=torch.from_numpy(rng.integers(MOST_SHIFT, size=2)).to(self.device),
            grain=random_grain(rng, size, crop).to(self.device),
        )

    def crops(
        self, rng: np.random.Generator, count: int, crop: int
    ) -> Float[Tensor, "count 3 crop crop"]:
        """Random squares of random photos, RGB in 0 to 1, channels last.

        Flat ones are drawn again, at most `TRIES` times.
        """
        image = self._squares(rng, count, crop)
        for _ in range(TRIES):
            flat = (image.std(dim=(1, 2, 3)) <= FLAT).nonzero()[:, 0]
            if len(flat) == 0:
                break
            image[flat] = self._squares(rng, len(flat), crop)
        return (image / 255).contiguous(memory_format=torch.channels_last)

    def _squares(self, rng: np.random.Generator, count: int, crop: int) -> Tensor:
        """Random squares, 0 to 255."""
        return torch.stack([_resized(self._any_square(rng, crop), crop) for _ in range(count)])

    def _any_square(self, rng: np.random.Generator, crop: int) -> UInt8[Tensor, "side side 3"]:
        """A random square of a random photo, of the crop's size or larger, flipped half the time.

        Smaller only where the photo is.
        """
        photo = self.photos[rng.integers(len(self.photos))]
        height, width = photo.shape[:2]
        side = int(rng.integers(min(crop, height, width), min(height, width) + 1))
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        square = photo[top : top + side, left : left + side]
        return square.flip(1) if rng.random() < 0.5 else square

    def _noise(self, rng: np.random.Generator, image: Tensor, most: float) -> Tensor:
        """Noise for pictures, each of another strength; drawn where the pictures are."""
        generator = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        strength = most * torch.from_numpy(rng.random((len(image), 1, 1, 1), dtype=np.float32))
        noise = torch.empty_like(image).normal_(generator=generator)
        return noise * strength.to(self.device)


def _resized(square: UInt8[Tensor, "side side 3"], side: int) -> Tensor:
    """A square shrunk or enlarged, as planes; as bytes on the CPU, which is five times faster."""
    planes = square.permute(2, 0, 1)[None]
    if planes.shape[-1] != side:
        planes = planes if planes.device.type == "cpu" else planes.float()
        planes = F.interpolate(planes, (side, side), mode="bicubic", antialias=True)
    return planes[0].float().clamp(0, 255)
