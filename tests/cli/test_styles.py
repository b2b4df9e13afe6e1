"""The verb group `styles`."""

import json
from dataclasses import replace
from pathlib import Path

from impasto.styles.package import write_style

from .conftest import Call, make_style


def test_list_names_users_styles(call: Call) -> None:
    """A user's style is listed with its title, artist and year."""
    ended = call("styles", "list")
    assert ended.code == 0
    (line,) = [line for line in ended.out.splitlines() if line.startswith("plain ")]
    assert line.split(maxsplit=1)[1] == "The plain, A. Painter, 1900"


def test_list_as_json(call: Call) -> None:
    """--json gives an array of objects with name, origin, licence and trunk."""
    listed = {style["name"]: style for style in json.loads(call("styles", "list", "--json").out)}
    assert listed["bold"]["licence"] == "CC0-1.0"
    assert len(listed["bold"]["trunk_id"]) == 64


def test_show(call: Call) -> None:
    """`show` tells the same facts about one style, in lines or as an object."""
    lines = call("styles", "show", "bold").out.splitlines()
    assert [line.split(maxsplit=1) for line in lines][:3] == [
        ["name", "bold"],
        ["title", "The bold"],
        ["artist", "A. Painter"],
    ]
    assert json.loads(call("styles", "show", "bold", "--json").out)["title"] == "The bold"


def test_show_an_unknown_style(call: Call) -> None:
    """An unknown name is wrong usage, and the nearest name is told."""
    ended = call("styles", "show", "bald")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean bold?" in ended.err


def test_a_damaged_package_is_left_out(call: Call, home: Path) -> None:
    """A package that cannot be read is a warning, and the others are listed."""
    (home / "styles" / "broken.safetensors").write_bytes(b"nothing")
    ended = call("styles", "list")
    assert ended.code == 0
    assert "plain" in ended.out
    assert "broken" not in ended.out
    (line,) = ended.lines
    assert line.startswith("impasto: warning: style 'broken' is left out")


def test_each_warning_is_told_once(call: Call, home: Path) -> None:
    """A file that every look into the folder stumbles over is one line."""
    (home / "styles" / "My Style.safetensors").touch()
    for words in (["styles", "list"], ["doctor"]):
        (line,) = [line for line in call(*words).lines if "My Style" in line]
        assert line.startswith("impasto: warning: ")


def test_an_unknown_year_is_left_out(call: Call, home: Path) -> None:
    """A style without a year is listed and shown without one."""
    style = replace(make_style("undated", "a" * 64), year=None)
    write_style(style, home / "styles" / "undated.safetensors")
    for words in (["styles", "list"], ["styles", "show", "undated"]):
        assert "None" not in call(*words).out
