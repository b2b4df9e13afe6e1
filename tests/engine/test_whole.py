"""Small pictures in one run: which they are, what it paints, and what happens where it cannot."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.bench.thumbnail_ways import full
from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings
from impasto.engine.affines import compose
from impasto.engine.backend import Array, Part, Session, Shapes
from impasto.engine.fake_backend import FakeBackend, fake_measure
from impasto.engine.model import BUNDLED, Model, load_model
from impasto.engine.painter import Painter
from impasto.media.image import Picture

APART = ["measure.onnx", "paint.onnx"]
ONCE = ["whole.onnx"]


@pytest.fixture
def whole_model(model: Model) -> Model:
    """The fake engine's model with a graph that paints up to 600 x 500 pixels at once."""
    return replace(model, whole_pixels=300_000)


@pytest.fixture
def painter(whole_model: Model, make_style: Any) -> Painter:
    """A painter of that model on a fake engine."""
    return Painter(make_style(), model=whole_model, backend=FakeBackend())


def runs(painter: Painter) -> list[str]:
    """The graphs that the painter's fake engine ran."""
    assert isinstance(painter.backend, FakeBackend)
    return painter.backend.runs


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A picture of random bytes."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("height", "width", "graphs"),
    [
        (500, 600, ONCE),
        (501, 600, APART),
        (128, 128, ONCE),
        (127, 600, APART),
        (2300, 130, ONCE),
    ],
)
def test_small_pictures_are_painted_at_once(
    painter: Painter, height: int, width: int, graphs: list[str]
) -> None:
    """From a short side of 128 to the most pixels that the model says, one graph runs, once."""
    assert painter.paint(noise(height, width)).shape == (height, width, 3)
    assert runs(painter) == graphs


def test_each_picture_is_painted_by_statistics_of_its_own(painter: Painter) -> None:
    """What is painted at once is what measuring all of it and painting gives, for each picture."""
    margin = painter.model.margin
    for seed in (1, 2):
        pixels = (noise(304, 408, seed) // seed).astype(np.uint8)
        image = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge")[None]
        weight = np.ones((1, 1, *image.shape[1:3]), np.float32)
        affine = compose(painter.code, fake_measure(image, painter.code, weight))
        wanted = painter.finish(_opaque(pixels), painter.paint_pixels(pixels, affine)).pixels
        np.testing.assert_array_equal(painter.paint(pixels), wanted)
    assert runs(painter) == ["paint.onnx", "whole.onnx"] * 2


def _opaque(pixels: np.ndarray) -> Picture:
    return Picture(pixels, None, None, None, "PNG")


def test_only_what_is_transparent_needs_weights(painter: Painter) -> None:
    """A picture whose opacity is full everywhere is as one without; any less is measured apart."""
    alpha = np.full((300, 300), 255, np.uint8)
    picture = replace(_opaque(noise(300, 300)), alpha=alpha)
    painted = painter.paint(picture)
    np.testing.assert_array_equal(painted.pixels, painter.paint(picture.pixels))
    assert runs(painter) == ONCE * 2
    alpha[0, 0] = 254
    painter.paint(picture)
    assert runs(painter)[2:] == APART


def test_masks_and_tiles_share_statistics(
    painter: Painter, make_style: Any, whole_model: Model
) -> None:
    """Styles under masks, and pictures that do not fit into memory, are measured apart."""
    mask = np.full((300, 300), 255, np.uint8)
    pixels, style = noise(512, 512), make_style()
    masked = Painter(style, masks=[(style, mask)], model=whole_model, backend=FakeBackend())
    masked.paint(pixels)
    assert "whole.onnx" not in runs(masked)
    model = replace(whole_model, whole_pixels=2**20, reach=16)
    tight = Painter(style, model=model, backend=FakeBackend(), memory="60M")
    tight.paint(noise(1024, 1024))
    assert runs(tight)[:2] == APART
    assert len(runs(tight)) > 2


def test_strokes_of_another_size_are_painted_at_once(whole_model: Model, make_style: Any) -> None:
    """It is the size that is painted which counts, and not that of the photo."""
    painter = Painter(make_style(), model=whole_model, backend=FakeBackend(), stroke_reference=400)
    assert painter.paint(noise(900, 700)).shape == (900, 700, 3)
    assert runs(painter) == ONCE


class Scarce(FakeBackend):
    """Has no memory for a graph, or another trouble with it."""

    def __init__(self, trouble: str) -> None:
        super().__init__()
        self.trouble = trouble

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Load all but one graph; that is loaded, and fails when it runs."""
        session = super().load(graph, shapes, exact=exact)
        return _Failing(self.trouble) if graph.name == "whole.onnx" else session


class _Failing:
    def __init__(self, trouble: str) -> None:
        self.trouble = trouble

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        """Fail."""
        raise EngineError(self.trouble)


def test_without_memory_it_is_measured_and_painted(whole_model: Model, make_style: Any) -> None:
    """Where there is no room, the picture is painted in two steps, and so are the next ones."""
    backend = Scarce("bad allocation")
    painter = Painter(make_style(), model=whole_model, backend=backend)
    pixels = noise(300, 300)
    for _ in range(2):
        np.testing.assert_array_equal(
            painter.paint(pixels), painter.paint_pixels(pixels, painter.affine(pixels))
        )
    assert [name for name, _ in backend.loads].count("whole.onnx") == 1


def test_another_trouble_is_told(whole_model: Model, make_style: Any) -> None:
    """What is no want of memory ends painting."""
    painter = Painter(make_style(), model=whole_model, backend=Scarce("broken"))
    with pytest.raises(EngineError, match="broken"):
        painter.paint(noise(300, 300))


@pytest.mark.parametrize("name", ["default", "quality"])
def test_the_graph_normalises_by_the_whole_picture(name: str) -> None:
    """A bundled model paints at once what it paints after every pixel was measured."""
    data = pytest.importorskip("skimage.data")
    photo = np.ascontiguousarray(data.astronaut()[:288, :320])
    painter = Painter("scream", model=name, engine=EngineSettings("float32"))
    assert painter.whole.takes(photo)
    once = painter.paint(photo).astype(int)
    apart = painter.paint_pixels(photo, compose(painter.code, full(painter, photo)))
    assert np.abs(once - apart).max() <= 4
    assert np.abs(once - apart).mean() < 0.5


def test_models_without_the_graph_measure_and_paint(tmp_path: Path) -> None:
    """A model folder of before, whose manifest does not know the graph, paints as it did."""
    folder = tmp_path / "old"
    shutil.copytree(BUNDLED / "default", folder)
    (folder / "whole.onnx").unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["whole_pixels"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    photo = noise(256, 272)
    old = Painter("scream", model=load_model(folder), engine=EngineSettings("float32"))
    assert not old.whole.takes(photo)
    wanted = old.paint_pixels(photo, old.affine(photo))
    np.testing.assert_array_equal(old.paint(photo), wanted)
