"""A file read in strips is the file read as a whole."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

pytest.importorskip("pyvips")

from impasto.core.errors import ImageError, ImpastoWarning
from impasto.media import strips_read
from impasto.media.image import Picture, read_image
from impasto.media.strips import Block, gathered
from impasto.media.strips_read import check_unchanged, open_strips, read_header

Saved = Callable[..., bytes]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows at a time, so that small pictures have several pieces."""
    monkeypatch.setattr(strips_read, "_PIECE", 500)


@pytest.fixture
def large(small: Image.Image) -> Image.Image:
    """The crop of a real photo, at an odd size."""
    return small.resize((131, 97), Image.Resampling.BICUBIC)


def with_alpha(image: Image.Image) -> Image.Image:
    """The picture with some opacity, a part of it 0."""
    alpha = np.asarray(image.convert("L")).copy()
    alpha[:20] = 0
    image = image.convert("RGBA")
    image.putalpha(Image.fromarray(alpha))
    return image


def both(path: Path) -> tuple[Block, Picture]:
    """A file in strips and as a whole; what headers say is compared."""
    header, whole = read_header(path), read_image(path)
    strips = open_strips(header)
    assert (header.height, header.width) == whole.pixels.shape[:2]
    assert (strips.height, strips.width) == whole.pixels.shape[:2]
    assert (header.exif, header.dpi, header.format.name) == (whole.exif, whole.dpi, whole.format)
    block = gathered(strips)
    assert (block.alpha is None) == (whole.alpha is None)
    return block, whole


def assert_same(path: Path, levels: int = 0) -> None:
    """Colours and opacity are the same, up to some levels."""
    block, whole = both(path)
    assert np.abs(block.pixels.astype(int) - whole.pixels).max() <= levels
    if block.alpha is not None and whole.alpha is not None:
        np.testing.assert_array_equal(block.alpha, whole.alpha)


MODES = {
    "rgb": lambda image: image,
    "grey": lambda image: image.convert("L"),
    "bilevel": lambda image: image.convert("1"),
    "palette": lambda image: image.convert("P"),
    "cmyk": lambda image: image.convert("CMYK"),
    "alpha": with_alpha,
    "grey-alpha": lambda image: with_alpha(image).convert("LA"),
    "deep-grey": lambda image: Image.fromarray(np.asarray(image.convert("L")).astype("u2") * 251),
}


@pytest.mark.parametrize(
    ("mode", "format", "options"),
    [
        *((mode, "PNG", {}) for mode in MODES if mode != "cmyk"),
        *((mode, "TIFF", {}) for mode in MODES),
        *((mode, "TIFF", {"compression": "tiff_lzw"}) for mode in ("rgb", "alpha", "deep-grey")),
        *((mode, "TIFF", {"big_tiff": True}) for mode in ("rgb", "grey")),
        *((mode, "JPEG", {"quality": 85}) for mode in ("rgb", "grey", "cmyk")),
        ("rgb", "JPEG", {"progressive": True}),
        *((mode, "WEBP", {"lossless": True}) for mode in ("rgb", "alpha")),
    ],
    ids=lambda value: str(value),
)
def test_every_kind_of_file(
    large: Image.Image, saved: Saved, tmp_path: Path, mode: str, format: str, options: Any
) -> None:
    """Formats and pixel modes give what `read_image` gives, to the last bit."""
    path = tmp_path / "a"
    path.write_bytes(saved(MODES[mode](large), format, **options))
    assert_same(path)


