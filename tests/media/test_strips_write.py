"""A picture written in strips, read again as a whole."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

pytest.importorskip("pyvips")

from impasto.core.errors import OutputError
from impasto.media.formats import AVIF, JPEG, PNG, TIFF, WEBP, Format
from impasto.media.image import WriteOptions, read_image, read_record, write_image
from impasto.media.strips import Block
from impasto.media.strips_read import Header, read_header
from impasto.media.strips_write import strip_writer

RECORD = {"style": "scream", "model": "default"}
FORMATS = [JPEG, PNG, WEBP, TIFF, AVIF]


@pytest.fixture
def header(tmp_path: Path, small: Image.Image, profiles: dict[str, bytes]) -> Header:
    """That of a photo with EXIF of three directories, a profile and a resolution."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.01
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    path = tmp_path / "photo.jpg"
    small.save(path, exif=exif, icc_profile=profiles["P3"], dpi=(300, 150))
    return read_header(path)


@pytest.fixture
def block(small: Image.Image) -> Block:
    """The rows of a picture with opacity."""
    pixels = np.asarray(small.resize((133, 101)))
    return Block(pixels, np.asarray(small.convert("L").resize((133, 101))))


def write(path: Path, block: Block, header: Header, format: Format, options: WriteOptions) -> None:
    """Write a picture, seven rows at a time."""
    height, width = block.pixels.shape[:2]
    has_alpha = block.alpha is not None
    with strip_writer(path, (width, height), has_alpha, header, format, options) as put:
        for top in range(0, height, 7):
            put(block.rows(top, top + 7))


@pytest.mark.parametrize("format", FORMATS, ids=lambda each: each.name)
@pytest.mark.parametrize("alpha", [False, True])
def test_pixels_and_metadata_arrive(
    tmp_path: Path, header: Header, block: Block, format: Format, alpha: bool
) -> None:
    """Each format gives the rows back, with opacity if it has any, EXIF, record and resolution."""
    given = block if alpha else Block(block.pixels)
    path = tmp_path / f"a{format.suffixes[0]}"
    write(path, given, header, format, WriteOptions(quality=100, record=RECORD))
    picture = read_image(path)
    assert picture.format == format.name
    levels = 0 if format.quality is None else 255 if alpha and not format.alpha else 12
    assert np.abs(picture.pixels.astype(int) - block.pixels).max() <= levels
    assert (picture.alpha is not None) == (alpha and format.alpha)
    if picture.alpha is not None:
        np.testing.assert_allclose(picture.alpha, block.alpha, atol=levels)
    assert read_record(path) == RECORD
    exif = Image.Exif()
    exif.load(picture.exif or b"")
    assert exif[ExifTags.Base.Make] == "Camera"
    assert float(exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime]) == 0.01
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (52.0, 31.0, 12.0)
    if format in (PNG, TIFF):
        assert np.allclose(picture.dpi or (), (300, 150), atol=0.1)


@pytest.mark.parametrize("options", [{}, {"strip": True}, {"keep_profile": True}])
@pytest.mark.parametrize("format", [PNG, TIFF], ids=lambda each: each.name)
def test_the_same_as_a_picture_written_whole(
    tmp_path: Path, header: Header, block: Block, format: Format, options: dict[str, Any]
) -> None:
    """Pixels, opacity, profile and what is told of the photo are those of `write_image`."""
    suffix, chosen = format.suffixes[0], WriteOptions(record=RECORD, **options)
    write(tmp_path / f"a{suffix}", block, header, format, chosen)
    whole = read_image(header.path)
    whole = replace(whole, pixels=block.pixels, alpha=block.alpha)
    write_image(whole, tmp_path / f"b{suffix}", chosen)
    one, two = (Image.open(tmp_path / f"{name}{suffix}") for name in "ab")
    np.testing.assert_array_equal(np.asarray(one), np.asarray(two))
    assert one.info["icc_profile"] == two.info["icc_profile"]
    one, two = (read_image(tmp_path / f"{name}{suffix}") for name in "ab")
    assert (one.exif is None) == (two.exif is None)
    assert (one.dpi is None) == (two.dpi is None)


def test_a_tiff_is_a_bigtiff(tmp_path: Path, header: Header, block: Block) -> None:
    """Its offsets have 64 bits, so that it can be of any size."""
    write(tmp_path / "a.tif", block, header, TIFF, WriteOptions())
    assert (tmp_path / "a.tif").read_bytes()[:4] == b"II+\0"


def test_a_picture_too_wide_for_its_format(tmp_path: Path, header: Header) -> None:
    """It is refused before anything is painted, and nothing is there."""
    with (
        pytest.raises(OutputError, match="WEBP holds at most 16383"),
        strip_writer(tmp_path / "a.webp", (20_000, 9), False, header, WEBP, WriteOptions()),
    ):
        pytest.fail("opened")
    assert not (tmp_path / "a.webp").exists()


def untouched(folder: Path) -> bool:
    """Whether no file was left beside the photo, and no thread is encoding."""
    names = sorted(path.name for path in folder.iterdir())
    threads = [each for each in threading.enumerate() if each.name == "impasto-encode"]
    return names == ["photo.jpg"] and not threads


@pytest.mark.parametrize("format", FORMATS, ids=lambda each: each.name)
def test_a_painting_that_fails_leaves_nothing(
    tmp_path: Path, header: Header, block: Block, format: Format
) -> None:
    """An error half-way comes out as it is, and neither file nor thread stays."""
    path = tmp_path / f"a{format.suffixes[0]}"

    def fail(put: Callable[[Block], None]) -> None:
        put(block.rows(0, 50))
        raise ZeroDivisionError

    writer = strip_writer(path, (133, 101), True, header, format, WriteOptions())
    with pytest.raises(ZeroDivisionError), writer as put:
        fail(put)
    assert untouched(tmp_path)


def test_rows_that_are_missing_are_an_error(tmp_path: Path, header: Header, block: Block) -> None:
    """A picture that ends too early never takes its name."""
    with (
        pytest.raises(OutputError, match="cannot write"),
        strip_writer(tmp_path / "a.png", (133, 101), True, header, PNG, WriteOptions()) as put,
    ):
        put(block.rows(0, 50))
    assert untouched(tmp_path)


def test_a_full_disk_is_an_error(tmp_path: Path, header: Header) -> None:
    """When the file can grow no further, that is told, and nothing is left."""
    resource = pytest.importorskip("resource")
    noise = np.random.default_rng(0).integers(0, 256, (700, 700, 3), np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for format in (TIFF, PNG, JPEG):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(OutputError, match=f"cannot write .*a{format.suffixes[0]}: .*large"):
                write(
                    tmp_path / f"a{format.suffixes[0]}",
                    Block(noise),
                    header,
                    format,
                    WriteOptions(),
                )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert untouched(tmp_path)
