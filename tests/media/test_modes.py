import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from impasto.core.errors import ImageError
from impasto.media.image import from_pil, read_image
from impasto.media.modes import split_alpha


def tiff(pixels: np.ndarray, **options) -> bytes:
    """The bytes of a TIFF that another library writes."""
    file = BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def png_16(pixels: np.ndarray, *, transparent: tuple[int, ...] | None = None) -> bytes:
    """The bytes of a 16-bit PNG; Pillow cannot write all of them."""
    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))]
    if transparent is not None:
        chunks.append((b"tRNS", struct.pack(f">{len(transparent)}H", *transparent)))
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.fixture
def deep() -> np.ndarray:
    """Every high byte with several low bytes, four channels of 16 bits."""
    return np.arange(4 * 32 * 32, dtype=np.uint16).reshape(32, 32, 4) * 15


def scaled(values: np.ndarray) -> np.ndarray:
    """16 bits as 8 bits, exactly."""
    return np.round(values / 65535 * 255)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_is_scaled(deep: np.ndarray, channels: int) -> None:
    """16-bit PNG of grey, grey with alpha, RGB and RGBA is within one step of exact scaling."""
    picture = read_image(png_16(deep[..., :channels]))
    colours, opacity = scaled(deep[..., :channels]), scaled(deep[..., channels - 1])
    has_alpha = channels in (2, 4)
    assert np.abs(picture.pixels - colours[..., : 3 if channels > 2 else 1]).max() <= 1
    assert (picture.alpha is not None) == has_alpha
    if has_alpha:
        assert np.abs(picture.alpha - opacity).max() <= 1


def test_grey_of_16_bits_is_exact(deep: np.ndarray) -> None:
    """16-bit grey is rounded exactly, in PNG and in TIFF of both byte orders."""
    grey = deep[..., 1]
    files = [png_16(grey[..., None]), tiff(grey), tiff(grey, byteorder=">")]
    for data in files:
        assert np.array_equal(read_image(data).pixels[..., 0], scaled(grey))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("channels", [3, 4])
def test_16_bit_tiff_is_scaled(deep: np.ndarray, channels: int, compression) -> None:
    """16-bit colour TIFF is within one step of exact scaling, not clipped."""
    data = tiff(deep[..., :channels], photometric="rgb", compression=compression)
    picture = read_image(data)
    assert np.abs(picture.pixels - scaled(deep[..., :3])).max() <= 1


def test_white_is_zero() -> None:
    """A TIFF that counts from white comes out as it looks, with 8 and with 16 bits."""
    ramp = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8)
    for pixels in (ramp, ramp.astype(np.uint16) * 257):
        picture = read_image(tiff(pixels, photometric="miniswhite"))
        assert np.array_equal(picture.pixels[..., 0], 255 - ramp)


def test_12_bit_tiff_uses_the_whole_range() -> None:
    """The largest value of 12 bits is white."""
    packed = bytes((0xFF, 0xF0, 0x00))  # two pixels: 4095, 0
    pixels = np.frombuffer(packed, np.uint8).reshape(1, 3)
    data = bytearray(tiff(pixels))
    with tifffile.TiffFile(BytesIO(bytes(data))) as file:
        tags = file.pages[0].tags
        width, bits = tags["ImageWidth"].valueoffset, tags["BitsPerSample"].valueoffset
    data[width : width + 2] = struct.pack("<H", 2)
    data[bits : bits + 2] = struct.pack("<H", 12)
    assert read_image(bytes(data)).pixels[0, :, 0].tolist() == [255, 0]


def test_floats_from_0_to_1() -> None:
    """Floating-point grey from 0 to 1 is scaled."""
    grey = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    assert np.array_equal(read_image(tiff(grey)).pixels[..., 0], np.round(grey * 255))


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((4, 4), 231, np.float32),
        np.full((4, 4), np.nan, np.float32),
        np.full((4, 4), -0.1, np.float32),
        np.full((4, 4), 70_000, np.uint32),
        np.full((4, 4), -5, np.int16),
    ],
)
def test_unknown_ranges_are_refused(pixels: np.ndarray) -> None:
    """Floats beyond 0 to 1, 32-bit and signed integers are an error, never a guess."""
    with pytest.raises(ImageError, match="save it with 8 or 16 bits"):
        read_image(tiff(pixels))


