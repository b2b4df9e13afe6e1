import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.core.errors import ImageError, ImpastoWarning, OutputError, SettingsError
from impasto.media.color import SRGB_PROFILE, is_srgb, to_srgb
from impasto.media.formats import FORMATS
from impasto.media.image import (
    Picture,
    WriteOptions,
    from_pil,
    read_image,
    read_record,
    to_pil,
    write_image,
)

LOSSLESS = ("PNG", "TIFF")
NAMES = [each.name for each in FORMATS]


def written(picture: Picture, format: str, **options) -> bytes:
    """The bytes of a picture in a format."""
    file = BytesIO()
    write_image(picture, file, WriteOptions(**options), format)
    return file.getvalue()


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """The mean absolute difference, in steps of 8 bits."""
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize(
    ("name", "size", "format"),
    [
        ("coffee.png", (600, 400), "PNG"),
        ("chelsea.png", (451, 300), "PNG"),
        ("astronaut.png", (512, 512), "PNG"),
        ("camera.png", (512, 512), "PNG"),
        ("china.jpg", (640, 427), "JPEG"),
        ("flower.jpg", (640, 427), "JPEG"),
    ],
)
def test_real_photos(photo, name: str, size: tuple[int, int], format: str) -> None:
    """Real photos are read as Pillow shows them, from a path, a name, a stream and bytes alike."""
    path = photo(name)
    picture = read_image(path)
    assert (picture.pixels.shape, picture.format) == ((size[1], size[0], 3), format)
    assert picture.alpha is None
    with Image.open(path) as image:
        assert np.array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    with path.open("rb") as stream:
        for source in (str(path), stream, path.read_bytes()):
            assert np.array_equal(read_image(source).pixels, picture.pixels)


def test_a_real_photo_in_adobe_rgb(photo) -> None:
    """The rocket, which carries AdobeRGB, is read in sRGB and can be written back."""
    data = photo("rocket.jpg").read_bytes()
    picture = read_image(data)
    with Image.open(BytesIO(data)) as image:
        raw = np.asarray(image)
        assert picture.icc_profile == image.info["icc_profile"]
    assert not is_srgb(picture.icc_profile)
    assert distance(picture.pixels, raw) > 3
    with Image.open(BytesIO(written(picture, "TIFF", keep_profile=True))) as back:
        assert distance(np.asarray(back), raw) < 1


@pytest.mark.parametrize("format", NAMES)
def test_every_format_comes_back(photo, tmp_path: Path, format: str) -> None:
    """A real photo comes back from each format with its size, in sRGB, and looks the same."""
    picture = read_image(photo("chelsea.png"))
    target = tmp_path / f"a.{format.lower() if format != 'HEIF' else 'heic'}"
    write_image(picture, target)
    back = read_image(target)
    assert (back.format, back.pixels.shape) == (format, picture.pixels.shape)
    assert distance(back.pixels, picture.pixels) < (0.01 if format in LOSSLESS else 3)
    assert back.icc_profile == SRGB_PROFILE
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("format", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (7, 5), (97, 101)])
def test_small_and_odd_sizes(small, format: str, size: tuple[int, int]) -> None:
    """Any size comes back as it was, in every format."""
    picture = from_pil(small.resize(size))
    assert read_image(written(picture, format)).pixels.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("format", NAMES)
def test_solid_black(format: str) -> None:
    """Black comes back black."""
    picture = from_pil(Image.new("RGB", (64, 48)))
    assert read_image(written(picture, format)).pixels.max() <= 2


@pytest.mark.parametrize("format", [each.name for each in FORMATS if each.alpha])
def test_alpha_is_kept(small, format: str) -> None:
    """Opacity comes back, exactly where the format is lossless."""
    image = small.copy()
    image.putalpha(Image.linear_gradient("L").resize(small.size))
    picture = from_pil(image)
    back = read_image(written(picture, format, quality=95))
    assert distance(back.alpha, picture.alpha) < (0.01 if format in LOSSLESS else 2)


def test_jpeg_is_laid_on_white(small) -> None:
    """JPEG has no opacity: what was transparent is white, and there is no alpha to read."""
    image = small.copy()
    image.putalpha(Image.new("L", small.size, 0))
    back = read_image(written(from_pil(image), "JPEG"))
    assert back.alpha is None
    assert back.pixels.min() >= 250


