"""The pictures that define a style: found, checked, told apart, and described."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import imagehash
from PIL import Image

from impasto.core.arrays import RGB
from impasto.core.errors import ImageError, InputError
from impasto.core.files import sha256_file, shown
from impasto.core.notice import warn
from impasto.lab.sidecar import Facts, Medium, Subject, read_sidecar
from impasto.media.alpha import flatten
from impasto.media.decode import ReadLimits, load_header
from impasto.media.formats import SUFFIXES
from impasto.media.image import read_image
from impasto.media.resize import fit_long_side
from impasto.media.source import opened

SHORTEST_SIDE = 256
"""Below this a picture holds too few strokes, and the deepest features too few places."""
GOOD_SIDE = 1024
"""Below this on the long side strokes are often lost already."""
ALIKE = 10
"""Two pictures whose perceptual hashes differ in this many of 64 bits, or fewer, are one picture.

Of 160 paintings no two different ones were nearer than 16. Compressed hard at less than half the
size a painting stayed within 4 of itself, with 2 % cut off each side nearly always within 10.
"""
_LIMITS = ReadLimits()
_HASHED_SIDE = 256
_SHOWN = 5


@dataclass(frozen=True)
class StylePicture:
    """One picture of a style, as the manifest records it."""

    file: str
    """Its path below the folder, with `/`."""
    sha256: str
    """Of the file's bytes, lower-case hexadecimal."""
    width: int
    height: int
    artist: str = ""
    medium: Medium = "unknown"
    subject: Subject = "unknown"
    licence: str = ""
    source: str = ""
    """Where the file is from."""


@dataclass(frozen=True)
class Twin:
    """A picture that is left out, and the kept one that shows the same."""

    file: str
    kept: str


def find_pictures(folder: Path) -> list[Path]:
    """The pictures in a folder and the folders below it, sorted; hidden ones are passed over.

    GIFs are among them, so that they are refused and not overlooked.

    Raises:
        InputError: there is no such folder, or it has no pictures.
    """
    if not folder.is_dir():
        raise InputError(f"{shown(folder)}: no such folder; give one with the style's pictures")
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES | {".gif"}
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    if not found:
        raise InputError(f"{shown(folder)}: no pictures in this folder")
    return found


def open_style_picture(path: Path) -> RGB:
    """A style picture upright in sRGB; what is transparent shows white.

    Raises:
        ImageError: it cannot be read, is animated, or is below 256 pixels on a side.
    """
    _refuse_frames(path)
    picture = read_image(path, _LIMITS)
    pixels = picture.pixels if picture.alpha is None else flatten(picture.pixels, picture.alpha)
    height, width = pixels.shape[:2]
    if min(height, width) < SHORTEST_SIDE:
        raise ImageError(
            f"{shown(path)} is too small ({width}x{height}): "
            f"a style picture has at least {SHORTEST_SIDE} pixels on each side"
        )
    return pixels


def survey(folder: Path, default: Facts) -> tuple[list[StylePicture], list[Twin]]:
    """Check all pictures of a folder; return those to use and those that show the same again.

    Of pictures that look alike the largest is kept, and a warning names the others. One picture is
    in memory at a time.

    Args:
        folder: holds the pictures, in folders below it if wanted, and may say in a table
            (`impasto.lab.sidecar`) what is known of them.
        default: the artist and licence of pictures whose own are not known.

    Raises:
        InputError: there are no pictures, or the table is bad.
        ImageError: some cannot be used; each is named.
    """
    return check_pictures(*of_folder(folder), default)


def gather(sources: Sequence[Path]) -> tuple[dict[str, Path], dict[str, Facts]]:
    """The pictures that files and folders stand for, and what the folders' tables say of them.

    Pictures are called by their path below the only folder; with several sources each folder's
    name comes before it, and a picture whose name is taken is called by its whole path. What is
    given twice is there once.

    Raises:
        InputError: a source is not there, a folder has no pictures, or its table is bad.
    """
    paths: dict[str, Path] = {}
    facts: dict[str, Facts] = {}
    for source in sources:
        found, known = _of_source(source)
        before = f"{source.name}/" if source.is_dir() and len(sources) > 1 else ""
        for name, path in found.items():
            if path in paths.values():
                continue
            called = before + name if before + name not in paths else path.as_posix()
            paths[called] = path
            if name in known:
                facts[called] = known[name]
    return paths, facts


