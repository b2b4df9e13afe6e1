"""Styles as a server holds them."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto.core.errors import ImpastoWarning, StyleError
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


def test_behind_a_broken_package_is_the_next_one(tmp_path: Path) -> None:
    """Where nothing was held, one that it stood in front of is, if it is made for the trunk."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    put(first, STYLE)
    (second / "one.safetensors").write_bytes(b"damaged")
    library = Library([first, second])
    shelf = read_shelf(library, accept, trunk_id="0" * 64)
    assert (shelf.get("one").title, shelf.held("one").is_own) == ("One", False)
    assert "not a usable style package" in shelf.broken["one"]
    other = read_shelf(library, accept, trunk_id="1" * 64)
    assert (other.names(), list(other.broken)) == ([], ["one"])
    put(second, replace(STYLE, title="Mine"))
    mended = read_shelf(library, accept, shelf, "0" * 64)
    assert (mended.get("one").title, mended.broken) == ("Mine", {})


Step = tuple[Callable[[], object], list[str]]
"""What is done, and the names of the packages that are then there."""


def follow(folder: Path, *steps: Step) -> list[list[str]]:
    """Do one step after the other, each when the one before was told; what was there each time."""

    async def run() -> list[list[str]]:
        stop, library = asyncio.Event(), Library([folder])
        wanted, left, told = library.names(), list(steps), []
        async for _ in changes(library, stop):
            if library.names() != wanted:
                continue
            told.append(wanted)
            if not left:
                stop.set()
                continue
            act, wanted = left.pop(0)
            asyncio.get_running_loop().call_later(0.1, act)
        return told

    return asyncio.run(asyncio.wait_for(run(), 60))


def test_changes_are_told_until_the_end(tmp_path: Path) -> None:
    """The first is told at once, then each package that comes into a folder that was missing."""
    pytest.importorskip("watchfiles")
    folder = tmp_path / "missing" / "styles"
    told = follow(
        folder,
        (lambda: put(folder, STYLE), ["one"]),
        (lambda: put(folder, replace(STYLE, name="two")), ["one", "two"]),
    )
    assert told == [[], ["one"], ["one", "two"]]


def test_a_folder_may_be_replaced(tmp_path: Path) -> None:
    """Another folder in its place, one that is gone, and a link that leads elsewhere are seen."""
    pytest.importorskip("watchfiles")
    folder = tmp_path / "styles"
    for name in ("two", "three", "four"):
        (tmp_path / name).mkdir()
        put(tmp_path / name, replace(STYLE, name=name))

    def point(name: str) -> None:
        (tmp_path / "link").symlink_to(tmp_path / name)
        (tmp_path / "link").replace(folder)

    told = follow(
        folder,
        (lambda: put(folder, STYLE), ["one"]),
        (lambda: (folder.rename(tmp_path / "old"), (tmp_path / "two").rename(folder)), ["two"]),
        (lambda: shutil.rmtree(folder), []),
        (lambda: point("three"), ["three"]),
        (lambda: point("four"), ["four"]),
    )
    assert told == [[], ["one"], ["two"], [], ["three"], ["four"]]


@contextmanager
def few_files(free: int) -> Iterator[None]:
    """Let this process open so many files more while the block runs."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[1]), before[1]))
    opened: list[int] = []
    try:
        with suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(free):
            os.close(opened.pop())
        yield
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_cannot_be_watched_is_looked_at(tmp_path: Path) -> None:
    """Where the system has nothing left to watch with, changes are seen all the same: a warning."""
    pytest.importorskip("watchfiles")
    path = tmp_path / "two.safetensors"
    follow(tmp_path, (lambda: put(tmp_path, replace(STYLE, name="two")), ["two"]))
    # A loop takes three files, and a watch would take three more.
    with few_files(5), pytest.warns(ImpastoWarning, match="not watched: .*Too many open files"):
        follow(tmp_path, (lambda: put(tmp_path, STYLE), ["one", "two"]), (path.unlink, ["one"]))


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    """Nobody would learn of a change where a file has taken its place."""
    (tmp_path / "styles").touch()
    told = changes(Library([tmp_path / "styles"]), asyncio.Event())
    with pytest.raises(NotADirectoryError):
        asyncio.run(anext(told))  # type: ignore[arg-type]