def test_one_transparent_colour_of_16_bits() -> None:
    """The single transparent colour of a 16-bit PNG becomes alpha, for grey and for RGB."""
    grey = np.array([[[1000], [65535], [0]]])
    assert read_image(png_16(grey, transparent=(1000,))).alpha.tolist() == [[0, 255, 255]]
    assert read_image(png_16(grey, transparent=(0,))).alpha.tolist() == [[255, 255, 0]]
    colour = np.array([[[1000, 65535, 300], [40000, 2, 3]]])
    alpha = read_image(png_16(colour, transparent=(1000, 65535, 300))).alpha
    assert alpha.tolist() == [[0, 255]]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "YCbCr", "HSV", "CMYK", "LAB"])
def test_modes_without_alpha(small: Image.Image, mode: str) -> None:
    """Every opaque mode becomes RGB of the same size that looks like what Pillow shows."""
    if mode == "LAB":
        image = Image.merge("LAB", [small.convert("L"), *[Image.new("L", small.size, 0)] * 2])
    else:
        image = small.convert(mode)
    picture = from_pil(image)
    assert picture.pixels.shape == (small.height, small.width, 3)
    assert picture.alpha is None
    assert np.abs(picture.pixels.astype(int) - np.asarray(image.convert("RGB"))).max() <= 1


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_modes_with_alpha(small: Image.Image, mode: str) -> None:
    """Every mode with opacity gives straight colours and the alpha."""
    image = small.convert("RGBA")
    opacity = Image.linear_gradient("L").resize(small.size).point(lambda value: max(value, 128))
    image.putalpha(opacity)
    route = {"La": "LA", "LA": "LA", "PA": "PA"}.get(mode, "RGBA")
    expected = image.convert(route)
    picture = from_pil(expected.convert(mode))
    assert np.abs(picture.alpha.astype(int) - np.asarray(opacity)).max() <= 1
    shown = np.asarray(expected.convert("RGBA"))[..., :3]
    assert np.abs(picture.pixels.astype(int) - shown).max() <= 2


def test_palette_with_transparency(small: Image.Image, saved) -> None:
    """A palette's transparent entries become alpha, in PNG with one and with many of them."""
    image = small.quantize(16)
    one = read_image(saved(image, "PNG", transparency=3))
    assert np.array_equal(one.alpha == 0, np.asarray(image) == 3)
    many = read_image(saved(image, "PNG", transparency=bytes(range(0, 256, 16))))
    assert np.array_equal(many.alpha, np.asarray(image) * 16)


def test_grey_with_one_transparent_value(saved) -> None:
    """The single transparent value of grey and of 1-bit PNG becomes alpha."""
    grey = Image.fromarray(np.array([[10, 20, 10]], np.uint8))
    assert read_image(saved(grey, "PNG", transparency=10)).alpha.tolist() == [[0, 255, 0]]
    bits = grey.point(lambda value: 255 * (value > 15)).convert("1")
    assert read_image(saved(bits, "PNG", transparency=0)).alpha.tolist() == [[0, 255, 0]]


def test_grey_and_cmyk_wait_for_their_profile(small: Image.Image) -> None:
    """Colours of grey and of CMYK pictures are left for the profile to convert."""
    for mode in ("L", "CMYK", "RGB"):
        colours, alpha = split_alpha(small.convert(mode), "x")
        assert (colours.mode, alpha) == (mode, None)
    assert split_alpha(small.convert("LA"), "x")[0].mode == "L"


def test_a_palette_image_without_a_palette() -> None:
    """An image that Pillow lets exist and cannot convert is an ImageError."""
    image = Image.new("P", (2, 2))
    image.palette = None
    with pytest.raises(ImageError, match="cannot read the Pillow image"):
        from_pil(image)
