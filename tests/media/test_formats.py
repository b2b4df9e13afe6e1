from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.core.errors import OutputError
from impasto.media.formats import (
    AVIF,
    FORMATS,
    HEAD_BYTES,
    HEIF,
    JPEG,
    SUFFIXES,
    WEBP,
    format_named,
    format_of,
    sniff,
)


@pytest.mark.parametrize("format", [each for each in FORMATS if each is not HEIF])
def test_each_format_is_known_by_its_bytes(saved, small, format) -> None:
    """What Pillow writes is recognised as what it is."""
    assert sniff(saved(small, format.name)[:HEAD_BYTES]) is format


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"hello",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"%PDF-1.7",
        b"8BPS\0\1",
        b"GIF89a\1\0\1\0",
        b"BM" + bytes(60),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"SIMPLE  =                    T",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypisom" + bytes(40),
        b"P6\n1 1\n255\n",
    ],
)
def test_everything_else_is_refused(head: bytes) -> None:
    """Formats off the list, text and nothing at all belong to no decoder."""
    assert sniff(head) is None


@given(st.binary(max_size=HEAD_BYTES), st.sampled_from([b"", b"\0\0\0\x1cftyp", b"RIFF"]))
def test_any_bytes_are_answered(rest: bytes, start: bytes) -> None:
    """Sniffing never fails, whatever the bytes."""
    assert sniff(start + rest) in (None, *FORMATS)


def test_avif_wins_over_the_brand_it_shares_with_heic() -> None:
    """A file of the common brand mif1 is what its compatible brands say."""
    head = b"\0\0\0\x1cftypmif1\0\0\0\0mif1"
    assert sniff(head + b"avif" + b"miaf") is AVIF
    assert sniff(head + b"heic" + b"miaf") is HEIF


def test_names() -> None:
    """Formats are found by Pillow's name and by suffix, in any case."""
    assert format_of("a/B.JPEG") is JPEG
    assert format_of(Path("x.y.webp")) is WEBP
    assert format_named("jpg") is format_named(".jpeg") is format_named("JPEG") is JPEG
    assert {".jpg", ".png", ".webp", ".tif", ".tiff", ".avif", ".heic"} <= SUFFIXES
    assert ".gif" not in SUFFIXES


@pytest.mark.parametrize("name", ["a.gif", "a", ".png", "png"])
def test_unknown_suffixes_are_refused(name: str) -> None:
    """The error names the file and the suffixes that are possible."""
    with pytest.raises(OutputError, match=r"\.jpg, \.png, \.webp, \.tif, \.avif, \.heic") as caught:
        format_of(name)
    assert name in str(caught.value)


def test_pillow_knows_every_name() -> None:
    """Every format but HEIF is written by Pillow itself."""
    Image.init()
    assert all(each.name in Image.SAVE for each in FORMATS if each is not HEIF)
