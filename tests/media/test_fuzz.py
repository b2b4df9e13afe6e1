"""Mutation fuzzing: whatever the bytes, a picture or one ImageError."""

import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from impasto.core.errors import ImageError
from impasto.media.formats import FORMATS
from impasto.media.image import Picture, ReadLimits, from_pil, read_image, read_record, write_image

LIMITS = ReadLimits(max_pixels=1_000_000, max_bytes=1_000_000)
HOSTILE = [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4), b"\0\0\0\1", b"\xff\xff\0\0"]

Seeds = list[tuple[str, bytes]]
Mutation = Callable[[np.random.Generator, bytes, bytes], bytes]


@pytest.fixture(scope="session")
def seeds(small: Image.Image, saved: Callable[..., bytes], profiles: dict[str, bytes]) -> Seeds:
    """Small valid files of every format, and of every way that each has of storing pixels."""
    image = small.resize((24, 18))
    clear = image.copy()
    clear.putalpha(Image.linear_gradient("L").resize(image.size))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.UserComment: b"ASCII\0\0\0hello"}
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 29.6)}
    tags: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": profiles["P3"]}
    pages = {"save_all": True, "append_images": [image.rotate(180)]}
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    heic = BytesIO()
    write_image(from_pil(clear), heic, format="HEIF")
    made = [
        (image, "JPEG", tags),
        (image, "JPEG", {"progressive": True, "quality": 60}),
        (image.convert("CMYK"), "JPEG", {"icc_profile": profiles["CMYK"]}),
        (image.convert("L"), "JPEG", {"icc_profile": profiles["grey"]}),
        (image, "PNG", tags),
        (clear, "PNG", {}),
        (image.quantize(16), "PNG", {"transparency": bytes(range(16))}),
        (image.convert("1"), "PNG", {"transparency": 0}),
        (deep, "PNG", {}),
        (image, "PNG", pages),
        (image, "WEBP", tags),
        (clear, "WEBP", {"lossless": True}),
        (clear, "WEBP", pages),
        (image, "TIFF", tags),
        (image, "TIFF", {"compression": "tiff_lzw"}),
        (image, "TIFF", {"compression": "tiff_adobe_deflate", **pages}),
        (image, "TIFF", {"compression": "jpeg"}),
        (image.convert("1"), "TIFF", {"compression": "group4"}),
        (deep, "TIFF", {}),
        (clear, "AVIF", tags),
        (image, "AVIF", pages),
    ]
    files = [(format, saved(picture, format, **options)) for picture, format, options in made]
    return [*files, ("HEIF", heic.getvalue())]


def flip(random: np.random.Generator, data: bytes, _: bytes) -> bytes:
    """Change a few bytes, half of the time near the start, where the structure is."""
    changed = bytearray(data)
    reach = len(data) if random.random() < 0.5 else min(len(data), 200)
    for at in random.integers(0, reach, random.integers(1, 12)):
        changed[at] = random.integers(256)
    return bytes(changed)


def number(random: np.random.Generator, data: bytes, _: bytes) -> bytes:
    """Put a number there that overflows something."""
    at, value = random.integers(len(data)), HOSTILE[random.integers(len(HOSTILE))]
    return data[:at] + value + data[at + len(value) :]


def cut(random: np.random.Generator, data: bytes, _: bytes) -> bytes:
    """End too early."""
    return data[: random.integers(len(data))]


def remove(random: np.random.Generator, data: bytes, _: bytes) -> bytes:
    """Leave out a piece."""
    start, end = np.sort(random.integers(0, len(data), 2))
    return data[:start] + data[end:]


def repeat(random: np.random.Generator, data: bytes, _: bytes) -> bytes:
    """Say a piece twice."""
    start, end = np.sort(random.integers(0, len(data), 2))
    return data[:end] + data[start:]


def splice(random: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """Go on as another file."""
    at = random.integers(len(data))
    return data[:at] + other[at:]


MUTATIONS: tuple[Mutation, ...] = (flip, flip, flip, number, number, cut, remove, repeat, splice)


def mutated(random: np.random.Generator, seeds: Seeds, which: int) -> bytes:
    """One file of a seed, with one to three mutations."""
    data = seeds[which % len(seeds)][1]
    for _ in range(random.integers(1, 4)):
        other = seeds[random.integers(len(seeds))][1]
        data = MUTATIONS[random.integers(len(MUTATIONS))](random, data or b"\0", other)
    return data


def outcome(read: Callable[[bytes, ReadLimits], Any], data: bytes) -> Any:
    """What reading gives: a result, or None for an ImageError; anything else is raised."""
    try:
        return read(data, LIMITS)
    except ImageError as error:
        return None if str(error).isprintable() else pytest.fail(f"{error!r} is not one line")


def fuzz(seeds: Seeds, seed: int, count: int) -> dict[str, set[bool]]:
    """Read mutated files; return for each format whether some were read and some refused."""
    random = np.random.default_rng(seed)
    seen: dict[str, set[bool]] = {}
    for which in range(count):
        data = mutated(random, seeds, which)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = outcome(read_image, data)
            outcome(read_record, data)
            if isinstance(picture, Picture):  # and what was read can be written
                write_image(picture, BytesIO(), format="JPEG")
        seen.setdefault(seeds[which % len(seeds)][0], set()).add(picture is not None)
    return seen


def test_the_seeds_are_good(seeds: Seeds) -> None:
    """Every file that is mutated can be read while it is whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _, data in seeds:
            assert read_image(data, LIMITS).pixels.size in (24 * 18 * 3, 18 * 24 * 3)


def test_a_thousand_mutated_files(seeds: Seeds) -> None:
    """Each of 1,000 damaged files is read or is one ImageError; every format sees both."""
    seen = fuzz(seeds, seed=2026, count=1_000)
    assert {format for format, _ in seeds} == {each.name for each in FORMATS} == set(seen)
    assert all(outcomes == {True, False} for outcomes in seen.values())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_twenty_thousand_mutated_files(seeds: Seeds, seed: int) -> None:
    """Each of 20,000 damaged files is read or is one ImageError; every format is among them."""
    assert set(fuzz(seeds, seed, count=1_000)) == {each.name for each in FORMATS}