def test_avif_is_close(large: Image.Image, saved: Saved, tmp_path: Path) -> None:
    """Another decoder may round colour differences in another way, and not more."""
    (tmp_path / "a").write_bytes(saved(large, "AVIF", quality=90, subsampling="4:4:4"))
    assert_same(tmp_path / "a", levels=3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_rotations_are_applied(
    large: Image.Image, saved: Saved, tmp_path: Path, orientation: int, format: str
) -> None:
    """All eight orientations of EXIF come out upright."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    (tmp_path / "a").write_bytes(saved(large, format, exif=exif, dpi=(300, 300)))
    assert_same(tmp_path / "a")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_turned_once(
    large: Image.Image, saved: Saved, tmp_path: Path, orientation: int
) -> None:
    """Where the decoder has set a picture upright already, nothing turns it again."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = saved(large, "AVIF", quality=90, subsampling="4:4:4", exif=exif)
    (tmp_path / "a").write_bytes(data)
    assert_same(tmp_path / "a", levels=3)


@pytest.mark.parametrize(
    ("profile", "mode"), [("P3", "rgb"), ("AdobeRGB", "alpha"), ("grey", "grey"), ("CMYK", "cmyk")]
)
def test_profiles_are_converted(
    large: Image.Image,
    saved: Saved,
    profiles: dict[str, bytes],
    tmp_path: Path,
    profile: str,
    mode: str,
) -> None:
    """Colours of other profiles become sRGB."""
    data = saved(MODES[mode](large), "TIFF", icc_profile=profiles[profile])
    (tmp_path / "a").write_bytes(data)
    assert_same(tmp_path / "a")


def test_a_bad_profile_is_told_of_once(large: Image.Image, saved: Saved, tmp_path: Path) -> None:
    """Colours with a damaged profile are taken for sRGB, with one warning."""
    (tmp_path / "a").write_bytes(saved(large, "TIFF", icc_profile=b"nonsense"))
    with pytest.warns(ImpastoWarning, match="taken for sRGB") as seen:
        block = gathered(open_strips(read_header(tmp_path / "a")))
    assert len(seen) == 1
    np.testing.assert_array_equal(block.pixels, np.asarray(large))


def test_further_pages_are_told_of(large: Image.Image, saved: Saved, tmp_path: Path) -> None:
    """A second page is left out with a warning; a smaller copy of the first is none."""
    (tmp_path / "a").write_bytes(saved(large, "TIFF", save_all=True, append_images=[large]))
    with pytest.warns(ImpastoWarning, match="more than one frame or page"):
        header = read_header(tmp_path / "a")
    np.testing.assert_array_equal(gathered(open_strips(header)).pixels, np.asarray(large))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_file_that_ends_too_early(
    large: Image.Image, saved: Saved, tmp_path: Path, format: str
) -> None:
    """Half a file is an error that names it, and never half a picture."""
    data = saved(large, format)
    (tmp_path / "a").write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match=r"cannot read .*a: the "):
        gathered(open_strips(read_header(tmp_path / "a")))


def test_numbers_of_no_known_range(tmp_path: Path) -> None:
    """Floating-point pixels are refused with what to do."""
    Image.fromarray(np.zeros((9, 9), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ImageError, match=r"a\.tif.* save it with 8 or 16 bits"):
        open_strips(read_header(tmp_path / "a.tif"))


@pytest.mark.parametrize("compression", [None, "jpeg"])
def test_ycbcr_becomes_rgb(
    large: Image.Image, saved: Saved, tmp_path: Path, compression: str | None
) -> None:
    """A TIFF that stores YCbCr has the colours that it has as a whole."""
    data = saved(large.convert("YCbCr"), "TIFF", compression=compression)
    (tmp_path / "a").write_bytes(data)
    assert_same(tmp_path / "a")


@pytest.mark.parametrize("mode", ["LAB", "F", "YCbCr"])
def test_kinds_of_tiff_that_are_only_read_whole(
    large: Image.Image, saved: Saved, tmp_path: Path, mode: str
) -> None:
    """What libvips reads in another way than Pillow is known by its header, and refused here."""
    image = Image.merge("LAB", large.split()) if mode == "LAB" else large.convert(mode)
    options = {"compression": "tiff_lzw"} if mode == "YCbCr" else {}
    (tmp_path / "a").write_bytes(saved(image, "TIFF", **options))
    header = read_header(tmp_path / "a")
    assert header.is_whole
    with pytest.raises(ImageError, match=r"a has pixels of a kind .* save it with 8 or 16 bits"):
        open_strips(header)


def test_a_name_that_is_not_utf_8(large: Image.Image, saved: Saved, tmp_path: Path) -> None:
    """Bytes that are no text name a file as well, and damage to it is told in words."""
    path = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        path.write_bytes(saved(large, "TIFF"))
    except OSError:
        pytest.skip("no such names on this file system")
    assert_same(path)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(ImageError, match=r"cannot read .*: the TIFF is damaged"):
        gathered(open_strips(read_header(path)))
    with pytest.raises(ImageError, match="cannot read"):
        open_strips(replace(read_header(path), path=tmp_path / os.fsdecode(b"gone\xe9")))


def test_a_file_that_changes_is_noticed(large: Image.Image, tmp_path: Path) -> None:
    """Another file, another size, or none: each is noticed."""
    path = tmp_path / "a.png"
    large.save(path)
    header = read_header(path)
    check_unchanged(header)
    os.utime(path, ns=(0, 0))
    with pytest.raises(ImageError, match="has changed while it was read"):
        check_unchanged(header)
    large.resize((50, 50)).save(path)
    with pytest.raises(ImageError, match="has changed while it was read"):
        open_strips(header)
    path.unlink()
    with pytest.raises(ImageError, match="no longer there"):
        check_unchanged(header)
