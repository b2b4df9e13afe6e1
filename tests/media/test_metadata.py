import struct
import warnings
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image

from impasto.core.errors import ImpastoWarning
from impasto.media.formats import FORMATS
from impasto.media.image import WriteOptions, from_pil, read_image, read_record, write_image

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

PILLOWS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
GPS = {1: "N", 2: (48.0, 51.0, 29.6)}


def camera_exif(orientation: int = 1) -> Image.Exif:
    """EXIF as a camera writes it: three directories, and layout tags that must not be copied."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera & Sons"
    exif[ExifTags.Base.ImageDescription] = "Ein schöner Tag".encode()
    exif[ExifTags.Base.Software] = "Darkroom 3"
    exif[ExifTags.Base.XResolution] = 300.0
    exif[ExifTags.Base.StripOffsets] = 4
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.UserComment: b"ASCII\0\0\0keep me",
        ExifTags.Base.ExposureTime: 0.01,
        ExifTags.Base.ExifImageWidth: 4000,
        ExifTags.Base.ExifImageHeight: 3000,
        ExifTags.Base.ColorSpace: 0xFFFF,
    }
    exif[ExifTags.IFD.GPSInfo] = GPS
    return exif


def tags_of(data: bytes) -> tuple[dict, dict, dict]:
    """First, Exif and GPS directory of a file."""
    with Image.open(BytesIO(data)) as image:
        exif = image.getexif()
        first = dict(exif)
        return (
            first,
            dict(exif.get_ifd(ExifTags.IFD.Exif)),
            dict(exif.get_ifd(ExifTags.IFD.GPSInfo)),
        )


def written(picture, format: str, **options) -> bytes:
    """The bytes of a picture in a format."""
    file = BytesIO()
    write_image(picture, file, WriteOptions(**options), format)
    return file.getvalue()


@pytest.mark.parametrize("format", PILLOWS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_eight_orientations(small, saved, format: str, orientation: int) -> None:
    """However a camera was held, the picture is upright, and the tag is gone after writing."""
    turned = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation](np.asarray(small))  # how the sensor saw what `small` shows
    data = saved(
        Image.fromarray(np.ascontiguousarray(turned)),
        format,
        exif=camera_exif(orientation).tobytes(),
        quality=95,
    )
    picture = read_image(data)
    assert picture.pixels.shape == (small.height, small.width, 3)
    assert np.abs(picture.pixels.astype(int) - np.asarray(small)).mean() < 3
    for output in PILLOWS:
        back = written(picture, output)
        assert tags_of(back)[0].get(ExifTags.Base.Orientation, 1) == 1
        assert read_image(back).pixels.shape == picture.pixels.shape


def test_heic_is_upright_too(small) -> None:
    """HEIC, whose decoder turns by itself, is not turned twice."""
    pillow_heif = pytest.importorskip("pillow_heif")
    file = BytesIO()
    pillow_heif.from_pillow(small).save(file, quality=95, exif=camera_exif(6).tobytes())
    picture = read_image(file.getvalue())
    expected = np.rot90(np.asarray(small), -1)
    assert picture.pixels.shape == expected.shape
    assert np.abs(picture.pixels.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("source", PILLOWS)
@pytest.mark.parametrize("target", [each.name for each in FORMATS])
def test_exif_is_carried_over(small, saved, source: str, target: str) -> None:
    """Camera, comment and place go from every format to every other, with the size corrected."""
    picture = read_image(saved(small, source, exif=camera_exif(6).tobytes()))
    data = written(picture, target)
    if target == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    first, camera, place = tags_of(data)
    assert first[ExifTags.Base.Make] == "Camera & Sons"
    assert first[ExifTags.Base.Software] == "Darkroom 3"
    assert camera[ExifTags.Base.UserComment] == b"ASCII\0\0\0keep me"
    assert camera[ExifTags.Base.ExposureTime] == pytest.approx(0.01)
    assert camera[ExifTags.Base.ExifImageWidth] == small.height
    assert camera[ExifTags.Base.ExifImageHeight] == small.width
    assert camera[ExifTags.Base.ColorSpace] == 1
    assert place[1] == "N"
    assert [float(value) for value in place[2]] == pytest.approx(GPS[2])


def test_layout_tags_stay_behind(small, saved) -> None:
    """Tags that say where a file's bytes lay are not copied into another file."""
    picture = read_image(saved(small, "TIFF", compression="tiff_lzw"))
    assert ExifTags.Base.StripOffsets not in tags_of(written(picture, "JPEG"))[0]
    picture = read_image(saved(small, "JPEG", exif=camera_exif().tobytes()))
    with Image.open(BytesIO(written(picture, "TIFF"))) as image:
        image.load()
        assert image.tag_v2[ExifTags.Base.StripOffsets] != (4,)


