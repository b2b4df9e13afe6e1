"""The memory that a paint graph works in: known for small graphs, and kept to by real runtimes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from onnx import helper

from impasto.core.errors import ModelError
from impasto.engine.model import load_model, model_names
from impasto.lab.live import live_bytes

from .test_reach import ends, kernel, save

PROGRAM = """
import re, sys
import numpy as np
import numpy as np
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.engine.painter import Painter

def read(key):
    status = open("/proc/self/status").read()
    return int(re.search(key + r":\\s+(\\d+)", status)[1]) * 1024

model, engine, precision, side = *sys.argv[1:4], int(sys.argv[4])
backend = open_backend(engine, EngineSettings(precision, threads=2))
painter = Painter("scream", model=model, backend=backend, memory="1G")
pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
affine = painter.affine(pixels)
painter.paint_pixels(pixels[:256, :256].copy(), affine)  # what is taken once
assert len(painter.tiler.tiling(side, side).rows) == 1
open("/proc/self/clear_refs", "w").write("5")  # the peak is that of now
before = read("VmRSS")
painter.paint_pixels(pixels, affine)
print("took", (read("VmHWM") - before) / side**2, "of", painter.tiler.bytes_per_pixel)
"""


def test_what_is_alive_at_once_counts(tmp_path: Path) -> None:
    """Of a chain two tensors are alive at a time, and a third that is read later counts as well."""
    relu = helper.make_node("Relu", ["x"], ["a"])
    path = save(tmp_path / "chain.onnx", ends(relu, helper.make_node("Relu", ["a"], ["y"])))
    assert live_bytes(path, 4, 4) == 2 * 3 * 4 + 4 / 16  # two pictures, and grain that nobody reads
    kept = helper.make_node("Add", ["a", "x"], ["y"])
    path = save(tmp_path / "kept.onnx", ends(relu, kept))
    assert live_bytes(path, 4, 4) == 3 * 3 * 4 + 4 / 16


def test_what_is_made_of_the_style_does_not_count(tmp_path: Path) -> None:
    """A kernel and what is made of it stand once, however large a picture is."""
    nodes = ends(
        helper.make_node("Mul", ["wide", "wide"], ["square"]),
        helper.make_node("Conv", ["x", "square"], ["y"], pads=[1, 1, 1, 1]),
    )
    path = save(tmp_path / "g.onnx", nodes, wide=kernel(3, 3))
    assert live_bytes(path, 4, 4) == 2 * 3 * 4 + 4 / 16


def test_a_shape_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """A graph whose tensors depend on the values of others cannot be told beforehand."""
    nodes = ends(
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("Identity", ["x"], ["y"]),
    )
    with pytest.raises(ModelError, match=r"g\.onnx: .*places"):
        live_bytes(save(tmp_path / "g.onnx", nodes), 4, 4)


@pytest.mark.parametrize("name", model_names())
def test_shipped_models_say_what_is_alive(name: str) -> None:
    """The number in the manifest of a bundled model is that of its graph."""
    model = load_model(name)
    known = live_bytes(model.paint_graph, model.multiple, model.grain_cell)
    assert model.live_bytes == pytest.approx(known, abs=0.051)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads peaks of memory from /proc")
@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("name", ["default", "quality"])
def test_a_tile_takes_what_is_reckoned(name: str, engine: str) -> None:
    """One tile of 3 megapixels in a real runtime takes a third to all of what is reckoned."""
    pytest.importorskip(engine)
    words = [sys.executable, "-c", PROGRAM, name, engine, "float32", "1760"]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    found = re.search(r"took ([\d.]+) of (\d+)", ended.stdout)
    assert found is not None, ended.stderr
    took, reckoned = float(found[1]), int(found[2])
    assert reckoned / 3 < took <= reckoned, (took, reckoned)
