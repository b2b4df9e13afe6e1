import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.core.errors import ImageError, ImpastoWarning
from impasto.media.formats import FORMATS
from impasto.media.image import ReadLimits, read_image
from impasto.media.salvage import without_metadata

START = {"JPEG": b"\xff\xd8", "PNG": b"\x89PNG\r\n\x1a\n"}


def png_chunk(name: bytes, data: bytes, *, good: bool = True) -> bytes:
    """A chunk of a PNG, with the right checksum or a wrong one."""
    checksum = zlib.crc32(name + data) ^ (not good)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


BAD_CHUNKS = {
    "a wrong checksum": png_chunk(b"tEXt", b"a\0b", good=False),
    "an unknown compression": png_chunk(b"iCCP", b"x\0\5abc"),
    "a text that unpacks to 5 MB": png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(5_000_000))),
    "a resolution cut short": png_chunk(b"pHYs", b"x"),
}


@pytest.mark.parametrize("chunk", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_png_without_its_damaged_chunk(small, saved, chunk: bytes) -> None:
    """A PNG that Pillow refuses for one bad chunk is read, with a warning, opacity and all."""
    image = small.copy()
    image.putalpha(Image.linear_gradient("L").resize(small.size))
    data = saved(image, "PNG")
    damaged = data[:33] + chunk + data[33:]
    with pytest.warns(ImpastoWarning, match="metadata is damaged and is left out"):
        picture = read_image(damaged)
    assert np.array_equal(picture.pixels, np.asarray(image)[..., :3])
    assert np.array_equal(picture.alpha, np.asarray(image)[..., 3])


def test_a_palette_keeps_its_transparency(small, saved) -> None:
    """What the pixels need survives: palette and transparent entries."""
    data = saved(small.quantize(16), "PNG", transparency=bytes(range(16)))
    damaged = data[:33] + BAD_CHUNKS["a wrong checksum"] + data[33:]
    with pytest.warns(ImpastoWarning):
        picture = read_image(damaged)
    assert np.array_equal(picture.alpha, read_image(data).alpha)


def test_jpeg_without_its_damaged_segment(small, saved) -> None:
    """A JPEG that Pillow refuses for one short ICC segment is read as what it was, CMYK too."""
    segment = b"\xff\xe2" + struct.pack(">H", 14) + b"ICC_PROFILE\0"
    for image in (small, small.convert("CMYK")):
        data = saved(image, "JPEG", comment=b"hello")
        with pytest.warns(ImpastoWarning, match="metadata is damaged"):
            picture = read_image(data[:2] + segment + data[2:])
        assert np.array_equal(picture.pixels, read_image(data).pixels)


def test_avif_without_its_damaged_exif(small, saved) -> None:
    """An AVIF that its decoder refuses for its EXIF is read."""
    exif = Image.Exif()
    exif[0x010F] = "Camera & Sons"
    data = saved(small, "AVIF", exif=exif.tobytes())
    damaged = data.replace(exif.tobytes()[6:14], b"garbage!")
    assert damaged != data
    with pytest.warns(ImpastoWarning, match="metadata is damaged"):
        picture = read_image(damaged)
    assert np.array_equal(picture.pixels, read_image(data).pixels)


def test_a_bomb_behind_bad_metadata_is_still_a_bomb(saved) -> None:
    """The second attempt has the same limits as the first."""
    data = saved(Image.new("L", (300, 300)), "PNG")
    damaged = data[:33] + BAD_CHUNKS["a wrong checksum"] + data[33:]
    with pytest.raises(ImageError, match="too many pixels"):
        read_image(damaged, ReadLimits(max_pixels=1000))


def test_whole_files_lose_only_metadata(photo, small, saved) -> None:
    """Without metadata every format decodes to the same pixels as with it."""
    exif = Image.Exif()
    exif[0x010F] = "Camera & Sons"
    for format in FORMATS:
        if format.name == "HEIF":
            continue
        data = saved(small, format.name, exif=exif.tobytes())
        bare = without_metadata(data, format)
        with Image.open(BytesIO(data)) as one, Image.open(BytesIO(bare)) as other:
            assert np.array_equal(np.asarray(one), np.asarray(other))
            if format.name in START:
                assert not other.getexif()


@given(st.sampled_from(FORMATS), st.binary(max_size=200))
def test_any_bytes(format, rest: bytes) -> None:
    """Cutting never fails and never makes a file longer, whatever the bytes."""
    data = START.get(format.name, b"") + rest
    assert len(without_metadata(data, format)) <= len(data)
