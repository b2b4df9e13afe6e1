from pathlib import Path

import pytest

from impasto.core.errors import InputError
from impasto.lab.sidecar import Facts, read_sidecar

PICTURES = {"a.png", "below/b.png"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for a table."""
    return tmp_path


def test_no_table_is_no_facts(folder: Path) -> None:
    """The table may be left out."""
    assert read_sidecar(folder, PICTURES) == {}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_of_a_spreadsheet(folder: Path, mark: str) -> None:
    """Quotes, empty values, empty lines, Windows line ends and a byte order mark are all read."""
    text = (
        f"{mark}file,artist,medium,subject,licence,source\r\n"
        '"a.png","Munch, E.",oil,people,CC0,Oslo\r\n'
        ",,,,\r\nbelow/b.png,,,still life\r\n"
    )
    (folder / "pictures.csv").write_bytes(text.encode())
    assert read_sidecar(folder, PICTURES) == {
        "a.png": Facts("Munch, E.", "oil", "people", "CC0", "Oslo"),
        "below/b.png": Facts(subject="still life"),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "first line is a bad first line"),
        ("artist\nMunch\n", "first line"),
        ("file,file\na.png,a.png\n", "first line"),
        ("file,painter\na.png,Munch\n", r"unknown columns \['painter'\]"),
        ("file;artist\na.png;Munch\n", "with commas between them"),
        ("file,medium\na.png,acrylic\n", "line 2 has the medium 'acrylic': it may be one of oil"),
        ("file,subject\na.png,oil\n", "line 2 has the subject 'oil'"),
        ("file\na.png\na.png\n", "line 3 names 'a.png' twice"),
        ("file\nc.png\n", "line 2 names 'c.png' and there is no such picture"),
        ("file\n./a.png\n", "line 2 names './a.png' and there is no such picture"),
        ("file,artist\n,Munch\n", "line 2 names '' and there is no such picture"),
        ("file,artist\na.png,Munch,1893\n", "line 2 has 3 values for 2 columns"),
        ("file,artist\na.png,\x1b[31m\n", "unprintable"),
        ('file,artist\na.png,"Munch\n', "cannot use"),
    ],
)
def test_a_bad_table_is_refused(folder: Path, text: str, problem: str) -> None:
    """Unknown columns and values, missing files and broken lines are told with their line."""
    (folder / "pictures.csv").write_text(text)
    with pytest.raises(InputError, match=problem) as caught:
        read_sidecar(folder, PICTURES)
    assert "pictures.csv" in str(caught.value)


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    """A table in another encoding is an error that names it."""
    (folder / "pictures.csv").write_bytes(b"file,artist\na.png,Mu\xf1ch\n")
    with pytest.raises(InputError, match=r"pictures\.csv"):
        read_sidecar(folder, PICTURES)
