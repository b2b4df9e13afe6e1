import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from impasto.core.errors import OutputError, StyleError
from impasto.styles.package import MAX_BYTES, MAX_PREVIEW_BYTES, Style, read_style, write_style

MakeStyle = Callable[..., Style]
CODE = np.ones((2, 4), np.float16)


def record(**changes: Any) -> dict[str, Any]:
    """A complete record; None as a change removes the key."""
    full = {
        "format_version": 1,
        "name": "scream",
        "title": "The Scream",
        "artist": "Edvard Munch",
        "year": 1893,
        "licence": "public domain",
        "sources": [],
        "trunk_id": "0" * 64,
        "recipe": "",
        "losses": {},
    }
    return {**full, **changes}


def put(path: Path, tensors: dict[str, np.ndarray] | None = None, **changes: Any) -> Path:
    """Write a package by hand, as a stranger would."""
    metadata = {"impasto": json.dumps(record(**changes))}
    path.write_bytes(save({"code": CODE} if tensors is None else tensors, metadata))
    return path


def test_a_written_style_is_read_back_whole(tmp_path: Path, make_style: MakeStyle) -> None:
    """Every field of a style survives writing and reading, the code to float16."""
    style = make_style()
    write_style(style, tmp_path / "scream.safetensors")
    read = read_style(tmp_path / "scream.safetensors")
    np.testing.assert_array_equal(read.code, style.code)
    assert read.code.dtype == np.float32
    for key in ("name", "title", "artist", "year", "licence", "trunk_id", "sources", "recipe"):
        assert getattr(read, key) == getattr(style, key)
    assert dict(read.losses) == dict(style.losses)
    assert read.preview == style.preview


def test_a_style_without_preview_and_year_is_whole(tmp_path: Path, make_style: MakeStyle) -> None:
    """A preview and a year are optional."""
    write_style(make_style(preview=None, year=None), tmp_path / "plain.safetensors")
    read = read_style(tmp_path / "plain.safetensors")
    assert read.preview is None
    assert read.year is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code": np.full((2, 4), np.nan, np.float32)}, "not finite"),
        ({"code": np.full((2, 4), 1e6, np.float32)}, "not finite"),
        ({"code": np.ones((3, 4), np.float32)}, "shape"),
        ({"code": np.ones((2, 8200), np.float32)}, "over 32 KB without its preview"),
        ({"preview": b"RIFF....WEBP" + bytes(MAX_PREVIEW_BYTES)}, "preview is over 24 KB"),
        ({"preview": b"\x89PNG and more"}, "not a WebP"),
        ({"name": "The Scream"}, "name"),
        ({"title": "a\x1b[2Jb"}, "unprintable"),
        ({"trunk_id": "abc"}, "trunk_id"),
        ({"losses": {"style": float("nan")}}, "loss"),
    ],
)
def test_a_style_that_could_not_be_read_is_not_written(
    tmp_path: Path, make_style: MakeStyle, changes: dict[str, Any], message: str
) -> None:
    """Writing refuses what reading would refuse, and leaves no file."""
    with pytest.raises(StyleError, match=message):
        write_style(make_style(**changes), tmp_path / "scream.safetensors")
    assert not list(tmp_path.iterdir())


def test_an_unwritable_place_is_an_output_error(tmp_path: Path, make_style: MakeStyle) -> None:
    """A folder that is not there is named."""
    with pytest.raises(OutputError, match="nowhere"):
        write_style(make_style(), tmp_path / "nowhere" / "scream.safetensors")


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "no tensor 'code'"),
        ({"code": CODE, "extra": CODE}, "other than 'code' and 'preview'"),
        ({"code": CODE.astype(np.float32)}, "is F32"),
        ({"code": CODE[0]}, "shape"),
        ({"code": np.ones((2, 0), np.float16)}, "shape"),
        ({"code": CODE, "preview": CODE}, "not bytes"),
        ({"code": np.ones((2, 8200), np.float16)}, "over 32 KB without"),
    ],
)
def test_hostile_tensors_are_refused(
    tmp_path: Path, tensors: dict[str, np.ndarray], message: str
) -> None:
    """Only a float16 code and a byte preview, both small, are taken."""
    with pytest.raises(StyleError, match=message):
        read_style(put(tmp_path / "scream.safetensors", tensors))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 2}, "version 2"),
        ({"format_version": True}, "format_version"),
        ({"name": "../scream"}, "name"),
        ({"name": 7}, "'name'"),
        ({"artist": "a\nb"}, "unprintable"),
        ({"year": "1893"}, "'year'"),
        ({"year": 10**30}, "year"),
        ({"sources": [{"file": "a.jpg"}]}, "source"),
        ({"sources": [{"file": "a.jpg", "sha256": "x"}]}, "source"),
        ({"sources": ["a.jpg"]}, "source"),
        ({"trunk_id": "G" * 64}, "trunk_id"),
        ({"losses": {"style": "low"}}, "loss"),
        ({"losses": {"style": 10**400}}, "loss"),
        ({"losses": []}, "'losses'"),
    ],
)
def test_hostile_records_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Each field of the record has a type and a range."""
    with pytest.raises(StyleError, match=message):
        read_style(put(tmp_path / "scream.safetensors", **changes))


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"other": "{}"}, {"impasto": ""}, {"impasto": "[]"}, {"impasto": "[" * 9000}],
)
def test_a_file_without_a_record_is_refused(
    tmp_path: Path, metadata: dict[str, str] | None
) -> None:
    """A safetensors file that is no style package is refused as such."""
    path = tmp_path / "scream.safetensors"
    path.write_bytes(save({"code": CODE}, metadata))
    with pytest.raises(StyleError, match="not a usable style package: it"):
        read_style(path)


def test_a_big_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A file over the caps is refused by its size, whatever is in it."""
    path = tmp_path / "scream.safetensors"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    with pytest.raises(StyleError, match="over 56 KB"):
        read_style(path)
    assert MAX_BYTES + MAX_PREVIEW_BYTES == 56 * 1024


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A package that is not there is a StyleError with its path, and so is a folder."""
    with pytest.raises(StyleError, match=r"gone\.safetensors: No such file"):
        read_style(tmp_path / "gone.safetensors")
    with pytest.raises(StyleError, match="it is not a file"):
        read_style(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe in a folder of styles, whose other end nobody opens, is refused at once."""
    os.mkfifo(tmp_path / "pipe.safetensors")
    with pytest.raises(StyleError, match="it is not a file"):
        read_style(tmp_path / "pipe.safetensors")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_package_is_one_error(
    tmp_path: Path, make_style: MakeStyle, data: st.DataObject
) -> None:
    """Any package with bytes changed or cut off is read as a style or is one StyleError."""
    path = tmp_path / "scream.safetensors"
    write_style(make_style(), path)
    content = bytearray(path.read_bytes())
    places = st.integers(0, min(len(content) - 1, 900))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        content[place] = value
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), 700, 300, 8, 0]))])
    outcome = style_or_message(path)
    if isinstance(outcome, str):
        assert str(path) in outcome
    else:
        assert np.isfinite(outcome.code).all()


def style_or_message(path: Path) -> Style | str:
    """What reading gives: a style, or the message of its only error."""
    try:
        return read_style(path)
    except StyleError as error:
        return str(error)
