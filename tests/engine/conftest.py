import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from impasto.engine import strokes
from impasto.engine.model import Model, load_model
from impasto.styles.package import Style

CHANNELS = 6


@pytest.fixture(scope="module")
def tiny_as_they_are() -> Iterator[None]:
    """Tiny pictures are not enlarged to be painted, so that tests of arithmetic can use them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strokes, "SMALLEST", 1)
        yield


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A complete model folder for the fake engine: its graphs are empty files."""
    folder = tmp_path / "model"
    folder.mkdir()
    identity = np.stack([np.full(CHANNELS, 0.5), np.full(CHANNELS, 0.1)]).astype(np.float16)
    save_file({"identity_code": identity}, folder / "weights.safetensors")
    for name in ("measure.onnx", "paint.onnx"):
        (folder / name).touch()
    write_manifest(folder)
    return folder


def write_manifest(folder: Path, **changes: Any) -> None:
    """Write a manifest that fits the folder's weights, with some fields changed."""
    weights = (folder / "weights.safetensors").read_bytes()
    manifest = {
        "format_version": 1,
        "name": "test",
        "trunk_id": hashlib.sha256(weights).hexdigest(),
        "channels": CHANNELS,
        "sites": [{"name": "stem", "channels": 2}, {"name": "body", "channels": 4}],
        "multiple": 8,
        "margin": 8,
        "grain_cell": 8,
        "thumbnail": 256,
        "gmac_512": 1.5,
        "parameters": 1000,
        "recipe": "test",
        **changes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def rewrite_manifest(model_folder: Path) -> Callable[..., None]:
    """A writer of the model folder's manifest with some fields changed."""
    return lambda **changes: write_manifest(model_folder, **changes)


@pytest.fixture
def model(model_folder: Path) -> Model:
    """The fake engine's model."""
    return load_model(model_folder)


@pytest.fixture
def make_style(model: Model) -> Callable[..., Style]:
    """A maker of styles that fit the fake engine's model."""

    def make(**changes: Any) -> Style:
        gamma = np.linspace(0.5, 1.5, CHANNELS)
        code = np.stack([gamma, np.linspace(-1, 1, CHANNELS)]).astype(np.float16)
        style = Style(
            name="one",
            title="One",
            artist="Nobody",
            year=None,
            licence="CC0",
            trunk_id=model.trunk_id,
            code=code.astype(np.float32),
        )
        return replace(style, **changes)

    return make


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real graph of any height and width: a 3x3 convolution and an affine, uint8 in and out."""
    onnx = pytest.importorskip("onnx")
    path = tmp_path_factory.mktemp("graph") / "paint.onnx"
    onnx.save(_convolution(onnx), path)
    return path


def _convolution(onnx: Any) -> Any:
    make, kind = onnx.helper, onnx.TensorProto
    nodes = [
        make.make_node("Cast", ["image"], ["a"], to=kind.FLOAT),
        make.make_node("Transpose", ["a"], ["b"], perm=[0, 3, 1, 2]),
        make.make_node("Conv", ["b", "kernel"], ["c"], pads=[1, 1, 1, 1]),
        make.make_node("Gather", ["affine", "zero"], ["scale"], axis=0),
        make.make_node("Gather", ["affine", "one"], ["shift"], axis=0),
        make.make_node("Reshape", ["scale", "plane"], ["scale4"]),
        make.make_node("Reshape", ["shift", "plane"], ["shift4"]),
        make.make_node("Mul", ["c", "scale4"], ["d"]),
        make.make_node("Add", ["d", "shift4"], ["e"]),
        make.make_node("Round", ["e"], ["f"]),
        make.make_node("Clip", ["f", "low", "high"], ["g"]),
        make.make_node("Transpose", ["g"], ["h"], perm=[0, 2, 3, 1]),
        make.make_node("Cast", ["h"], ["painted"], to=kind.UINT8),
    ]
    kernel = np.random.default_rng(0).uniform(0, 1 / 14, (3, 3, 3, 3)).astype(np.float32)
    constants = {
        "kernel": kernel,
        "zero": np.array(0),
        "one": np.array(1),
        "plane": np.array([1, 3, 1, 1]),
        "low": np.array(0, np.float32),
        "high": np.array(255, np.float32),
    }
    value = make.make_tensor_value_info
    graph = make.make_graph(
        nodes,
        "paint",
        [value("image", kind.UINT8, [1, "h", "w", 3]), value("affine", kind.FLOAT, [2, 3])],
        [value("painted", kind.UINT8, [1, "h", "w", 3])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model
