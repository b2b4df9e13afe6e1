"""A baked style is the paint graph with its affine inside."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import skimage
from PIL import Image

from impasto.core.arrays import RGB
from impasto.core.errors import InputError, MissingExtraError, NumericalError
from impasto.core.settings import EngineSettings
from impasto.engine.affines import compose
from impasto.engine.backends import BackendName, open_backend
from impasto.engine.painter import Painter
from impasto.lab import bake as baking
from impasto.lab.bake import bake, mean_statistics, psnr, run_baked, write_baked
from impasto.lab.quantise import output_layer, quantise
from impasto.styles.library import BUNDLED, Library

ONE_THREAD = EngineSettings(precision="float32", threads=1)


@cache
def photo(name: str = "coffee.png", width: int = 96, height: int = 64) -> RGB:
    """A small real photo."""
    with Image.open(Path(skimage.data_dir) / name) as picture:
        return np.asarray(picture.convert("RGB").resize((width, height)))


PHOTOS = [photo(), photo("chelsea.png"), photo("rocket.jpg", 49, 75)]


@cache
def painter(style: str = "scream", runtime: BackendName = "openvino") -> Painter:
    """A painter with the bundled model."""
    backend = open_backend(runtime, ONE_THREAD)
    return Painter(style, backend=backend, library=Library([BUNDLED]))


@pytest.fixture(scope="module")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baked style."""
    path = tmp_path_factory.mktemp("baked") / "scream.onnx"
    bake(painter(), PHOTOS, path)
    return path


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("size", [(96, 64), (49, 75), (1, 1), (17, 16)])
def test_a_baked_graph_paints_like_the_painter(
    baked: Path, runtime: BackendName, size: tuple[int, int]
) -> None:
    """With the affine that was baked in the painter gives the same bytes, to one level."""
    pytest.importorskip(runtime)
    affine = compose(painter().code, mean_statistics(painter(), PHOTOS))
    picture = photo("coffee.png", *size)
    found = run_baked(painter(runtime=runtime).backend, baked, picture)
    wanted = painter().paint_pixels(picture, affine)
    assert found.shape == picture.shape
    assert np.abs(found.astype(int) - wanted).max() <= 1


def test_a_baked_graph_is_a_plain_network(baked: Path) -> None:
    """It takes a picture and nothing else, holds its weights, and leaves no affine to multiply."""
    model = onnx.load(baked, load_external_data=False)
    assert [each.name for each in model.graph.input] == ["image"]
    assert not any(each.external_data for each in model.graph.initializer)
    kernels = {each.name: each.dims for each in model.graph.initializer}
    convs = [node for node in model.graph.node if node.op_type == "Conv"]
    behind = {node.input[0] for node in model.graph.node if node.op_type == "Mul"}
    assert len(convs) == 20
    assert not behind & {conv.output[0] for conv in convs}
    assert all(len(kernels[conv.input[1]]) == 4 for conv in convs)


def test_grain_is_repeated_where_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture beyond the field of grain is painted, and the same where the field reaches."""
    affine = compose(painter().code, mean_statistics(painter(), PHOTOS))
    wanted = painter().paint_pixels(photo("coffee.png", 400, 16), affine)
    monkeypatch.setattr(baking, "GRAIN_CELLS", 32)
    write_baked(painter().model, affine, tmp_path / "small.onnx")
    found = run_baked(painter().backend, tmp_path / "small.onnx", photo("coffee.png", 400, 16))
    apart = np.abs(found.astype(int) - wanted).max(axis=(0, 2))
    assert apart[:96].max() <= 1  # the grain is another one from column 256 on
    assert apart[256:].max() > 1


def test_statistics_are_the_mean_over_photos() -> None:
    """Two photos count the same, and a photo alone has its own."""
    one, two = (painter().measure(picture) for picture in PHOTOS[:2])
    np.testing.assert_allclose(mean_statistics(painter(), PHOTOS[:2]), (one + two) / 2, rtol=1e-5)
    np.testing.assert_array_equal(mean_statistics(painter(), PHOTOS[:1]), one)


def test_baking_a_single_photo_is_painting_it(tmp_path: Path) -> None:
    """The statistics of one photo are its own, so nothing is lost to the mean."""
    found = bake(painter(), PHOTOS[:1], tmp_path / "one.onnx")
    assert found.same_affine_levels <= 1
    assert found.adaptive_psnr > 50


def test_baking_needs_photos(tmp_path: Path) -> None:
    """Without photos there are no statistics."""
    with pytest.raises(InputError, match="no photos"):
        bake(painter(), [], tmp_path / "none.onnx")
    with pytest.raises(InputError, match="no photos"):
        quantise(tmp_path / "none.onnx", [], tmp_path / "int8.onnx")


@pytest.mark.parametrize("settings", [{"strength": 0.9}, {"colors": "content"}])
def test_what_follows_the_trunk_cannot_be_baked(settings: dict[str, Any], tmp_path: Path) -> None:
    """A faded painting and one in the photo's colours are refused, not baked without that."""
    other = Painter("scream", backend=painter().backend, **settings)
    with pytest.raises(InputError, match="bake"):
        bake(other, PHOTOS, tmp_path / "none.onnx")
    assert not (tmp_path / "none.onnx").exists()


def test_a_wrong_graph_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that paints something else is an error, and its file is removed."""
    right = baking.write_baked
    monkeypatch.setattr(
        baking, "write_baked", lambda model, affine, path: right(model, affine * 1.2, path)
    )
    with pytest.raises(NumericalError, match=r"wrong\.onnx: differs by \d+/255"):
        bake(painter(), PHOTOS[:1], tmp_path / "wrong.onnx")
    assert not (tmp_path / "wrong.onnx").exists()


def test_psnr_is_that_of_the_mean_square() -> None:
    """Pictures a level apart have 48.13 dB, and equal ones the highest number."""
    black = np.zeros((4, 4, 3), np.uint8)
    assert psnr(black, black + 1) == pytest.approx(48.13, abs=0.01)
    assert psnr(black, black) == 99.0


def test_int8_is_near_float32_and_smaller(
    baked: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Inner convolutions get INT8, the output layer stays, and nothing is printed."""
    pytest.importorskip("nncf")
    quantise(baked, PHOTOS, tmp_path / "int8.onnx")
    assert capfd.readouterr().out == ""
    graph = onnx.load(tmp_path / "int8.onnx").graph
    makers = {output: node.op_type for node in graph.node for output in node.output}
    convs = {node.name: node for node in graph.node if node.op_type == "Conv"}
    kept = output_layer(graph)
    assert len(kept) == 3
    for name, conv in convs.items():
        assert (makers.get(conv.input[1]) == "DequantizeLinear") == (name not in kept)
    assert (tmp_path / "int8.onnx").stat().st_size < baked.stat().st_size
    one, two = (
        run_baked(painter().backend, path, PHOTOS[0]) for path in (baked, tmp_path / "int8.onnx")
    )
    assert 30 < psnr(one, two) < 99


def test_the_photo_itself_cannot_be_baked(tmp_path: Path) -> None:
    """What is no style is refused before anything is written."""
    with pytest.raises(InputError, match="'photo' is no style: there is nothing to bake"):
        bake(painter("photo"), PHOTOS, tmp_path / "photo.onnx")
    assert not list(tmp_path.iterdir())


def test_int8_without_nncf_names_the_extra(baked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing NNCF is one line with the pip command."""
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[int8\]"):
        quantise(baked, PHOTOS[:1], baked.with_name("int8.onnx"))