@pytest.mark.parametrize("format", NAMES)
def test_wide_colours_become_srgb(small, saved, profiles, format: str) -> None:
    """A photo in Display P3 is read in sRGB and written in sRGB unless its profile is kept."""
    file = BytesIO()
    if format == "HEIF":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.from_pillow(small).save(file, icc_profile=profiles["P3"], quality=95)
    else:
        small.save(file, format, icc_profile=profiles["P3"], quality=95)
    picture = read_image(file.getvalue())
    expected = np.asarray(to_srgb(small, profiles["P3"]))
    assert distance(picture.pixels, expected) < 3 < distance(picture.pixels, np.asarray(small))
    assert picture.icc_profile == profiles["P3"]

    plain = read_image(written(picture, "PNG"))
    assert is_srgb(plain.icc_profile)
    assert np.array_equal(plain.pixels, picture.pixels)

    kept = written(picture, "PNG", keep_profile=True)
    with Image.open(BytesIO(kept)) as image:
        assert image.info["icc_profile"] == profiles["P3"]
        assert distance(np.asarray(image), np.asarray(small)) < 4
    assert distance(read_image(kept).pixels, picture.pixels) < 1


def test_adobe_rgb_with_alpha(small, saved, profiles) -> None:
    """Opacity passes through colour conversion untouched, both ways."""
    image = small.copy()
    image.putalpha(Image.linear_gradient("L").resize(small.size))
    picture = read_image(saved(image, "PNG", icc_profile=profiles["AdobeRGB"]))
    back = read_image(written(picture, "TIFF", keep_profile=True))
    assert np.array_equal(back.alpha, np.asarray(image.getchannel("A")))
    assert distance(back.pixels, picture.pixels) < 1


def test_cmyk_jpeg(small, saved, profiles) -> None:
    """A CMYK JPEG is read with and without a profile; a painting is not turned back into ink."""
    inks = small.convert("CMYK")
    plain = read_image(saved(inks, "JPEG", quality=95))
    assert distance(plain.pixels, np.asarray(small)) < 5
    tagged = read_image(saved(inks, "JPEG", icc_profile=profiles["CMYK"], quality=95))
    assert (tagged.pixels == tagged.pixels[..., :1]).all()  # this profile knows only grey
    with pytest.warns(ImpastoWarning, match="written in sRGB, because the photo has a profile"):
        kept = written(tagged, "JPEG", keep_profile=True)
    assert read_image(kept).icc_profile == SRGB_PROFILE


def test_grey_with_its_profile(small, saved, profiles) -> None:
    """Grey pictures, with and without alpha, go through a grey profile."""
    for image in (small.convert("L"), small.convert("LA")):
        picture = read_image(saved(image, "PNG", icc_profile=profiles["grey"]))
        assert picture.pixels.mean() > np.asarray(small.convert("L")).mean() + 20
        assert picture.icc_profile == profiles["grey"]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_corrupt_profile_costs_nothing_but_itself(small, saved, profiles, format: str) -> None:
    """With a damaged ICC profile the pixels are taken for sRGB, with a warning."""
    for damaged in (b"garbage", profiles["P3"][:200], profiles["CMYK"]):
        data = saved(small, format, icc_profile=damaged, quality=95)
        with pytest.warns(ImpastoWarning, match=r"taken for sRGB, because it has an? .*profile"):
            picture = read_image(data)
        assert distance(picture.pixels, np.asarray(small)) < 4
        assert picture.icc_profile is None


def test_pillow_images_come_back(small) -> None:
    """What from_pil takes to_pil gives back, RGB and RGBA, and Pillow can save it."""
    clear = small.copy()
    clear.putalpha(77)
    for image in (small, clear):
        back = to_pil(from_pil(image))
        assert (back.mode, back.tobytes()) == (image.mode, image.tobytes())
        file = BytesIO()
        back.save(file, "PNG")
        assert read_image(file.getvalue()).icc_profile == SRGB_PROFILE


def test_a_lazy_pillow_image_that_is_damaged(photo) -> None:
    """An image that Pillow opened and cannot decode is an ImageError."""
    data = photo("rocket.jpg").read_bytes()
    with pytest.raises(ImageError, match="truncated"):
        from_pil(Image.open(BytesIO(data[:20_000])))


