import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from impasto.core.errors import ModelError
from impasto.engine.model import Site, load_model, model_names


def test_a_model_folder_is_read(model_folder: Path) -> None:
    """The manifest, the sites, the paths and the identity code are there."""
    model = load_model(model_folder)
    assert model.name == "test"
    assert model.sites == (Site("stem", 2), Site("body", 4))
    assert model.paint_graph == model_folder / "paint.onnx"
    assert model.measure_graph == model_folder / "measure.onnx"
    assert model.identity_code.shape == (2, 6)
    assert model.identity_code.dtype == np.float32


def test_a_model_is_found_by_name_in_the_users_folder(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is looked up in the folder `models` of the user's data."""
    home = model_folder.parent
    (home / "models").mkdir()
    model_folder.rename(home / "models" / "mine")
    monkeypatch.setenv("IMPASTO_HOME", str(home))
    assert load_model("mine").folder == home / "models" / "mine"


def test_the_names_of_models_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of bundled and own models, the default one first; what is no name is left out."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path))
    bundled = model_names()
    assert bundled[0] == "default"
    for name in ("a-mine", "default", "No Name"):
        (tmp_path / "models" / name).mkdir(parents=True)
    (tmp_path / "models" / "file").touch()
    assert model_names() == ["default", *sorted([*bundled[1:], "a-mine"])]


def test_a_missing_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a name nor a path that is not there gives a traceback."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="no model 'nothing'"):
        load_model("nothing")
    with pytest.raises(ModelError, match=r"manifest\.json.*No such file"):
        load_model(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 2}, "version 2"),
        ({"channels": "6"}, "'channels'"),
        ({"channels": 0}, "channels is 0"),
        ({"channels": 7}, "sites do not sum"),
        ({"sites": [{"name": "stem"}]}, "site"),
        ({"sites": [{"name": "stem", "channels": -6}]}, "site"),
        ({"multiple": 0}, "multiple is 0"),
        ({"margin": -1}, "margin is -1"),
        ({"margin": 10**9}, "margin"),
        ({"thumbnail": 250}, "not a multiple"),
        ({"sites": [{"name": "stem", "channels": 6, "bank": -1}]}, "bank of its site 'stem' is -1"),
        ({"sites": [{"name": "stem", "channels": 6, "bank": 4}]}, "do not belong together"),
        ({"filters": "many"}, "filters is 'many'"),
        ({"filters": -1}, "filters is -1"),
        ({"filters": 10**9}, "filters is 1000000000"),
        ({"live_bytes": -1}, "live_bytes is -1"),
        ({"live_bytes": "few"}, "live_bytes is 'few'"),
        ({"live_bytes": float("nan")}, "live_bytes is"),
        ({"reach": -1}, "reach is -1"),
        ({"reach": "far"}, "reach is 'far'"),
        ({"reach": 10**6}, "reach is 1000000"),
        ({"trunk_id": "0" * 64}, "weights are"),
    ],
)
def test_a_bad_manifest_is_refused(
    model_folder: Path, rewrite_manifest: Callable[..., None], changes: dict[str, Any], message: str
) -> None:
    """Each field has a type and a range, and the weights must be those of the manifest."""
    rewrite_manifest(**changes)
    with pytest.raises(ModelError, match=message) as caught:
        load_model(model_folder)
    assert str(model_folder) in str(caught.value)


def test_a_model_whose_styles_mix_filters(
    model_folder: Path, rewrite_manifest: Callable[..., None]
) -> None:
    """It says how many numbers those are, which channels mix them, and has a graph that does."""
    sites = [{"name": "bank", "channels": 2, "bank": 4}, {"name": "stem", "channels": 4}]
    rewrite_manifest(sites=sites, filters=30)
    with pytest.raises(ModelError, match=r"no mix\.onnx"):
        load_model(model_folder)
    (model_folder / "mix.onnx").touch()
    model = load_model(model_folder)
    assert model.filters == 30
    assert model.mixing.tolist() == [True] * 2 + [False] * 4
    rewrite_manifest(filters=30)
    with pytest.raises(ModelError, match="do not belong together"):
        load_model(model_folder)


@pytest.mark.parametrize("name", ["measure.onnx", "paint.onnx", "weights.safetensors"])
def test_a_missing_part_is_named(model_folder: Path, name: str) -> None:
    """A folder without one of its files is refused with the file's name."""
    (model_folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        load_model(model_folder)


@pytest.mark.parametrize("text", ["", "[]", "[" * 9000, "x" * 70_000])
def test_a_manifest_that_is_no_record_is_refused(model_folder: Path, text: str) -> None:
    """Anything but a short JSON object is refused."""
    (model_folder / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match="not a usable model"):
        load_model(model_folder)


@pytest.mark.parametrize(
    "tensors",
    [
        {"other": np.zeros((2, 6), np.float16)},
        {"identity_code": np.zeros((2, 5), np.float16)},
        {"identity_code": np.full((2, 6), np.inf, np.float16)},
    ],
)
def test_a_bad_identity_code_is_refused(
    model_folder: Path, rewrite_manifest: Callable[..., None], tensors: dict[str, np.ndarray]
) -> None:
    """The identity code must be there, of the model's channels, and finite."""
    save_file(tensors, model_folder / "weights.safetensors")
    rewrite_manifest()
    with pytest.raises(ModelError, match="identity_code"):
        load_model(model_folder)


def test_weights_that_are_no_tensors_are_refused(
    model_folder: Path, rewrite_manifest: Callable[..., None]
) -> None:
    """A weights file of another format is one ModelError."""
    (model_folder / "weights.safetensors").write_bytes(b"\x80\x04pickle")
    rewrite_manifest()
    with pytest.raises(ModelError, match="not a usable model"):
        load_model(model_folder)


def test_a_manifest_may_say_more(model_folder: Path, rewrite_manifest: Callable[..., None]) -> None:
    """Keys that this version does not know are passed over."""
    rewrite_manifest(note="hello")
    assert json.loads((model_folder / "manifest.json").read_text())["note"] == "hello"
    assert load_model(model_folder).name == "test"


def test_a_model_need_not_tell_its_reach(
    model_folder: Path, rewrite_manifest: Callable[..., None]
) -> None:
    """The reach is that of the manifest, and None in models of before there was one."""
    assert load_model(model_folder).reach is None
    rewrite_manifest(reach=40)
    assert load_model(model_folder).reach == 40
