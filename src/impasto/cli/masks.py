"""The option --mask: a style and the picture that says where it is painted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.cli.styling import mark_of, named, parse_style
from impasto.core.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from impasto.core.arrays import Alpha
    from impasto.engine.looks import StyleLike
    from impasto.media.image import ReadLimits
    from impasto.styles.package import Style
    from impasto.styles.spec import StyleSpec


@dataclass(frozen=True, eq=False)
class StyleMask:
    """A style and where it is painted."""

    text: str
    """The style as it was given."""
    style: "Style | StyleSpec"
    path: Path
    mask: "Alpha"


@dataclass(frozen=True, eq=False)
class MaskOptions:
    """All masks of a call, the lowest first."""

    masks: tuple[StyleMask, ...] = ()
    feather: float = 0.0

    @property
    def pairs(self) -> "list[tuple[StyleLike, Alpha]]":
        """As a painter takes them."""
        return [(each.style, each.mask) for each in self.masks]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, which no result may replace."""
        return tuple(each.path for each in self.masks)

    @property
    def mark(self) -> str:
        """What they add to the name of a result, behind that of the style."""
        marks = dict.fromkeys(mark_of(each.style) for each in self.masks)
        return "".join(f"+{mark[1:]}" for mark in marks)

    @property
    def record(self) -> dict[str, str]:
        """What the metadata of a painting tells of them: no folders, which are private."""
        if not self.masks:
            return {}
        masks = "; ".join(f"{named(each.style)}={each.path.name}" for each in self.masks)
        return {"masks": masks, "feather": f"{self.feather:g}"}

    @property
    def facts(self) -> dict[str, object]:
        """What --json tells of them."""
        masks = [{"style": each.text, "file": str(each.path)} for each in self.masks]
        return {"masks": masks, "feather": self.feather}


def read_masks(
    texts: Sequence[str] | None, feather: float | None, limits: "ReadLimits"
) -> MaskOptions:
    """Read what --mask and --feather name.

    Raises:
        SettingsError: an option is badly written, a file is no picture, or there is a feather and
            no mask.
        StyleError: what stands before the `=` is no style spec.
    """
    if not texts:
        if feather is not None:
            raise SettingsError("--feather softens the edges of masks: give a --mask, too")
        return MaskOptions()
    return MaskOptions(tuple(_read(text, limits) for text in texts), feather or 0.0)


def _read(text: str, limits: "ReadLimits") -> StyleMask:
    from impasto.engine.images import to_mask
    from impasto.media.image import read_image

    spec, _, name = (part.strip() for part in text.partition("="))
    if not spec or not name:
        raise SettingsError(f"--mask {text!r} has no style and file: write --mask udnie=mask.png")
    style = parse_style(spec)
    try:
        mask = to_mask(read_image(Path(name), limits))
    except ImageError as error:
        raise SettingsError(f"--mask {text}: {error}") from error
    return StyleMask(spec, style, Path(name), mask)
