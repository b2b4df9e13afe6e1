"""Bad input: each is one ImageError in one line that names the file."""

import errno
import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from impasto.core.errors import ImageError, ImpastoWarning, MissingExtraError, SettingsError
from impasto.media.decode import load, load_header
from impasto.media.formats import FORMATS
from impasto.media.image import ReadLimits, from_pil, read_image, read_record, write_image

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

NAMES = [each.name for each in FORMATS]


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """A 1-bit PNG that claims a size."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", body or zlib.compress(bytes(100))),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks
    )


def white_png(side: int) -> bytes:
    """A whole 1-bit PNG of one colour: a few KB that decode to a great deal."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, body)


def jpeg(width: int, height: int) -> bytes:
    """A JPEG header that claims a size."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    return (
        b"\xff\xd8\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xda\0\2" + bytes(9)
    )


def webp(width: int, height: int) -> bytes:
    """An extended WebP header that claims a canvas."""
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = (
        b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"VP8 " + struct.pack("<I", 100) + bytes(100)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(width: int, height: int) -> bytes:
    """An uncompressed grey TIFF directory that claims a size."""
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (278, height)]
    tags += [(279, width * height % 2**32)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)


BOMBS = {
    "20000x20000": white_png(20_000),
    "60000x60000": png(60_000, 60_000),
    "60000x50000": png(60_000, 50_000)[:33],  # nothing behind the first chunk
    "64250x64250": png(64_250, 64_250),
    "65000x65000": jpeg(65_000, 65_000),
    "16384x16384": webp(16_384, 16_384),
    "50000x50000": tiff(50_000, 50_000),
}


@pytest.mark.parametrize("size", BOMBS)
def test_bombs_are_refused_by_their_header(size: str, tmp_path: Path) -> None:
    """A bomb is refused by the size it claims, in a process that never takes 20 MB for it."""
    resource = pytest.importorskip("resource")
    assert resource
    code = """if True:
        import resource, sys
        from impasto.core.errors import ImageError
        from impasto.media.image import read_image
        most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before = most()
        try:
            read_image(sys.argv[1])
        except ImageError as error:
            print(error)
        unit = 1 if sys.platform == "darwin" else 1024
        print((most() - before) * unit)
    """
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(BOMBS[size])
    done = subprocess.run([sys.executable, "-c", code, bomb], capture_output=True, check=True)
    line, grown = done.stdout.decode().splitlines()
    assert line.startswith(f"{bomb} has too many pixels")
    if b"WEBP" not in BOMBS[size][:16]:  # whose limit is Pillow's
        assert line.endswith(f"({size}); the limit is 200 million")
    assert int(grown) < 20e6


def test_the_limit_is_ours_and_can_be_set() -> None:
    """64 million pixels, which Pillow lets pass, are refused or read as the limit says."""
    data = white_png(8_000)
    with pytest.raises(ImageError, match=r"8000x8000\); the limit is 50 million"):
        read_image(data, ReadLimits(max_pixels=50_000_000))
    assert read_image(data, ReadLimits(max_pixels=64_000_000)).pixels.shape == (8000, 8000, 3)


def test_a_limit_above_pillows(small, saved, monkeypatch: pytest.MonkeyPatch) -> None:
    """What our limit allows is decoded though Pillow's is lower, and Pillow's stays as it is."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for format in ("JPEG", "PNG", "TIFF", "AVIF"):
        assert read_image(saved(small, format)).pixels.shape == (36, 48, 3)
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize("limits", [{"max_pixels": 0}, {"max_bytes": -1}])
def test_impossible_limits(limits: dict[str, int]) -> None:
    """A limit that nothing can meet is refused."""
    with pytest.raises(SettingsError, match="at least 1"):
        ReadLimits(**limits)


