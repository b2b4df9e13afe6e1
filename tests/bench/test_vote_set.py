"""Which pictures of a folder are voted on, and which folders are refused."""

import os
import shutil
from pathlib import Path

import pytest

from impasto.bench.vote_set import MOST_BYTES, read_set
from impasto.core.errors import InputError

from ..votes import METHODS, PHOTOS, STYLES, save_picture, save_votes_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three methods, two styles, two photos."""
    return save_votes_folder(tmp_path)


def test_all_pairs_and_paintings_are_asked_about(folder: Path) -> None:
    """Each pair of methods is compared for each style and photo, and each painting is rated."""
    found = read_set(folder)
    assert found.methods == METHODS
    scenes = len(STYLES) * len(PHOTOS)
    pairs = [question.methods for question in found.questions("compare")]
    assert len(pairs) == 3 * scenes
    assert set(pairs) == {("alpha", "beta"), ("alpha", "gamma"), ("beta", "gamma")}
    assert len(found.questions("rate")) == 3 * scenes


def test_a_missing_painting_is_not_asked_about(folder: Path) -> None:
    """A method that failed on a photo takes part in everything else."""
    (folder / "pictures/beta/scream/coffee.png").unlink()
    found = read_set(folder)
    asked = [q for q in found.questions("compare") if (q.style, q.photo) == ("scream", "coffee")]
    assert [question.methods for question in asked] == [("alpha", "gamma")]
    assert len(found.questions("rate")) == 11


def test_some_methods_only(folder: Path) -> None:
    """Only methods that are named take part; for one that is not there the others are told."""
    assert read_set(folder, ["gamma", "alpha"]).methods == ("alpha", "gamma")
    with pytest.raises(InputError, match=r"no method 'delta'; it has: alpha, beta, gamma"):
        read_set(folder, ["alpha", "delta"])


def test_ids_say_nothing_and_change_with_the_file(folder: Path) -> None:
    """Each picture has an id of its own without its name in it; a new picture gets another."""
    before = read_set(folder).by_id()
    assert len(before) == 2 + 2 + 12
    assert all(len(id) == 16 and set(id) <= set("0123456789abcdef") for id in before)
    path = save_picture(folder / "pictures/alpha/scream/coffee.png", 7, (50, 30))
    os.utime(path, (1, 1))
    assert len(set(before) - set(read_set(folder).by_id())) == 1


def test_other_files_are_passed_over(folder: Path) -> None:
    """Notes, hidden files and results beside the pictures do no harm."""
    for name in ("pictures/notes.txt", "photos/.hidden.png", "pictures/alpha/scream/a.json"):
        (folder / name).write_text("no picture")
    (folder / "pictures/.cache").mkdir()
    assert read_set(folder).methods == METHODS


@pytest.mark.parametrize("gone", ["pictures", "photos", "styles", "photos/coffee.jpg"])
def test_what_is_missing_is_named(folder: Path, gone: str) -> None:
    """A folder without pictures, photos or styles, or without one photo, is one clear line."""
    path = folder / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(InputError, match=Path(gone).stem):
        read_set(folder)


def test_one_method_cannot_be_compared(folder: Path) -> None:
    """A folder where nothing can be compared is refused."""
    with pytest.raises(InputError, match="no two paintings"):
        read_set(folder, ["alpha"])


def test_what_browsers_cannot_show_is_refused(folder: Path) -> None:
    """Content decides and not the name; what is too large is refused unread."""
    path = folder / "pictures/alpha/scream/coffee.png"
    path.write_bytes(b"<svg onload='alert(1)'/>")
    with pytest.raises(InputError, match=r"coffee\.png is no PNG, JPEG, WebP or AVIF"):
        read_set(folder)
    save_picture(path, 1)
    os.truncate(path, MOST_BYTES + 1)
    with pytest.raises(InputError, match=r"coffee\.png has 33554433 bytes"):
        read_set(folder)


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    """`a.png` and `a.jpg` would be one photo."""
    save_picture(folder / "photos/coffee.png", 3)
    with pytest.raises(InputError, match=r"coffee\.png and coffee\.jpg have the same name"):
        read_set(folder)
