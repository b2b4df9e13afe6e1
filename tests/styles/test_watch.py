"""Styles as a server holds them."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto.core.errors import StyleError
from impasto.styles.library import Library
from impasto.styles.package import Style, write_style
from impasto.styles.watch import changes, read_shelf

STYLE = Style("one", "One", "A", None, "CC0", "0" * 64, np.ones((2, 4), np.float32))


def accept(style: Style) -> None:
    """Any style will do."""


def put(folder: Path, style: Style) -> Path:
    """Write a style where the library finds it."""
    path = folder / f"{style.name}.safetensors"
    write_style(style, path)
    return path


def test_a_shelf_holds_styles_and_their_versions(tmp_path: Path) -> None:
    """The version is that of the file's bytes, and a later folder stands in front."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    put(first, STYLE)
    path = put(second, replace(STYLE, title="Mine"))
    shelf = read_shelf(Library([first, second]), accept)
    assert shelf.get("one").title == "Mine"
    assert shelf.held("one").version == hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert shelf.names() == ["one"]
    assert [style.title for style in shelf.styles()] == ["Mine"]
    with pytest.raises(StyleError, match="did you mean one"):
        shelf.get("onn")


def test_a_shelf_holds_the_styles_of_a_trunk(tmp_path: Path) -> None:
    """Of packages of one name the trunk's is held, and whether it is the user's own is told."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    put(first, STYLE)
    put(second, replace(STYLE, title="Mine", trunk_id="1" * 64))
    library = Library([first, second])
    for digit, title, is_own in (("0", "One", False), ("1", "Mine", True)):
        shelf = read_shelf(library, accept, trunk_id=digit * 64)
        assert shelf.get("one", digit * 64).title == title
        assert shelf.held("one").is_own is is_own


def test_a_shelf_never_changes(tmp_path: Path) -> None:
    """What happens to the files later is seen by the next shelf only."""
    path = put(tmp_path, STYLE)
    library = Library([tmp_path])
    before = read_shelf(library, accept)
    write_style(replace(STYLE, title="Changed"), path)
    after = read_shelf(library, accept, before)
    path.unlink()
    assert (before.get("one").title, after.get("one").title) == ("One", "Changed")
    assert read_shelf(library, accept, after).names() == []


def test_what_cannot_be_used_is_named_and_the_old_one_stays(tmp_path: Path) -> None:
    """Damaged, misnamed and refused packages are told; a version that was held is held on."""
    path = put(tmp_path, STYLE)
    library = Library([tmp_path])
    before = read_shelf(library, accept)
    path.write_bytes(b"damaged")
    (tmp_path / "other.safetensors").write_bytes(
        put(tmp_path, replace(STYLE, name="x")).read_bytes()
    )
    (tmp_path / "folder.safetensors").mkdir()

    def refuse(style: Style) -> None:
        raise StyleError(f"not {style.name}")

    after = read_shelf(library, refuse, before)
    assert after.names() == ["one"]
    assert after.held("one") is before.held("one")
    assert after.broken.keys() == {"one", "other", "x", "folder"}
    assert after.broken["x"] == "not x"
    assert "name the file after it" in after.broken["other"]
    assert read_shelf(library, accept).names() == ["x"]


def test_changes_are_told_until_the_end(tmp_path: Path) -> None:
    """A package that is written into a folder that was missing is told; then the watch ends."""
    pytest.importorskip("watchfiles")
    folder = tmp_path / "missing" / "styles"

    async def run() -> int:
        stop, told = asyncio.Event(), 0

        async def write() -> None:
            while not told:
                await asyncio.sleep(0.05)
                if folder.is_dir():
                    await asyncio.to_thread(put, folder, STYLE)

        writing = asyncio.ensure_future(write())
        async for _ in changes(Library([folder]), stop):
            told += 1
            stop.set()
        await writing
        return told

    assert asyncio.run(asyncio.wait_for(run(), 60)) >= 1
