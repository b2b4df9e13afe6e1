import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from impasto.core.errors import ImpastoWarning, StyleError
from impasto.styles.library import BUNDLED, Library
from impasto.styles.package import Style, read_style, write_style
from impasto.styles.shelf import add_style

MakeStyle = Callable[..., Style]


@pytest.fixture
def library(tmp_path: Path, make_style: MakeStyle) -> Library:
    """A library of a bundled folder with two styles and an empty user's folder."""
    (tmp_path / "bundled").mkdir()
    (tmp_path / "user").mkdir()
    for name in ("scream", "great-wave"):
        write_style(make_style(name=name), tmp_path / "bundled" / f"{name}.safetensors")
    return Library([tmp_path / "bundled", tmp_path / "user"])


def test_styles_are_listed_by_name(library: Library) -> None:
    """All packages are listed, sorted by name."""
    assert library.names() == ["great-wave", "scream"]
    assert [style.name for style in library.styles()] == ["great-wave", "scream"]
    assert library.get("scream").title == "The Scream"


def test_an_added_style_is_seen_at_once(library: Library, make_style: MakeStyle) -> None:
    """A package that is put into the user's folder needs no new library."""
    write_style(make_style(name="udnie"), library.folders[1] / "udnie.safetensors")
    assert library.get("udnie").name == "udnie"
    assert library.names() == ["great-wave", "scream", "udnie"]


def test_a_users_style_shadows_the_bundled_one(library: Library, make_style: MakeStyle) -> None:
    """The user's package of the same name is taken, with a warning that says so."""
    write_style(make_style(title="Mine"), library.folders[1] / "scream.safetensors")
    with pytest.warns(ImpastoWarning, match="'scream' comes from"):
        assert library.get("scream").title == "Mine"
    assert library.names() == ["great-wave", "scream"]


def test_each_trunk_has_its_own_style_of_a_name(library: Library, make_style: MakeStyle) -> None:
    """A trunk gets the last package made for it, and packages for other trunks shadow nothing."""
    other = make_style(title="Other", trunk_id="1" * 64)
    write_style(other, library.folders[1] / "scream.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert library.get("scream", "0" * 64).title == "The Scream"
        assert library.get("scream", "1" * 64).title == "Other"
        assert library.get("scream", "2" * 64).title == "Other"
        assert library.get("scream").title == "Other"
        titles = [style.title for style in library.styles("0" * 64)]
    assert titles == ["The Scream", "The Scream"]
    assert len(library.find("scream")) == 2


def test_a_damaged_package_is_not_passed_over(library: Library) -> None:
    """Nobody knows which trunk it was made for, so it is an error whichever is asked for."""
    (library.folders[1] / "scream.safetensors").write_bytes(b"not tensors")
    for trunk_id in ("0" * 64, "1" * 64):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(StyleError, match="not a usable style package"):
                library.get("scream", trunk_id)


def test_one_package_of_a_name_is_opened_once(
    library: Library, make_style: MakeStyle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where a name has several packages are they opened to choose, and no others."""
    opened: list[str] = []

    def read(path: Path) -> Style:
        opened.append(path.parent.name)
        return read_style(path)

    monkeypatch.setattr("impasto.styles.library.read_style", read)
    library.get("scream", "0" * 64)
    assert opened == ["bundled"]
    other = make_style(name="great-wave", trunk_id="1" * 64)
    write_style(other, library.folders[1] / "great-wave.safetensors")
    opened.clear()
    library.get("great-wave", "0" * 64)
    assert opened == ["bundled", "user", "bundled"]


def test_an_unknown_style_names_the_nearest(library: Library) -> None:
    """A typing error is answered with what was probably meant."""
    with pytest.raises(StyleError, match="no style 'scram': did you mean scream"):
        library.get("scram")
    with pytest.raises(StyleError, match="there are great-wave, scream"):
        library.get("zzz")


def test_no_style_is_called_photo(library: Library, make_style: MakeStyle) -> None:
    """The word for the photo itself names no style, even where a file is called so."""
    (library.folders[0] / "scream.safetensors").rename(library.folders[1] / "photo.safetensors")
    with pytest.warns(ImpastoWarning, match="'photo' is no style name"):
        assert library.names() == ["great-wave"]
    with pytest.raises(StyleError, match="'photo' stands for the photo itself"):
        library.get("photo")
    with pytest.raises(StyleError, match="'photo' stands for the photo itself"):
        add_style(library, make_style(name="photo"))
    with pytest.raises(StyleError, match="'photo' is not allowed as a style name"):
        write_style(make_style(name="photo"), library.folders[1] / "other.safetensors")


def test_a_name_never_becomes_a_path(library: Library) -> None:
    """A name with a path in it is refused as a name."""
    for name in ("../bundled/scream", "scream.safetensors", "", "con:", "a\0b"):
        with pytest.raises(StyleError, match="no style name"):
            library.get(name)


def test_a_damaged_package_does_not_break_the_others(library: Library) -> None:
    """It is left out of the list with a warning, and is an error only when asked for."""
    (library.folders[1] / "broken.safetensors").write_bytes(b"not tensors")
    with pytest.warns(ImpastoWarning, match="'broken' is left out"):
        assert [style.name for style in library.styles()] == ["great-wave", "scream"]
    assert library.get("scream").name == "scream"
    with pytest.raises(StyleError, match=r"broken\.safetensors: not a usable"):
        library.get("broken")


def test_a_package_under_another_name_is_refused(library: Library, make_style: MakeStyle) -> None:
    """A file's name must be the style's, or two names would mean one style."""
    write_style(make_style(name="udnie"), library.folders[1] / "other.safetensors")
    with pytest.raises(StyleError, match="holds the style 'udnie'"):
        library.get("other")


def test_a_file_that_cannot_be_a_style_is_ignored(library: Library, make_style: MakeStyle) -> None:
    """Other files are passed over; a package with a name that is not allowed, with a warning."""
    (library.folders[1] / "notes.txt").write_text("mine")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert library.names() == ["great-wave", "scream"]
    write_style(make_style(), library.folders[1] / "My Style.safetensors")
    with pytest.warns(ImpastoWarning, match="ignored"):
        assert library.names() == ["great-wave", "scream"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_a_folder_that_cannot_be_listed_is_a_warning(library: Library) -> None:
    """The other folder's styles are still there."""
    library.folders[1].chmod(0)
    try:
        with pytest.warns(ImpastoWarning, match="cannot list"):
            assert library.names() == ["great-wave", "scream"]
    finally:
        library.folders[1].chmod(0o700)


def test_the_default_folders_are_bundled_then_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IMPASTO_HOME moves the user's folder, and missing folders count as empty."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path))
    assert Library().folders == (BUNDLED, tmp_path / "styles")
    assert Library([tmp_path / "none"]).names() == []
    with pytest.raises(StyleError, match="no styles are installed"):
        Library([tmp_path / "none"]).get("scream")
