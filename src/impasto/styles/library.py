"""The library: the bundled style packages, and the user's own in front of them."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from impasto.core.errors import StyleError
from impasto.core.files import BUNDLED_DATA, data_home, reason, shown
from impasto.core.notice import warn
from impasto.core.records import short_repr
from impasto.styles.package import SUFFIX, Style, read_style
from impasto.styles.spec import check_name, is_style_name

BUNDLED = BUNDLED_DATA / "styles"


class Library:
    """The style packages of some folders; a later folder's package shadows an earlier one's.

    Packages of one name that are made for different trunks are different styles: which of them is
    meant is said by a trunk id, and neither shadows the other. Folders are listed on every call,
    so a package that is added or replaced is seen at once.

    Args:
        folders: lowest precedence first; a missing folder counts as empty. By default the
            bundled styles, then the folder `styles` of the user's data.
    """

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self.folders = tuple(folders) if folders is not None else (BUNDLED, data_home() / "styles")

    @property
    def own(self) -> Path:
        """The folder of highest precedence, where the user's own packages go; it may be missing."""
        return self.folders[-1]

    def names(self) -> list[str]:
        """The names of all packages, sorted; damaged ones are among them, as none is opened."""
        return sorted(self._paths())

    def get(self, name: str, trunk_id: str | None = None) -> Style:
        """Read one style: the last package of its name that is made for a trunk.

        Where none is made for it, the last of all is read, so callers check what they paint.

        Args:
            name: of the style.
            trunk_id: the trunk; None takes the last package, whatever it is made for.

        Raises:
            StyleError: there is no such style (the message names the nearest), or its package
                is damaged.
        """
        return _read_named(name, self.choose(name, trunk_id))

    def choose(self, name: str, trunk_id: str | None = None) -> list[Path]:
        """The packages that `get` chooses from: it reads the last, which shadows the others.

        Raises:
            StyleError: there is no such style; the message names the nearest.
        """
        return _made_for(trunk_id, self.find(name))

    def find(self, name: str) -> list[Path]:
        """All packages of a name, which are not opened.

        Raises:
            StyleError: there is no such style; the message names the nearest.
        """
        check_name(name)
        found = self._paths()
        if name not in found:
            self.raise_unknown(name, sorted(found))
        return found[name]

    def styles(self, trunk_id: str | None = None) -> list[Style]:
        """Read all styles, sorted by name, each as `get` does.

        A damaged package is left out with a warning.
        """
        styles = []
        for name, paths in sorted(self._paths().items()):
            try:
                styles.append(_read_named(name, _made_for(trunk_id, paths)))
            except StyleError as error:
                warn(f"style {name!r} is left out: {error}")
        return styles

    def _paths(self) -> dict[str, list[Path]]:
        paths: dict[str, list[Path]] = {}
        for folder in self.folders:
            for path in _packages(folder):
                paths.setdefault(path.stem, []).append(path)
        return paths

    def raise_unknown(self, name: str, names: Sequence[str]) -> NoReturn:
        """Raise the StyleError for a name that is not among these."""
        raise StyleError(self._unknown(name, names))

    def _unknown(self, name: str, names: Sequence[str]) -> str:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        if near:
            return f"no style {name!r}: did you mean {' or '.join(near)}?"
        if names:
            return f"no style {name!r}: there are {', '.join(names[:20])}"
        return f"no style {name!r}: no styles are installed in {self.folders[-1]}"


def _packages(folder: Path) -> list[Path]:
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        warn(f"cannot list the styles in {shown(folder)}: {reason(error)}")
        return []
    packages = [path for path in entries if path.suffix == SUFFIX]
    for path in packages:
        if not is_style_name(path.stem):
            warn(f"{shown(path)}: ignored, as {short_repr(path.stem)} is no style name")
    return [path for path in packages if is_style_name(path.stem)]


def _made_for(trunk_id: str | None, paths: list[Path]) -> list[Path]:
    """Those packages of a name that are made for a trunk (None: the last one's), or the last.

    A single one is not opened. A damaged one is kept: it is to be complained of, not passed over.
    """
    if len(paths) == 1:
        return paths
    trunks = [_trunk_of(path) for path in paths]
    wanted = (trunk_id or trunks[-1], None)
    fitting = [path for path, trunk in zip(paths, trunks, strict=True) if trunk in wanted]
    return fitting or paths[-1:]


def _trunk_of(path: Path) -> str | None:
    try:
        return read_style(path).trunk_id
    except StyleError:
        return None


def _read_named(name: str, paths: Sequence[Path]) -> Style:
    """Read the last of the packages of a name, and warn if it shadows another one."""
    path = paths[-1]
    if len(paths) > 1:
        warn(f"style {name!r} comes from {path}, not from {paths[-2]}")
    style = read_style(path)
    check_file_name(style, path)
    return style


def check_file_name(style: Style, path: Path) -> None:
    """Raise `StyleError` if a package has not the name of the style that it holds."""
    if style.name != path.stem:
        raise StyleError(f"{shown(path)}: holds the style {style.name!r}: name the file after it")
