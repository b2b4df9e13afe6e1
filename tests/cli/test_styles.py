"""The verb group `styles`."""

import json
from dataclasses import replace
from pathlib import Path

from impasto.engine.model import load_model
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


def package(folder: Path, name: str, trunk_id: str = "a" * 64) -> Path:
    """A style package in a file called otherwise."""
    path = folder / f"from-a-friend-{name}.safetensors"
    write_style(make_style(name, trunk_id), path)
    return path


def test_add_and_remove(call: Call, folder: Path, home: Path) -> None:
    """An added style is listed until it is removed."""
    ended = call("styles", "add", package(folder, "dots"))
    assert (ended.code, ended.out) == (0, "")
    assert "dots" in call("styles", "list").out
    assert call("styles", "remove", "dots").code == 0
    assert "dots" not in call("styles", "list").out
    assert not (home / "styles" / "dots.safetensors").exists()


def test_add_under_another_name(call: Call, folder: Path) -> None:
    """--name renames the style, and a bad name is wrong usage."""
    path = package(folder, "dots")
    assert call("styles", "add", path, "--name", "points").code == 0
    assert json.loads(call("styles", "show", "points", "--json").out)["title"] == "The dots"
    ended = call("styles", "add", path, "--name", "../points")
    assert ended.code == 2
    assert "is no style name" in ended.err


def test_add_does_not_overwrite(call: Call, folder: Path) -> None:
    """An own style of the name stays unless --overwrite is given."""
    path = package(folder, "plain", "b" * 64)
    ended = call("styles", "add", path)
    assert ended.code == 2
    assert "you have a style 'plain' already" in ended.err
    assert call("styles", "add", path, "--overwrite").code == 0
    assert json.loads(call("styles", "show", "plain", "--json").out)["trunk_id"] == "b" * 64


def test_add_warns_of_what_will_surprise(call: Call, folder: Path) -> None:
    """A style in front of a bundled one, or one that the default model cannot paint, is told."""
    ended = call("styles", "add", package(folder, "scream", load_model().trunk_id))
    assert ended.code == 0
    assert "warning: style 'scream' now stands in front of the bundled one" in ended.err
    assert "does not fit" not in ended.err
    ended = call("styles", "add", package(folder, "dots"))
    assert "warning: style 'dots' does not fit the model 'default'" in ended.err
    assert "in front of" not in ended.err


def test_add_refuses_what_is_no_package(call: Call, folder: Path, home: Path) -> None:
    """A file that is no package is named, and nothing gets into the library."""
    (folder / "bad.safetensors").write_bytes(b"nothing")
    before = sorted((home / "styles").iterdir())
    for name in ("bad.safetensors", "missing.safetensors"):
        ended = call("styles", "add", name)
        assert ended.code == 2
        assert name in ended.err
    assert sorted((home / "styles").iterdir()) == before


def test_remove_a_bundled_style(call: Call) -> None:
    """Bundled styles stay, and the message says so."""
    ended = call("styles", "remove", "great-wave")
    assert ended.code == 2
    assert "comes with impasto and cannot be removed" in ended.err


def test_export_and_import(call: Call, folder: Path, home: Path) -> None:
    """Exported styles are had again after they were removed, from a zip file and from a folder."""
    for target in ("mine.zip", "mine"):
        out = folder / target
        assert call("styles", "export", "plain", "bold", "-o", out).code == 0
        for name in ("plain", "bold"):
            assert call("styles", "remove", name).code == 0
        assert call("styles", "import", out).code == 0
        assert {path.stem for path in (home / "styles").iterdir()} == {"plain", "bold"}


def test_export_writes_what_it_prints(call: Call, folder: Path) -> None:
    """Without -o a package goes into the current folder, and its path is printed."""
    ended = call("styles", "export", "bold")
    assert ended.code == 0
    assert ended.out == "bold.safetensors\n"
    assert (folder / "bold.safetensors").is_file()
    again = call("styles", "export", "bold")
    assert again.code == 1
    assert "exists already" in again.err


def test_export_all(call: Call, folder: Path) -> None:
    """--all exports bundled and own styles; names and --all together are wrong usage."""
    assert call("styles", "export", "--all", "-o", "all").code == 0
    exported = {path.stem for path in (folder / "all").iterdir()}
    assert {"plain", "bold", "scream"} <= exported
    for words in ([], ["plain", "--all"]):
        ended = call("styles", "export", *words)
        assert ended.code == 2
        assert "give the names of styles, or --all" in ended.err


def test_import_goes_on_after_a_bad_package(call: Call, folder: Path, home: Path) -> None:
    """What cannot be used is named, the rest is there, and the exit code tells."""
    package(folder, "dots")
    package(folder, "plain")
    (folder / "bad.safetensors").write_bytes(b"nothing")
    ended = call("styles", "import", folder, folder / "missing")
    assert ended.code == 1
    assert (home / "styles" / "dots.safetensors").is_file()
    problems = [line for line in ended.lines if "added" not in line and "warning" not in line]
    assert len(problems) == 3
    for line, name in zip(problems, ("bad", "from-a-friend-plain", "missing"), strict=True):
        assert name in line