@pytest.mark.parametrize("format", NAMES)
def test_the_record(small, format: str) -> None:
    """Style and model can be read again from every format, stripped or not; photos have none."""
    record = {"style": "scream:0.6,wave:0.4", "strength": "0.8", "title": "Der Schrei — “ü”"}
    picture = from_pil(small)
    for strip in (False, True):
        data = written(picture, format, record=record, strip=strip)
        assert read_record(data) == record
    assert read_record(written(picture, format)) is None


def test_quality_changes_the_size(photo) -> None:
    """A lower quality makes a smaller file where the format is lossy."""
    picture = read_image(photo("rocket.jpg"))
    for format in ("JPEG", "WEBP", "AVIF", "HEIF"):
        assert len(written(picture, format, quality=30)) < len(written(picture, format, quality=90))


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_quality_out_of_range(quality: int) -> None:
    """A quality that no format has is refused with its value."""
    with pytest.raises(SettingsError, match=f"from 1 to 100, got {quality}"):
        WriteOptions(quality=quality)


def test_equal_pictures_are_equal_files(photo) -> None:
    """Writing twice gives the same bytes."""
    picture = read_image(photo("chelsea.png"))
    for format in NAMES:
        assert written(picture, format) == written(picture, format)


@pytest.mark.parametrize(
    ("pixels", "alpha"),
    [
        (np.zeros((4, 4), np.uint8), None),
        (np.zeros((4, 4, 4), np.uint8), None),
        (np.zeros((0, 4, 3), np.uint8), None),
        (np.zeros((4, 4, 3), np.float32), None),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), bool)),
    ],
)
def test_a_picture_checks_its_arrays(pixels: np.ndarray, alpha: np.ndarray | None) -> None:
    """Arrays of another type or shape are refused with what was seen."""
    with pytest.raises(ImageError, match="uint8"):
        Picture(pixels, alpha, None, None, "PNG")


def test_too_long_a_side_for_the_format() -> None:
    """A picture that a format cannot hold is an OutputError that names one that can."""
    wide = from_pil(Image.new("L", (16_384, 1)))
    with pytest.raises(OutputError, match=r"WEBP holds at most 16383 pixels.*choose PNG"):
        written(wide, "WEBP")
    assert read_image(written(wide, "PNG")).pixels.shape == (1, 16_384, 3)


def test_through_pipes(photo) -> None:
    """A process reads a PNG from standard input and writes one to standard output."""
    code = """if True:
        import sys
        from impasto.media.image import read_image, write_image
        write_image(read_image(sys.stdin.buffer), sys.stdout.buffer)
    """
    data = photo("chelsea.png").read_bytes()
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert np.array_equal(read_image(done.stdout).pixels, read_image(data).pixels)


def test_a_stream_takes_the_pictures_own_format(small, saved) -> None:
    """Without a format, what came as WebP goes out as WebP."""
    file = BytesIO()
    write_image(read_image(saved(small, "WEBP")), file)
    assert read_image(file.getvalue()).format == "WEBP"


def test_unwritable_places(small, tmp_path: Path) -> None:
    """A missing folder, a full device, an unknown suffix and a closed stream name the target."""
    picture = from_pil(small)
    with pytest.raises(OutputError, match=r"no/a\.png: there is no folder"):
        write_image(picture, tmp_path / "no" / "a.png")
    with pytest.raises(OutputError, match=r"a\.xyz"):
        write_image(picture, tmp_path / "a.xyz")
    closed = BytesIO()
    closed.close()
    with pytest.raises(OutputError, match="cannot write to the picture in the stream"):
        write_image(picture, closed)
    if Path("/dev/full").exists():
        with pytest.raises(OutputError, match="/dev/full: No space left on device"):
            write_image(picture, "/dev/full", format="PNG")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_half_way(photo, tmp_path: Path) -> None:
    """When the disk is full the old picture stays and no part of the new one."""
    pytest.importorskip("resource")
    code = """if True:
        import resource, sys
        from impasto.core.errors import OutputError
        from impasto.media.image import read_image, write_image
        picture = read_image(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            write_image(picture, sys.argv[2])
        except OutputError as error:
            print(error)
    """
    target = tmp_path / "a.jpg"
    target.write_bytes(b"old")
    command = [sys.executable, "-c", code, photo("china.jpg"), target]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [f"cannot write {target}: File too large"]
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