def test_a_missing_file() -> None:
    """A file that is not there is named."""
    with pytest.raises(ImageError, match=r"cannot read no/such\.png: No such file or directory"):
        read_image("no/such.png")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"just some text\n", "is not a JPEG, PNG, WebP, TIFF, AVIF or HEIC picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a JPEG"),
        (b"GIF89a\1\0\1\0\0\0\0;", "is a GIF, which is read as a video"),
        (b"\xff\xd8\xff", "the JPEG is damaged, incomplete or of an unknown kind"),
        (b"\x89PNG\r\n\x1a\n", "the PNG is damaged"),
        (png(9, 9)[:33], "the PNG is damaged"),
        (b"RIFF\4\0\0\0WEBP", "cannot read"),
        (b"II*\0", "cannot read"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "cannot read"),
        (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "cannot read"),
    ],
)
def test_what_is_no_picture(tmp_path: Path, data: bytes, why: str) -> None:
    """Text, EPS, nothing and mere beginnings are refused in one line, whatever they are called."""
    for suffix in (".jpg", ".png"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(data)
        for read in (read_image, read_record):
            with pytest.raises(ImageError, match=why) as caught:
                read(path)
            assert str(path) in str(caught.value)
            assert "\n" not in str(caught.value)


class Failing(BytesIO):
    """A stream that fails once its beginning is read."""

    def __init__(self, data: bytes, error: Exception) -> None:
        super().__init__(data)
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        """Give the first bytes and raise from then on."""
        if self.tell() >= 33:
            raise self.error
        return super().read(size)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError(), "there is not enough memory"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "Input/output error"),
    ],
)
def test_what_is_not_the_files_fault(error: Exception, why: str) -> None:
    """Want of memory and a failing disk are told as such, and no file is called damaged."""
    with pytest.raises(ImageError, match=f"cannot read a: {why}"):
        load_header(Failing(white_png(500), error), "a")


def test_want_of_memory_while_decoding() -> None:
    """A picture that memory does not suffice for is not tried a second time."""
    with pytest.raises(ImageError, match="cannot read a: there is not enough memory"):
        load(Failing(white_png(500), MemoryError()), "a", ReadLimits())


def test_a_folder_and_a_name_that_cannot_be(tmp_path: Path) -> None:
    """A folder and a NUL in a name are ImageErrors too."""
    with pytest.raises(ImageError, match=r"Is a directory|Permission denied"):
        read_image(tmp_path)
    with pytest.raises(ImageError, match="null"):
        read_image("a\0b.png")


@pytest.mark.parametrize("format", NAMES)
def test_cut_short(photo, tmp_path: Path, format: str) -> None:
    """A picture that ends too early is refused and named, wherever it was cut."""
    path = tmp_path / "cut.jpg"
    with Image.open(photo("rocket.jpg")) as image:
        whole = tmp_path / "whole"
        with whole.open("wb") as file:
            write_image(from_pil(image.resize((160, 107))), file, format=format)
    data = whole.read_bytes()
    for part in (0.1, 0.5, 0.9):
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(ImageError, match="cannot read") as caught:
            read_image(path)
        assert str(path) in str(caught.value)


def test_the_first_of_many_frames(small, saved, tmp_path: Path) -> None:
    """Of several frames or pages the first is read, with a warning that says how many there are."""
    others = [Image.new("RGB", small.size, colour) for colour in ("red", "blue")]
    for format in ("PNG", "WEBP", "TIFF", "AVIF"):
        lossless = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100}}.get(format, {})
        data = saved(small, format, save_all=True, append_images=others, **lossless)
        with pytest.warns(ImpastoWarning, match="has 3 frames; only the first is used"):
            picture = read_image(data)
        assert np.abs(picture.pixels.astype(int) - np.asarray(small)).mean() < 2


def test_pages_of_real_photos(photo) -> None:
    """A real TIFF of two grey pages gives its first."""
    with pytest.warns(ImpastoWarning, match="has 2 frames"):
        picture = read_image(photo("multipage.tif"))
    first = tifffile.imread(photo("multipage.tif"))[0]
    assert np.array_equal(picture.pixels, np.stack([first] * 3, axis=-1))


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_the_limit_counts_all_frames(saved, format: str) -> None:
    """Small frames whose pixels together are over the limit are refused."""
    frames = [Image.new("RGB", (100, 100), (shade, 0, 0)) for shade in range(0, 200, 10)]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match="too many pixels"):
        read_image(data, ReadLimits(max_pixels=100_000))
    with pytest.warns(ImpastoWarning):
        assert read_image(data, ReadLimits(max_pixels=200_000)).pixels.shape == (100, 100, 3)


def test_phones_with_a_second_picture(small, saved) -> None:
    """A JPEG that carries a preview or gain map (MPO) is an ordinary JPEG, without a warning."""
    data = saved(small, "MPO", save_all=True, append_images=[small.resize((8, 6))])
    assert read_image(data).format == "JPEG"


def test_heic_without_its_extra(monkeypatch: pytest.MonkeyPatch, small) -> None:
    """Without pillow-heif, reading and writing HEIC name the extra to install."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[heif\]"):
        read_image(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1")
    with pytest.raises(MissingExtraError, match=r"impasto\[heif\]"):
        write_image(from_pil(small), "a.heic")
