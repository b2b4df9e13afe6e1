"""Colour: profiles to sRGB and back, and a painting in the colours of its content."""

import io
from typing import Final, cast

import numpy as np
from PIL import Image, ImageCms

from impasto.core.arrays import RGB
from impasto.core.shapes import Int16

_Profile = ImageCms.ImageCmsProfile

_SPACE_MODES: Final = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
_DATE: Final = slice(24, 36)


def _make_srgb() -> bytes:
    # littlecms stamps the time of day into the header; without it equal pictures are equal files.
    profile = bytearray(_Profile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_DATE] = bytes((7, 224, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))  # 1 January 2016
    return bytes(profile)


SRGB_PROFILE: Final = _make_srgb()
"""The ICC profile that is embedded in what impasto writes."""


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in mode RGB and sRGB colours.

    `image` has mode RGB, CMYK, L or any other that Pillow turns into RGB; `profile` describes its
    colours, or is None (taken for sRGB; CMYK by the plain formula). A profile that says sRGB in
    other words changes no pixel. Raises `ValueError` if the profile is damaged or made for
    another kind of picture.
    """
    if profile is None:
        return image.convert("RGB")
    space = _space(profile)
    if space == "RGB" and image.mode != "CMYK":
        image = image.convert("RGB")
    if _SPACE_MODES.get(space) != image.mode:
        raise ValueError(f"a profile for {space} in a picture of mode {image.mode}")
    if space == "RGB" and is_srgb(profile):
        return image
    return _transform(image, profile, SRGB_PROFILE)


def from_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an sRGB picture (mode RGB) in the colours of an RGB profile.

    Raises `ValueError` if the profile is damaged, not for RGB, or only describes an input device.
    """
    if _space(profile) != "RGB":
        raise ValueError(f"a profile for {_space(profile)}, and the painting is RGB")
    return image if is_srgb(profile) else _transform(image, SRGB_PROFILE, profile)


def is_srgb(profile: bytes) -> bool:
    """Return whether an RGB profile means sRGB: no colour of a coarse grid moves by over 1/255."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(_transform(Image.fromarray(grid), profile, SRGB_PROFILE))
    return int(np.abs(moved.astype(np.int16) - grid).max()) <= 1


def keep_colors(content: RGB, painted: RGB) -> RGB:
    """Return the painting's luminance with the content's chroma; both have the same size.

    Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", luminance-only
    transfer. In YIQ every channel is luminance plus a term of the chroma alone, so the content
    only has to be shifted by the difference of the luminances; no colour is rounded on the way.
    """
    shift = luminance(painted) - luminance(content)
    kept: RGB = np.clip(content + shift[..., None], 0, 255).astype(np.uint8)
    return kept


def luminance(pixels: RGB) -> Int16[np.ndarray, "height width"]:
    """The luminance of each pixel (ITU-R 601), 0 to 255; signed, so that differences fit."""
    return np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.int16)


def _space(profile: bytes) -> str:
    return _opened(profile).profile.xcolor_space.strip()


def _opened(profile: bytes) -> _Profile:
    try:
        return _Profile(io.BytesIO(profile))
    except Exception as error:  # littlecms' wrapper raises OSError, TypeError, ...
        raise ValueError("a damaged ICC profile") from error


def _transform(image: Image.Image, source: bytes, target: bytes) -> Image.Image:
    try:
        moved = ImageCms.profileToProfile(image, _opened(source), _opened(target), outputMode="RGB")
    except ImageCms.PyCMSError as error:
        raise ValueError(f"an ICC profile that cannot be used: {error}") from error
    return cast(Image.Image, moved)  # None only for a transform in place
