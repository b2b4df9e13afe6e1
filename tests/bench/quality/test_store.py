"""Raw results: found again after a kill, and never mixed with those of another set-up."""

import json
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from impasto.bench.quality.store import RESULTS, Store, read_results
from impasto.core.errors import InputError

SETUP = {"photos": ("a", "b"), "lined": (), "size": 128, "crops": 6, "features": "tiny"}


def painting(photo: str, seconds: float = 1.0) -> dict[str, object]:
    """A record with a key of its own."""
    of = {"method": "wct", "version": "1", "style": "scream", "strength": 1}
    marks = {"error": None, "marks": None}
    return {"kind": "painting", **of, "photo": photo, "seconds": seconds, **marks}


def key(photo: str) -> dict[str, object]:
    """What `painting` is found by."""
    names = ("kind", "method", "version", "style", "strength", "photo")
    return {name: each for name, each in painting(photo).items() if name in names}


def test_records_are_found_by_a_later_call(tmp_path: Path) -> None:
    """What was added is found by exactly its key, of two with one key the last."""
    store = Store(tmp_path, SETUP)
    store.add(painting("a"))
    store.add(painting("a", 2.0))
    again = Store(tmp_path, SETUP)
    found = again.find(**key("a"))
    assert found is not None
    assert found["seconds"] == 2.0
    assert again.find(kind="painting", method="wct") is None
    assert len(read_results(tmp_path)) == 2


def test_a_line_that_a_kill_cut_off(tmp_path: Path) -> None:
    """Half a line is passed over, and what is added afterwards is whole."""
    Store(tmp_path, SETUP).add(painting("a"))
    with (tmp_path / RESULTS).open("a") as file:
        file.write('{"kind": "painting", "method": "w')
    store = Store(tmp_path, SETUP)
    store.add(painting("b"))
    assert [each.get("photo") for each in read_results(tmp_path)] == [None, "a", "b"]


@pytest.mark.parametrize("size", [1, 5, 30, 200])
def test_a_first_line_that_a_kill_cut_off(tmp_path: Path, size: int) -> None:
    """A folder with the beginning of a first line is as one without results, and is gone on in."""
    Store(tmp_path, {**SETUP, "contents": ["x" * 200]})
    path = tmp_path / RESULTS
    path.write_bytes(path.read_bytes()[:size])
    assert read_results(tmp_path) == []
    Store(tmp_path, SETUP).add(painting("a"))
    assert [each.get("photo") for each in read_results(tmp_path)] == [None, "a"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (7, "7 is no record"),
        ({"method": "wct"}, "no record"),
        ({"kind": "method", "method": "wct"}, "a record of kind 'method' has no 'version'"),
        ({**painting("a"), "strength": "full"}, "has 'full' for 'strength'"),
        ({**painting("a"), "strength": True}, "has True for 'strength'"),
        ({**painting("a"), "photo": ["a"]}, "has ['a'] for 'photo'"),
        ({**painting("a"), "marks": {"style": "low"}}, "for 'marks'"),
        ({**painting("a"), "photos": ["a"]}, "has ['a'] for 'photos'"),
        ({"kind": "machine", "system": "Linux", "cores": 2}, "has no 'memory_bytes'"),
        ({"kind": "later", "method": {}}, "has {} for 'method'"),
        ({"kind": "setup", "format_version": 2, **SETUP, "photos": [1]}, "for 'photos'"),
    ],
)
def test_a_line_that_is_no_result(tmp_path: Path, line: object, told: str) -> None:
    """Whole lines of a wrong type, or with a key missing, are named by number and value."""
    Store(tmp_path, SETUP)
    with (tmp_path / RESULTS).open("a") as file:
        file.write(json.dumps(line) + "\n")
    with pytest.raises(InputError, match=r"results\.jsonl, line 2: ") as refused:
        read_results(tmp_path)
    assert told in str(refused.value)


def test_what_a_later_program_adds_is_let_through(tmp_path: Path) -> None:
    """Kinds and keys that this program does not know are kept, and are no error."""
    store = Store(tmp_path, SETUP)
    store.add({"kind": "later", "method": "wct", "tables": [1, {}]})
    store.add({**painting("a"), "mood": ["calm"]})
    assert len(read_results(tmp_path)) == 3


def test_another_set_up_is_refused(tmp_path: Path) -> None:
    """Other photos or another size are named, and nothing is written."""
    Store(tmp_path, SETUP)
    before = (tmp_path / RESULTS).read_text()
    with pytest.raises(InputError, match="other size"):
        Store(tmp_path, {**SETUP, "size": 256})
    assert (tmp_path / RESULTS).read_text() == before


@example("[" * 100_000)
@given(st.text(max_size=40))
def test_a_file_of_something_else(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Any other text is an error that names the file, or no results where it is empty."""
    folder = tmp_path_factory.mktemp("other")
    assume(not '{"kind": "setup"'.startswith(text) or not text)
    (folder / RESULTS).write_text(text, encoding="utf-8")
    if text.splitlines():
        with pytest.raises(InputError, match=r"results\.jsonl"):
            read_results(folder)
    else:
        assert read_results(folder) == []


def test_a_record_with_other_values_is_none_that_was_looked_for(tmp_path: Path) -> None:
    """Values beside the key are compared, as they are read back, and do not tell records apart."""
    store = Store(tmp_path, SETUP)
    store.add({**painting("a"), "picture": "1", "of": ("a", "b")})
    assert store.find(**key("a"), picture="1", of=("a", "b")) is not None
    assert store.find(**key("a"), picture="2") is None
    store.add({**painting("a"), "picture": "2"})
    assert store.find(**key("a"), picture="1") is None
    assert len(read_results(tmp_path)) == 2


def test_results_of_an_older_version_are_only_read(tmp_path: Path) -> None:
    """A report can be made of them; what they were made from nobody knows, so none is added."""
    line = {"kind": "setup", "format_version": 1, **SETUP}
    (tmp_path / RESULTS).write_text(json.dumps(line) + "\n")
    assert len(read_results(tmp_path)) == 1
    with pytest.raises(InputError, match="older version"):
        Store(tmp_path, SETUP)
