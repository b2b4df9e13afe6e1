"""Finding the pictures below a folder."""

import os
from pathlib import Path

import pytest

from impasto.cli.walk import pictures_below


def names(top: Path, leave_out: Path | None = None) -> list[str]:
    """What is found below `top`, relative to it."""
    return [p.relative_to(top).as_posix() for p in pictures_below(top, leave_out).pictures]


def test_only_pictures_in_a_fixed_order(tmp_path: Path) -> None:
    """Pictures are told by their suffix in any case, and come sorted, folder by folder."""
    for name in ["b.PNG", "a.jpg", "notes.txt", "noext", "Thumbs.db"]:
        (tmp_path / name).touch()
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "c.webp").touch()
    assert names(tmp_path) == ["a.jpg", "b.PNG", "below/c.webp"]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    """Nothing whose name starts with a dot is painted."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.jpg").touch()
    (tmp_path / "._a.jpg").touch()
    assert names(tmp_path) == []


def test_what_cannot_be_looked_at_stays_in(tmp_path: Path) -> None:
    """A file whose kind cannot be told is left to be named when it is read; the rest is found."""
    (tmp_path / "a.jpg").symlink_to("x" * 300)
    (tmp_path / "b.jpg").touch()
    assert names(tmp_path) == ["a.jpg", "b.jpg"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    """A link that leads back up does not make the walk endless; a link to a file is a file."""
    (tmp_path / "a.jpg").touch()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    assert names(tmp_path) == ["a.jpg", "b.jpg"]


def test_a_broken_link_stays_in(tmp_path: Path) -> None:
    """A link that leads nowhere is an input that will be named as missing."""
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    assert names(tmp_path) == ["gone.jpg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_passed_over(tmp_path: Path) -> None:
    """A pipe called like a picture would block the whole call."""
    os.mkfifo(tmp_path / "pipe.jpg")
    assert names(tmp_path) == []


def test_the_output_folder_is_left_out(tmp_path: Path) -> None:
    """Results of an earlier call inside the input are not painted again."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").touch()
    assert names(tmp_path, leave_out=tmp_path / "out") == []


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    """The reason why a folder could not be read is kept."""
    ((folder, reason),) = pictures_below(tmp_path / "gone").unreadable
    assert folder == tmp_path / "gone"
    assert "No such file" in reason