@pytest.mark.parametrize("format", PILLOWS)
def test_strip(small, saved, format: str) -> None:
    """With strip nothing of the photo's EXIF is left; the record is."""
    picture = read_image(saved(small, "JPEG", exif=camera_exif().tobytes(), dpi=(300, 300)))
    data = written(picture, format, strip=True, record={"style": "scream"})
    assert b"Camera & Sons" not in data
    assert b"keep me" not in data
    assert tags_of(data)[2] == {}
    assert read_record(data) == {"style": "scream"}


def test_the_record_leaves_the_description_alone(small, saved) -> None:
    """The record takes the place of the software that wrote the photo, and of nothing else."""
    picture = read_image(saved(small, "JPEG", exif=camera_exif().tobytes()))
    data = written(picture, "WEBP", record={"style": "scream"})
    first, camera, _ = tags_of(data)
    assert read_record(data) == {"style": "scream"}
    description = first[ExifTags.Base.ImageDescription]  # Pillow reads EXIF's text as Latin-1
    assert description.encode("latin-1").decode() == "Ein schöner Tag"
    assert camera[ExifTags.Base.UserComment] == b"ASCII\0\0\0keep me"


def test_resolution_is_kept_and_turned(small, saved) -> None:
    """Pixels an inch are carried over, and change places when the picture is turned."""
    data = saved(small, "JPEG", dpi=(300, 150), exif=b"")
    picture = read_image(data)
    assert picture.dpi == (300, 150)
    assert read_image(written(picture, "PNG")).dpi == pytest.approx((300, 150), abs=0.1)
    assert read_image(written(picture, "TIFF")).dpi == pytest.approx((300, 150))
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    assert read_image(saved(small, "JPEG", dpi=(300, 150), exif=turned)).dpi == (150, 300)


@pytest.mark.parametrize("format", PILLOWS)
def test_corrupt_exif_costs_nothing_but_itself(small, saved, format: str) -> None:
    """Whatever is broken in the EXIF, the picture is read and written."""
    random = np.random.default_rng(3)
    exif = camera_exif(1 if format == "AVIF" else 6).tobytes()
    data = saved(small, format, exif=exif, quality=95)
    start, end = _exif_range(data, exif, format)
    for _ in range(40):
        damaged = bytearray(data)
        for at in random.integers(start, end, 12):
            damaged[at] = random.integers(256)
        if format == "PNG":
            _mend_checksum(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImpastoWarning)
            picture = read_image(bytes(damaged))
            assert sorted(picture.pixels.shape) == [3, 36, 48]
            for output in PILLOWS:
                written(picture, output, record={"style": "scream"})


def _exif_range(data: bytes, exif: bytes, format: str) -> tuple[int, int]:
    """Where a file can be damaged without touching its pixels."""
    if format == "TIFF":  # its first directory is also that of the pixels
        end = data.index(b"keep me")
        return end - 80, end
    start = data.index(exif[6:14])  # AVIF leaves out the orientation, and so is 12 bytes shorter
    return start, start + len(exif) - 6 - 12


def _mend_checksum(png: bytearray) -> None:
    at = png.index(b"eXIf")
    end = at + 4 + struct.unpack(">I", png[at - 4 : at])[0]
    png[end : end + 4] = struct.pack(">I", zlib.crc32(png[at:end]))


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_exif_that_is_no_exif_is_named(small, saved, format: str) -> None:
    """EXIF that cannot be parsed at all is left out with a warning."""
    data = saved(small, format, exif=b"Exif\0\0garbage!")
    with pytest.warns(ImpastoWarning, match="EXIF is damaged and is left out"):
        assert read_image(data).exif is None


def test_exif_too_large_for_jpeg(small) -> None:
    """EXIF that a format cannot hold is left out with a warning; the record is kept."""
    exif = camera_exif()
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.UserComment: bytes(70_000)}
    image = small.copy()
    image.info["exif"] = exif.tobytes()
    with pytest.warns(ImpastoWarning, match="JPEG cannot hold the photo's EXIF"):
        data = written(from_pil(image), "JPEG", record={"style": "scream"})
    assert read_record(data) == {"style": "scream"}
    assert len(written(from_pil(image), "WEBP")) > 70_000


def test_other_software_is_no_record(small, saved) -> None:
    """A Software tag of others, or one that is broken, is no record."""
    for line in ("Darkroom 3", "impasto ", "impasto {", "impasto 3", "impasto [1]"):
        exif = Image.Exif()
        exif[ExifTags.Base.Software] = line
        assert read_record(saved(small, "JPEG", exif=exif)) is None
