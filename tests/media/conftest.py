"""Real photos, and files of every accepted kind made from them."""

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
import sklearn.datasets
from PIL import Image

Photo = Callable[[str], Path]
Saved = Callable[..., bytes]


@pytest.fixture(scope="session")
def photo() -> Photo:
    """The path of a real photo that comes with scikit-image or scikit-learn."""
    folders = (Path(skimage.data_dir), Path(sklearn.datasets.__file__).parent / "images")
    return lambda name: next(f / name for f in folders if (f / name).exists())


@pytest.fixture(scope="session")
def small(photo: Photo) -> Image.Image:
    """A crop of a real photo, 48 x 36, RGB."""
    return Image.open(photo("coffee.png")).convert("RGB").crop((200, 100, 248, 136))


@pytest.fixture(scope="session")
def saved() -> Saved:
    """A function that returns the bytes of a file that Pillow writes."""

    def save(image: Image.Image, format: str, **options: Any) -> bytes:
        file = BytesIO()
        image.save(file, format, **options)
        return file.getvalue()

    return save


@pytest.fixture(scope="session")
def profiles() -> dict[str, bytes]:
    """ICC profiles made from the published primaries, and a plain one for grey and for CMYK."""
    p3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
    adobe = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
    return {
        "P3": _matrix_profile(p3, _srgb_curve()),
        "AdobeRGB": _matrix_profile(adobe, _gamma_curve(563 / 256)),
        "grey": _profile(b"GRAY", b"XYZ ", {b"kTRC": _gamma_curve(1.0)}),
        "CMYK": _profile(b"CMYK", b"Lab ", {b"A2B0": _cmyk_table()}, b"prtr"),
    }


def _matrix_profile(primaries: tuple[tuple[float, ...], ...], curve: bytes) -> bytes:
    tags = {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        tags[name] = b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in xyz)
    return _profile(b"RGB ", b"XYZ ", tags)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _srgb_curve() -> bytes:
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(_fixed(n) for n in numbers)


def _cmyk_table() -> bytes:
    """A lut8 with two grid points an ink: L falls with every ink, a and b stay neutral."""
    corners = np.array(
        [[c, m, y, k] for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    )
    light = 255 * (1 - corners[:, :3].mean(axis=1)) * (1 - corners[:, 3])
    table = np.stack([light, np.full(16, 128), np.full(16, 128)], axis=1).round().astype(np.uint8)
    ramp = bytes(range(256))
    head = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0))
    unit = b"".join(_fixed(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return head + unit + ramp * 4 + table.tobytes() + ramp * 3


def _profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr") -> bytes:
    white = b"".join(_fixed(value) for value in (0.9642, 1.0, 0.8249))
    text = b"test profile\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(79),
        b"wtpt": b"XYZ \0\0\0\0" + white,
        **tags,
    }
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    size = at + len(body)
    head = struct.pack(">I", size) + b"test" + b"\x02\x40\0\0" + kind + space + pcs + bytes(12)
    head += b"acsp" + bytes(28) + white + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body
