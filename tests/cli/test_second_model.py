"""A model that brings its own styles, beside the bundled model that has some of their names."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.engine.model import BUNDLED, Model
from impasto.styles.library import Library
from impasto.styles.package import read_style

from ..models import make_second_model, own_style, put
from .conftest import Call, save_photo


@pytest.fixture
def second(home: Path, folder: Path) -> Model:
    """The user's model `second`, and `a.png` in the current folder."""
    save_photo(folder / "a.png")
    model = make_second_model(folder / "made")
    (home / "models").mkdir()
    model.folder.rename(home / "models" / "second")
    return replace(model, folder=home / "models" / "second")


def paint(call: Call, style: object, model: str = "second") -> tuple[np.ndarray, list[str]]:
    """The painting of `a.png`, and the lines that the call says."""
    ended = call(
        "paint", "a.png", "-s", style, "--model", model, "-o", "b.png", "--overwrite", "-q"
    )
    assert ended.code == 0, ended.err
    with Image.open("b.png") as painting:
        return np.asarray(painting), ended.lines


def default_udnie(title: str = "Mine") -> object:
    """A style of the user's for the default model."""
    return replace(read_style(Library().find("udnie")[0]), title=title)


def test_a_name_means_the_style_of_the_model(call: Call, second: Model) -> None:
    """`udnie` is the model's own, `dots` is found though no other has it, and nothing is warned."""
    for name in ("udnie", "dots"):
        painted, lines = paint(call, name)
        expected, _ = paint(call, second.styles_folder / f"{name}.safetensors")
        np.testing.assert_array_equal(painted, expected)
        assert lines == []
    mixed, _ = paint(call, "udnie:1,dots:1")
    assert (mixed != painted).any()


def test_a_style_of_another_trunk_hides_nothing(call: Call, second: Model, home: Path) -> None:
    """The user's `udnie` for the one model leaves that of the other alone, without a warning."""
    own, _ = paint(call, "udnie")
    bundled, _ = paint(call, "udnie", "default")
    path = put(default_udnie(), home / "styles")
    for name, expected in (("second", own), ("default", bundled)):
        painted, lines = paint(call, "udnie", name)
        np.testing.assert_array_equal(painted, expected)
        warned = [line for line in lines if "comes from" in line]
        assert len(warned) == (name == "default")
    path.unlink()
    put(own_style(second, "udnie"), home / "styles")
    assert paint(call, "udnie", "default")[1] == []


def test_a_style_of_the_same_trunk_shadows(call: Call, second: Model, home: Path) -> None:
    """The user's `udnie` for the model stands in front of the model's own, with a warning."""
    mine = replace(own_style(second, "dots"), name="udnie")
    path = put(mine, home / "styles")
    painted, (line,) = paint(call, "udnie")
    np.testing.assert_array_equal(painted, paint(call, "dots")[0])
    assert f"'udnie' comes from {path}, not from {second.styles_folder}" in line


def test_a_style_for_no_trunk_of_the_model_is_one_line(
    call: Call, second: Model, home: Path
) -> None:
    """A name that only other trunks have says so and what to do, however many packages it has."""
    put(replace(default_udnie(), name="scream"), home / "styles")
    for name in ("starry-night", "scream"):
        ended = call("paint", "a.png", "-s", name, "--model", "second")
        assert (ended.code, len(ended.lines)) == (2, 1)
        assert f"style '{name}' was made for the trunk" in ended.err
        assert "use the model it was made with" in ended.err
    ended = call("paint", "a.png", "-s", "dot", "--model", "second")
    assert "did you mean dots" in ended.err


def test_list_and_show_by_model(call: Call, second: Model) -> None:
    """--model lists what fits that model; without it the bundled styles and the user's, as ever."""
    listed = call("styles", "list", "--model", "second")
    assert (listed.code, listed.lines) == (0, [])
    assert [line.split()[0] for line in listed.out.splitlines()] == ["dots", "udnie"]
    facts = json.loads(call("styles", "list", "--model", second.folder, "--json").out)
    assert {style["trunk_id"] for style in facts} == {second.trunk_id}
    everything = [line.split()[0] for line in call("styles", "list").out.splitlines()]
    assert everything == Library().names()
    fitting = [
        line.split()[0]
        for line in call("styles", "list", "--model", "default").out.split("\n")
        if line
    ]
    assert fitting == [name for name in everything if name not in ("plain", "bold")]
    assert "The second udnie" in call("styles", "show", "udnie", "--model", "second").out
    assert "The second" not in call("styles", "show", "udnie").out


def test_the_list_prefers_what_the_default_model_paints(
    call: Call, second: Model, home: Path
) -> None:
    """A user's style for another model takes no bundled style of its name out of the list."""
    put(own_style(second, "udnie"), home / "styles")
    put(own_style(second, "dots"), home / "styles")
    listed = call("styles", "list")
    assert listed.lines == []
    assert "The second udnie" not in listed.out
    assert "The second dots" in listed.out


def test_adding_warns_of_real_shadows_only(call: Call, second: Model, folder: Path) -> None:
    """A package for another trunk stands in front of no bundled style."""
    ended = call("styles", "add", second.styles_folder / "udnie.safetensors")
    assert "does not fit the model 'default'" in ended.err
    assert "in front of" not in ended.err
    ended = call("styles", "add", put(default_udnie(), folder / "new"), "--overwrite")
    assert "stands in front of the bundled one" in ended.err


def test_doctor_lists_the_models(call: Call, second: Model, home: Path) -> None:
    """Each model is a line with its cost, the default one first; a damaged one is a problem."""
    lines = [line for line in call("doctor").out.splitlines() if line.startswith("model ")]
    assert [line.split()[1] for line in lines] == [
        "default", *sorted({"second", *(path.name for path in BUNDLED.iterdir())} - {"default"})
    ]  # fmt: skip
    assert f"{second.parameters:,} parameters" in lines[-1]
    assert f"{second.gmac_512:.3g} GMAC at 512 x 512" in lines[-1]
    (home / "models" / "broken").mkdir()
    ended = call("doctor")
    assert ended.code == 1
    assert any("broken" in line for line in ended.out.splitlines() if line.startswith("problem "))


def test_web_export_takes_the_models_styles(call: Call, second: Model, folder: Path) -> None:
    """What the page gets along are the styles of its model."""
    ended = call("web", "export", folder / "site", "--model", "second", "-s", "udnie")
    assert (ended.code, ended.lines) == (0, [])
    assert read_style(folder / "site/styles/udnie.safetensors").trunk_id == second.trunk_id


def test_a_video_is_painted_in_the_models_style(call: Call, second: Model, source: Path) -> None:
    """`impasto video` looks styles up as `impasto paint` does."""
    ended = call("video", source, "-s", "dots", "--model", "second", "--duration", "0.1s", "-q")
    assert ended.code == 0, ended.err
