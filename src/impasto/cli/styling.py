"""What --style means, and what it adds to the name of a result."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from impasto.cli.names import style_suffix

if TYPE_CHECKING:
    from impasto.styles.package import Style
    from impasto.styles.spec import StyleSpec


def parse_style(text: str) -> "Style | StyleSpec":
    """The style that --style means: a package when it ends like one, else a style spec."""
    from impasto.styles.package import SUFFIX, read_style
    from impasto.styles.spec import parse_spec

    return read_style(text) if text.endswith(SUFFIX) else parse_spec(text)


def mark_of(style: "Style | StyleSpec") -> str:
    """What a style adds to the name of a result."""
    return style_suffix(named(style))


def mark_over_time(styles: "Iterable[Style | StyleSpec]") -> str:
    """What styles that follow each other add to the name of a result."""
    return "." + "-to-".join(mark_of(style)[1:] for style in styles)


def named(style: "Style | StyleSpec") -> str:
    """A style in a word, without the folder of its file."""
    return getattr(style, "name", None) or str(style)
