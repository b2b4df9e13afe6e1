import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from impasto.core.errors import ImpastoWarning, OutputError, StyleError
from impasto.styles.library import Library
from impasto.styles.package import Style, write_style
from impasto.styles.shelf import add_style, remove_style

MakeStyle = Callable[..., Style]


@pytest.fixture
def library(tmp_path: Path, make_style: MakeStyle) -> Library:
    """A library with the bundled style `scream`, and no user's folder yet."""
    (tmp_path / "bundled").mkdir()
    write_style(make_style(name="scream"), tmp_path / "bundled" / "scream.safetensors")
    return Library([tmp_path / "bundled", tmp_path / "home" / "styles"])


def test_an_added_style_can_be_had(library: Library, make_style: MakeStyle) -> None:
    """The first style that is added makes the folder, and comes back as it was."""
    style = make_style(name="udnie")
    path = add_style(library, style)
    assert path == library.own / "udnie.safetensors"
    found = library.get("udnie")
    assert np.array_equal(found.code, style.code)
    assert (found.preview, found.sources) == (style.preview, style.sources)


def test_nothing_is_overwritten_unasked(library: Library, make_style: MakeStyle) -> None:
    """An own style of the name stays unless the call says otherwise."""
    add_style(library, make_style(name="udnie", title="First"))
    with pytest.raises(StyleError, match="you have a style 'udnie' already"):
        add_style(library, make_style(name="udnie", title="Second"))
    assert library.get("udnie").title == "First"
    add_style(library, make_style(name="udnie", title="Second"), overwrite=True)
    assert library.get("udnie").title == "Second"
    assert [path.name for path in library.own.iterdir()] == ["udnie.safetensors"]


def test_shadowing_is_warned_of_and_undone(library: Library, make_style: MakeStyle) -> None:
    """A style of a bundled one's name stands in front of it, and gone it gives it back."""
    with pytest.warns(ImpastoWarning, match="'scream' now stands in front of the bundled one"):
        add_style(library, make_style(name="scream", title="Mine"))
    remove_style(library, "scream")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert library.get("scream").title == "The Scream"


def test_a_style_for_another_trunk_shadows_nothing(library: Library, make_style: MakeStyle) -> None:
    """The bundled one of its name can be had as before, so there is nothing to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_style(library, make_style(name="scream", title="Mine", trunk_id="1" * 64))
        assert library.get("scream", "0" * 64).title == "The Scream"


@pytest.mark.parametrize("name", ["../up", "Scream", "", "con.txt", "a" * 65])
def test_names_are_checked(library: Library, make_style: MakeStyle, name: str) -> None:
    """A name that is no style name reaches no path."""
    with pytest.raises(StyleError, match="is no style name"):
        add_style(library, make_style(name=name))
    with pytest.raises(StyleError, match="is no style name"):
        remove_style(library, name)


def test_a_style_that_cannot_be_packed_leaves_nothing(
    library: Library, make_style: MakeStyle
) -> None:
    """A code that is not finite is refused, and nothing is left in the folder."""
    with pytest.raises(StyleError, match="cannot be packed"):
        add_style(library, make_style(name="udnie", code=np.full((2, 4), np.nan, np.float32)))
    assert list(library.own.iterdir()) == []


def test_bundled_styles_stay(library: Library) -> None:
    """What came with impasto cannot be removed, and the message says so."""
    with pytest.raises(StyleError, match="'scream' comes with impasto and cannot be removed"):
        remove_style(library, "scream")
    assert library.names() == ["scream"]


def test_an_unknown_style_cannot_be_removed(library: Library) -> None:
    """The nearest name is told."""
    with pytest.raises(StyleError, match="did you mean scream"):
        remove_style(library, "screem")


def test_a_damaged_package_can_be_removed(library: Library) -> None:
    """Removing opens nothing, so what cannot be read can go."""
    library.own.mkdir(parents=True)
    (library.own / "broken.safetensors").write_bytes(b"nothing")
    remove_style(library, "broken")
    assert "broken" not in library.names()


def test_folders_that_cannot_be_written(library: Library, make_style: MakeStyle) -> None:
    """A file in the folder's place, and a folder in the package's, are errors that name it."""
    library.own.parent.mkdir()
    library.own.touch()
    with pytest.raises(OutputError, match="styles"):
        add_style(library, make_style(name="udnie"))
    library.own.unlink()
    (library.own / "udnie.safetensors").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"udnie\.safetensors"):
        add_style(library, make_style(name="udnie"), overwrite=True)
    with pytest.raises(OutputError, match="cannot remove"):
        remove_style(library, "udnie")
