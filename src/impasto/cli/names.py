"""Names for outputs: pure rules that turn the name of an input into the name of a result."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, count
from pathlib import Path

from impasto.core.errors import SettingsError


def style_suffix(spec: str) -> str:
    """What a parsed style spec adds to a file name, legal on every system.

    `scream:0.6,udnie:0.4` gives `.scream-0.6+udnie-0.4`.
    """
    return "." + spec.replace(":", "-").replace(",", "+")


def checked_suffix(text: str) -> str:
    """`text`, if it can be a part of a file name; SettingsError otherwise."""
    if not text or any(character in '/\\:*?"<>|' or ord(character) < 32 for character in text):
        raise SettingsError(
            f"--suffix {text!r} cannot be part of a file name: use letters, digits, '.', '_', '-'"
        )
    return text


def result_name(source: Path, suffix: str, extension: str) -> str:
    """The name of the result: the stem of `source`, then `suffix`, then `extension` (`.jpg`)."""
    return f"{source.stem}{suffix}{extension}"


def same_file_key(path: Path) -> str:
    """Equal for two paths that may be one file on some system.

    Names that differ only in case are one file on Windows and macOS, and so are the composed and
    the decomposed form of an accent.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


def separate(wanted: Sequence[tuple[Path, Path]]) -> list[Path]:
    """Targets for (source, wanted target) pairs, in the same order and no two the same file.

    A target that only one source wants is kept. When sources that differ in their extension want
    one name, each takes its extension into the stem (`a.jpg` and `a.png` become `a-jpg.webp` and
    `a-png.webp`); what still clashes is numbered from 2 on.
    """
    groups = defaultdict(list)
    for index, (_, target) in enumerate(wanted):
        groups[same_file_key(target)].append(index)
    taken = {key for key, members in groups.items() if len(members) == 1}
    chosen = [target for _, target in wanted]
    for members in groups.values():
        if len(members) > 1:
            for index, target in zip(members, _renamed([wanted[i] for i in members]), strict=True):
                chosen[index] = _first_free(target, taken)
                taken.add(same_file_key(chosen[index]))
    return chosen


def _renamed(clashing: Sequence[tuple[Path, Path]]) -> Iterable[Path]:
    extensions = {source.suffix.casefold() for source, _ in clashing}
    if len(extensions) == 1:
        return [target for _, target in clashing]
    return [
        target.with_name(f"{target.stem}-{source.suffix[1:] or 'none'}{target.suffix}")
        for source, target in clashing
    ]


def _first_free(target: Path, taken: set[str]) -> Path:
    numbered = (target.with_name(f"{target.stem}-{n}{target.suffix}") for n in count(2))
    return next(path for path in chain([target], numbered) if same_file_key(path) not in taken)