def of_folder(folder: Path) -> tuple[dict[str, Path], dict[str, Facts]]:
    """As `gather`, of one folder; anything else is an error."""
    found = {path.relative_to(folder).as_posix(): path for path in find_pictures(folder)}
    return found, read_sidecar(folder, found)


def _of_source(source: Path) -> tuple[dict[str, Path], dict[str, Facts]]:
    if source.is_file():
        return {source.name: source}, {}
    if not source.exists():
        raise InputError(f"{shown(source)}: no such picture or folder")
    return of_folder(source)


def check_pictures(
    paths: Mapping[str, Path], facts: Mapping[str, Facts], default: Facts
) -> tuple[list[StylePicture], list[Twin]]:
    """As `survey`, of pictures by the names that the manifest gives them."""
    checked, problems = [], []
    for name, path in paths.items():
        try:
            checked.append(_inspect(path, name, facts.get(name, Facts()), default))
        except ImageError as error:
            problems.append(str(error))
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ImageError("; ".join(problems[:_SHOWN]) + more)
    kept, twins = _without_twins(checked)
    _warn_of(kept, twins)
    return kept, twins


def coverage(pictures: Sequence[StylePicture]) -> dict[str, dict[str, int]]:
    """How many pictures there are of each artist, medium and subject, the most frequent first."""
    return {
        key: dict(Counter(getattr(each, key) or "unknown" for each in pictures).most_common())
        for key in ("artist", "medium", "subject")
    }


def _refuse_frames(path: Path) -> None:
    with opened(path, _LIMITS.max_bytes) as stream:
        header = load_header(stream, shown(path))
        try:
            header.seek(1)
        except Exception:  # no second frame, or a damaged one; reading tells about the first
            return
    raise ImageError(f"{shown(path)} is animated or has pages: a style picture is one picture")


def _inspect(
    path: Path, name: str, facts: Facts, default: Facts
) -> tuple[StylePicture, imagehash.ImageHash]:
    if not name.isprintable():
        raise ImageError(f"{shown(path)}: rename it, its name has unprintable characters")
    pixels = open_style_picture(path)
    picture = StylePicture(
        file=name,
        sha256=sha256_file(path),
        width=pixels.shape[1],
        height=pixels.shape[0],
        artist=facts.artist or default.artist,
        medium=facts.medium,
        subject=facts.subject,
        licence=facts.licence or default.licence,
        source=facts.source,
    )
    small = Image.fromarray(fit_long_side(pixels, _HASHED_SIDE))
    return picture, imagehash.phash(small)


def _without_twins(
    checked: Sequence[tuple[StylePicture, imagehash.ImageHash]],
) -> tuple[list[StylePicture], list[Twin]]:
    kept: list[tuple[StylePicture, imagehash.ImageHash]] = []
    twins = []
    for picture, seen in sorted(checked, key=lambda each: -each[0].width * each[0].height):
        same = next((one for one, other in kept if seen - other <= ALIKE), None)
        if same is None:
            kept.append((picture, seen))
        else:
            twins.append(Twin(picture.file, same.file))
    return sorted((one for one, _ in kept), key=lambda one: one.file), twins


def _warn_of(kept: Sequence[StylePicture], twins: Sequence[Twin]) -> None:
    for twin in twins:
        warn(f"{twin.file} is left out: it looks like {twin.kept}")
    small = [each.file for each in kept if max(each.width, each.height) < GOOD_SIDE]
    if small:
        names = ", ".join(small[:_SHOWN]) + (", ..." if len(small) > _SHOWN else "")
        warn(
            f"{len(small)} of {len(kept)} pictures are below {GOOD_SIDE} pixels on the long side, "
            f"where strokes get lost: {names}"
        )
