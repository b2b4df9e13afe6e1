"""What people vote on: a folder of photos, styles and paintings by several methods."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final, Literal

from impasto.core.errors import InputError
from impasto.core.files import reason, shown
from impasto.media.formats import AVIF, HEAD_BYTES, JPEG, PNG, SUFFIXES, WEBP, sniff

Mode = Literal["compare", "rate"]
"""Two paintings are compared, or one is rated."""

PICTURES, PHOTOS, STYLES = "pictures", "photos", "styles"
"""Folders: `pictures/METHOD/STYLE/PHOTO.png`, `photos/PHOTO.png`, `styles/STYLE.png`."""

VOTES: Final = "votes.sqlite"
"""The file of answers in the same folder."""

MOST_BYTES: Final = 32 * 2**20
"""Of one picture: a page that waits longer for it is no pleasure to vote on."""

_MEDIA_TYPES: Final = {
    JPEG: "image/jpeg",
    PNG: "image/png",
    WEBP: "image/webp",
    AVIF: "image/avif",
}


@dataclass(frozen=True, order=True)
class Question:
    """One thing to ask: which of two methods, or how good one is, for a photo in a style."""

    style: str
    photo: str
    methods: tuple[str, ...]
    """Two to compare, in the order of their names, or one to rate."""


@dataclass(frozen=True)
class Shown:
    """A picture that a page may ask for."""

    id: str
    """16 hexadecimal digits that tell nothing of method, style or photo."""
    path: Path
    media_type: str


@dataclass(frozen=True)
class VoteSet:
    """All pictures of a folder, by what they are called."""

    folder: Path
    photos: Mapping[str, Shown]
    styles: Mapping[str, Shown]
    paintings: Mapping[tuple[str, str], Mapping[str, Shown]]
    """By style and photo, then by method."""

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of all methods, in order."""
        return tuple(sorted({name for each in self.paintings.values() for name in each}))

    def questions(self, mode: Mode) -> list[Question]:
        """Everything that can be asked: pairs of paintings of one photo in one style, or each."""
        many = 2 if mode == "compare" else 1
        return [
            Question(style, photo, methods)
            for (style, photo), by_method in sorted(self.paintings.items())
            for methods in combinations(sorted(by_method), many)
        ]

    def by_id(self) -> dict[str, Shown]:
        """All pictures by their ids."""
        groups = (self.photos, self.styles, *self.paintings.values())
        return {each.id: each for group in groups for each in group.values()}


def read_set(folder: Path, only: Iterable[str] = ()) -> VoteSet:
    """Find all paintings of a folder, with their photos and styles.

    Names of files count without their ending. Names that begin with a dot are passed over.

    Args:
        folder: holds `pictures/METHOD/STYLE/PHOTO.png`, `photos/PHOTO.png`, `styles/STYLE.png`,
            each a PNG, JPEG, WebP or AVIF.
        only: methods to vote on; none are all.

    Raises:
        InputError: the folder has not this layout, a painting has no photo or style, a picture is
            of another format or too large, a method that is named is not there, or nothing can be
            compared.
    """
    photos, styles = _pictures(folder / PHOTOS), _pictures(folder / STYLES)
    wanted = _wanted(folder / PICTURES, tuple(only))
    paintings: dict[tuple[str, str], dict[str, Shown]] = {}
    for method, style, photo, painting in _paintings(wanted):
        _check_known(styles, style, painting.path, folder / STYLES)
        _check_known(photos, photo, painting.path, folder / PHOTOS)
        paintings.setdefault((style, photo), {})[method] = painting
    found = VoteSet(folder, photos, styles, paintings)
    if not found.questions("compare"):
        raise InputError(
            f"{shown(folder / PICTURES)} has no two paintings of one photo in one style to compare"
        )
    return found


def _wanted(folder: Path, only: tuple[str, ...]) -> list[Path]:
    methods = {path.name: path for path in _folders(folder)}
    for name in only:
        if name not in methods:
            known = shown(", ".join(methods)) or "none"
            raise InputError(f"{shown(folder)} has no method {shown(name)!r}; it has: {known}")
    return [path for name, path in methods.items() if not only or name in only]


def _paintings(methods: Iterable[Path]) -> Iterator[tuple[str, str, str, Shown]]:
    for method in methods:
        for style in _folders(method):
            for photo, painting in _pictures(style).items():
                yield method.name, style.name, photo, painting


def _check_known(known: Mapping[str, Shown], name: str, painting: Path, folder: Path) -> None:
    if name not in known:
        raise InputError(f"{shown(painting)} has no {shown(name)!r} in {shown(folder)}")


def _pictures(folder: Path) -> dict[str, Shown]:
    found: dict[str, Shown] = {}
    for path in _listed(folder):
        if path.suffix.lower() not in SUFFIXES:
            continue
        if path.stem in found:
            other = found[path.stem].path
            raise InputError(f"{shown(path)} and {shown(other.name)} have the same name")
        found[path.stem] = _shown(path)
    return found


def _folders(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.is_dir()]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputError(f"cannot read the folder {shown(folder)}: {reason(error)}") from error


def _shown(path: Path) -> Shown:
    """Look at a picture's first bytes; its id changes with the file, so that pages may keep it."""
    try:
        status = path.stat()
        with path.open("rb") as file:
            format = sniff(file.read(HEAD_BYTES))
    except OSError as error:
        raise InputError(f"cannot read {shown(path)}: {reason(error)}") from error
    if format not in _MEDIA_TYPES:
        raise InputError(f"{shown(path)} is no PNG, JPEG, WebP or AVIF, which browsers show")
    if status.st_size > MOST_BYTES:
        raise InputError(f"{shown(path)} has {status.st_size} bytes; the limit is {MOST_BYTES}")
    facts = f"{path}\0{status.st_size}\0{status.st_mtime_ns}"
    return Shown(
        hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()[:16],
        path,
        _MEDIA_TYPES[format],
    )
