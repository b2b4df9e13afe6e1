"""The picture formats that impasto reads and writes, told apart by their first bytes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from impasto.core.errors import OutputError
from impasto.core.files import shown


@dataclass(frozen=True)
class Format:
    """One picture format."""

    name: str
    """As Pillow calls it."""
    suffixes: tuple[str, ...]
    """Lower case, the usual one first."""
    longest_side: int
    """The most pixels a side can have."""
    quality: int | None
    """What is written when nothing else is asked for, 1 to 100; None: the format is lossless."""
    alpha: bool = True
    """Whether it holds opacity."""


JPEG: Final = Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), 65_500, 92, alpha=False)
PNG: Final = Format("PNG", (".png",), 2**31 - 1, None)
WEBP: Final = Format("WEBP", (".webp",), 16_383, 90)
TIFF: Final = Format("TIFF", (".tif", ".tiff"), 2**31 - 1, None)
AVIF: Final = Format("AVIF", (".avif",), 65_536, 80)
HEIF: Final = Format("HEIF", (".heic", ".heif"), 16_384, 60)

FORMATS: Final = (JPEG, PNG, WEBP, TIFF, AVIF, HEIF)
SUFFIXES: Final = frozenset(suffix for each in FORMATS for suffix in each.suffixes)
"""The names of files that are taken for pictures in a folder (lower case)."""

HEAD_BYTES: Final = 64
"""How many first bytes `sniff` wants."""

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def sniff(head: bytes) -> Format | None:
    """Return the format that a file's first `HEAD_BYTES` bytes belong to; its name plays no part.

    Everything else (EPS, PSD, PDF, SVG, GIF, ...) is None: a decoder that is never reached cannot
    be attacked.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(_TIFF_MAGIC):
        return TIFF
    return _sniff_iso(head) if head[4:8] == b"ftyp" else None


def _sniff_iso(head: bytes) -> Format | None:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[at : at + 4] for at in (8, *range(16, end - 3, 4))}
    if brands & _AVIF_BRANDS:
        return AVIF
    return HEIF if brands & _HEIF_BRANDS else None


def format_named(name: str) -> Format:
    """Return the format called `name` ("PNG", "jpg", ".webp"); raises `OutputError`."""
    for each in FORMATS:
        if name.upper() == each.name or f".{name.lower().lstrip('.')}" in each.suffixes:
            return each
    raise OutputError(f"there is no picture format {shown(name)!r}; known: {_known()}")


def format_of(path: Path | str) -> Format:
    """Return the format that a file's name asks for; raises `OutputError` naming the known ones."""
    suffix = Path(path).suffix
    if suffix.lower() not in SUFFIXES:
        raise OutputError(f"cannot tell a picture format from {shown(path)}; end it in {_known()}")
    return format_named(suffix)


def _known() -> str:
    return ", ".join(each.suffixes[0] for each in FORMATS)
