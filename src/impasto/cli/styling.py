"""What --style means, and what it adds to the name of a result."""

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
    return style_suffix(getattr(style, "name", None) or str(style))
