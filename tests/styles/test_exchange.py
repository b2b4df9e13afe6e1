import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.core.errors import OutputError, StyleError
from impasto.styles.exchange import read_styles, write_styles
from impasto.styles.package import Style, pack_style, write_style

MakeStyle = Callable[..., Style]


@pytest.fixture
def styles(make_style: MakeStyle) -> list[Style]:
    """Two styles."""
    return [make_style(name="great-wave", title="The Wave"), make_style(name="scream")]


def names(source: Path) -> list[str]:
    """What styles a source gives; errors are raised."""
    found = []
    for _, style in read_styles(source):
        if isinstance(style, StyleError):
            raise style
        found.append(style.name)
    return found


@pytest.mark.parametrize("target", ["all.zip", "folder", "deep/folder"])
def test_styles_travel(styles: list[Style], tmp_path: Path, target: str) -> None:
    """What was written to a folder or a zip file is read from it."""
    write_styles(styles, tmp_path / target)
    assert names(tmp_path / target) == ["great-wave", "scream"]
    read = [style for _, style in read_styles(tmp_path / target)]
    assert [pack_style(one) for one in read if isinstance(one, Style)] == [
        pack_style(one) for one in styles
    ]


def test_one_style_in_a_file(styles: list[Style], tmp_path: Path) -> None:
    """A package is a file of its own under any name, and takes one style only."""
    assert write_styles(styles[:1], tmp_path / "a.safetensors") == [tmp_path / "a.safetensors"]
    assert names(tmp_path / "a.safetensors") == ["great-wave"]
    with pytest.raises(OutputError, match="takes one style, not 2"):
        write_styles(styles, tmp_path / "b.safetensors")


def test_the_same_styles_make_the_same_zip(styles: list[Style], tmp_path: Path) -> None:
    """A zip file says nothing of when it was made."""
    write_styles(styles, tmp_path / "a.zip")
    write_styles(styles, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("target", ["scream.safetensors", "all.zip", "folder"])
def test_nothing_is_overwritten_unasked(styles: list[Style], tmp_path: Path, target: str) -> None:
    """What is there stays, and of a folder's packages none is written then."""
    path = tmp_path / target / "scream.safetensors" if target == "folder" else tmp_path / target
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mine")
    chosen = styles[1:] if target.endswith("safetensors") else styles
    with pytest.raises(OutputError, match="exists already"):
        write_styles(chosen, tmp_path / target)
    assert path.read_bytes() == b"mine"
    assert list(path.parent.iterdir()) == [path]
    write_styles(chosen, tmp_path / target, overwrite=True)
    assert names(tmp_path / target) == [style.name for style in chosen]


def test_bad_packages_do_not_hide_good_ones(styles: list[Style], tmp_path: Path) -> None:
    """Of a folder and of a zip file each package is taken or named by itself."""
    folder = tmp_path / "folder"
    write_styles(styles[:1], folder)
    (folder / "bad.safetensors").write_bytes(b"nothing")
    (folder / "README.txt").touch()
    (folder / "._scream.safetensors").touch()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"styles/{path.name}")
    for source in (folder, tmp_path / "all.zip"):
        bad, good = [style for _, style in read_styles(source)]
        assert isinstance(good, Style)
        assert isinstance(bad, StyleError)
        assert "bad.safetensors: not a usable style package" in str(bad)


def test_names_in_a_zip_lead_nowhere(styles: list[Style], tmp_path: Path) -> None:
    """A style is called what its package says, wherever a zip file wants it to go."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("../../evil.safetensors", pack_style(styles[0]))
        archive.writestr("/etc/\x1b[31m.safetensors", pack_style(styles[1]))
    before = set(tmp_path.parent.rglob("*"))
    assert names(tmp_path / "all.zip") == ["great-wave", "scream"]
    assert set(tmp_path.parent.rglob("*")) == before
    assert all(where.isprintable() for where, _ in read_styles(tmp_path / "all.zip"))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Of a member that unpacks to 100 MB no more is read than a package may have."""
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.safetensors", bytes(100_000_000))
    ((_, found),) = read_styles(tmp_path / "bomb.zip")
    assert isinstance(found, StyleError)
    assert "it is over 56 KB" in str(found)


def test_sources_without_packages_are_named(tmp_path: Path) -> None:
    """A missing source, an empty folder and an empty zip file are errors that name it."""
    (tmp_path / "empty").mkdir()
    zipfile.ZipFile(tmp_path / "empty.zip", "w").close()
    for name in ("missing", "empty", "empty.zip"):
        with pytest.raises(StyleError, match=name):
            names(tmp_path / name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(at=st.integers(0, 2000), byte=st.integers(0, 255))
def test_damaged_zips_give_our_errors(
    make_style: MakeStyle, tmp_path: Path, at: int, byte: int
) -> None:
    """Whatever byte of a zip file is changed, there is a style or an error of ours."""
    path = tmp_path / "all.zip"
    write_styles([make_style()], path, overwrite=True)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data)
    try:
        found = list(read_styles(path))
    except StyleError:
        return
    assert all(isinstance(style, Style | StyleError) for _, style in found)


def test_a_package_may_be_the_largest(make_style: MakeStyle, tmp_path: Path) -> None:
    """A package at the limits is read from a zip file as from its own."""
    preview = b"RIFF\0\0\0\0WEBP" + bytes(24 * 1024 - 12)
    style = make_style(preview=preview)
    write_style(style, tmp_path / "scream.safetensors")
    write_styles([style], tmp_path / "all.zip")
    assert names(tmp_path / "scream.safetensors") == names(tmp_path / "all.zip") == ["scream"]
