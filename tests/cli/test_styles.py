"""The verb group `styles`."""

import json
from pathlib import Path

from .conftest import Call


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
    assert ended.lines[0].startswith("impasto: warning: style 'broken' is left out")
