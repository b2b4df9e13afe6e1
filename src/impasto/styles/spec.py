"""The style spec: one style by name, or several with weights."""

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from impasto.core.errors import StyleError
from impasto.core.records import short_repr

PHOTO: Final = "photo"
"""Reserved: where this stands for a style, the photo stays as it is."""

NAME_PATTERN: Final = "[a-z0-9][a-z0-9_-]{0,63}"
"""What a style may be called, as a regular expression."""

_NAME = re.compile(NAME_PATTERN, re.ASCII)
_WEIGHT = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class StyleSpec:
    """Style names and their weights, which sum to 1; or `photo` alone: no style at all.

    Raises:
        StyleError: no style, a name or weight that is not allowed, or a name given twice.
    """

    parts: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise StyleError("no style is given: write NAME or NAME:WEIGHT,NAME:WEIGHT")
        for name, weight in self.parts:
            if len(self.parts) > 1 or name != PHOTO:
                check_name(name)
            _check_weight(name, weight)
        _check_distinct(self.names)
        object.__setattr__(self, "parts", _normalised(self.parts))

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order given."""
        return tuple(name for name, _ in self.parts)

    @property
    def is_photo(self) -> bool:
        """Whether this is no style, but the photo as it is."""
        return self.names == (PHOTO,)

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights, in the order given; they sum to 1."""
        return tuple(weight for _, weight in self.parts)

    def __str__(self) -> str:
        if len(self.parts) == 1:
            return self.names[0]
        return ",".join(f"{name}:{weight:.4g}" for name, weight in self.parts)


def parse_spec(text: str) -> StyleSpec:
    """Read `NAME`, `NAME:WEIGHT,NAME:WEIGHT` or `photo`; spaces around the pieces do not matter.

    Raises:
        StyleError: the text is neither, with the piece that was wrong.
    """
    if ":" not in text and "," not in text:
        return StyleSpec(((text.strip(), 1.0),))
    return StyleSpec(tuple(_parse_part(part.strip(), text) for part in text.split(",")))


def is_name(text: str) -> bool:
    """Whether a model may be called this, and a style, unless the name is reserved."""
    return _NAME.fullmatch(text) is not None


def is_style_name(text: str) -> bool:
    """Whether a style may be called this."""
    return is_name(text) and text != PHOTO


def check_name(text: str) -> None:
    """Raise StyleError unless a style may be called this."""
    if not is_name(text):
        raise StyleError(
            f"{short_repr(text)} is no style name: use a-z, 0-9, _ and -, at most 64, "
            "starting with a letter or digit"
        )
    if text == PHOTO:
        raise StyleError(
            f"{PHOTO!r} stands for the photo itself: it is no style, and cannot be mixed with one"
        )


def _parse_part(part: str, whole: str) -> tuple[str, float]:
    name, colon, weight = part.partition(":")
    if not colon:
        problem = f"{short_repr(part)} has no weight"
    elif not _WEIGHT.fullmatch(weight.strip()):
        problem = f"the weight {short_repr(weight)} is not a positive number"
    else:
        return name.strip(), float(weight)
    raise StyleError(
        f"bad style {short_repr(whole)}: {problem}; write NAME or NAME:WEIGHT,NAME:WEIGHT"
    )


def _check_weight(name: str, weight: float) -> None:
    if not math.isfinite(weight) or weight <= 0.0:
        raise StyleError(f"the weight of style {name!r} is {weight!r}: it must be above 0")


def _check_distinct(names: tuple[str, ...]) -> None:
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise StyleError(f"style {name!r} is given {count} times: add its weights together")


def _normalised(parts: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    # By the largest first: a sum of weights near the largest float would be infinite.
    largest = max(weight for _, weight in parts)
    total = sum(weight / largest for _, weight in parts)
    return tuple((name, weight / largest / total) for name, weight in parts)
