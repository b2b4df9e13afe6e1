"""From any of Pillow's pixel modes to 8 bits a channel, with opacity apart."""

from typing import Final

import numpy as np
from PIL import Image

from impasto.core.errors import ImageError
from impasto.core.shapes import Num, UInt8

Plane = UInt8[np.ndarray, "height width"]

_BITS_PER_SAMPLE: Final = 258
_PHOTOMETRIC: Final = 262
_WHITE_IS_ZERO: Final = 0


def split_alpha(image: Image.Image, name: str) -> tuple[Image.Image, Image.Image | None]:
    """Return a decoded picture's colours and its opacity (mode L) or None, both 8 bits.

    Grey stays grey and CMYK stays CMYK, because a colour profile speaks of those; a palette is
    resolved. Grey of 16 bits and of floats is scaled, never clipped; of RGB at 16 bits Pillow
    itself keeps the high byte. Raises `ImageError` naming `name` for pixels without a known range.
    """
    image = _with_8_bit_transparency(image)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _grey_8_bits(image, name)
    if image.mode == "La" or (image.mode == "L" and "transparency" in image.info):
        image = image.convert("LA")
    elif image.mode not in ("LA", "RGBA") and image.has_transparency_data:
        image = image.convert("RGBA")
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode[:-1]), image.getchannel("A")
    return (image if image.mode in ("L", "RGB", "CMYK") else _plain(image)), None


def _plain(image: Image.Image) -> Image.Image:
    return image.convert("L" if image.mode == "1" else "RGB")


def _with_8_bit_transparency(image: Image.Image) -> Image.Image:
    """A 16-bit RGB PNG names its transparent colour in 16 bits, while its pixels have only 8."""
    colour = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(colour, tuple) and max(colour) > 255:
        image = image.copy()
        image.info["transparency"] = tuple(value >> 8 for value in colour)
    return image


def _grey_8_bits(image: Image.Image, name: str) -> tuple[Image.Image, Image.Image | None]:
    values = np.asarray(image)
    grey = _scaled_floats(values, name) if image.mode == "F" else _scaled_ints(image, values, name)
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        grey = 255 - grey  # Pillow inverts only 8 bits
    return Image.fromarray(grey), _keyed_alpha(values, image.info.get("transparency"))


def _keyed_alpha(values: Num[np.ndarray, "height width"], key: object) -> Image.Image | None:
    """Pillow forgets the one transparent grey of a 16-bit PNG when it converts."""
    if not isinstance(key, int):
        return None
    return Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))


def _scaled_ints(image: Image.Image, values: Num[np.ndarray, "height width"], name: str) -> Plane:
    if image.mode == "I":
        raise ImageError(f"{name} has 32-bit or signed pixels; save it with 8 or 16 bits a channel")
    bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))[0]
    largest = np.uint32(2**bits - 1)
    scaled: Plane = (values * np.uint32(255) + largest // 2) // largest
    return scaled.astype(np.uint8)


def _scaled_floats(values: Num[np.ndarray, "height width"], name: str) -> Plane:
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= 1:  # NaN fails too
        raise ImageError(
            f"{name} has floating-point pixels from {low:g} to {high:g}, and only 0 to 1 has a "
            "known meaning; save it with 8 or 16 bits a channel"
        )
    scaled: Plane = (values * 255 + 0.5).astype(np.uint8)
    return scaled
