"""Filters that styles mix: once for a style, and never those of another one."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from impasto.core.settings import EngineSettings
from impasto.engine.affines import compose
from impasto.engine.backend import Session, Shapes
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.filters import filter_shapes, filters_of
from impasto.engine.model import Model, load_model
from impasto.engine.openvino_backend import OpenVinoBackend
from impasto.engine.painter import Painter


class Counting(OpenVinoBackend):
    """Counts how often each graph is asked for."""

    def __init__(self) -> None:
        super().__init__(EngineSettings(precision="float32"))
        self.asked = Counter[str]()

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Load and count."""
        self.asked[graph.name] += 1
        return super().load(graph, shapes, exact=exact)


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Three parts of a photo, small enough to be painted often."""
    photo = skimage.data.astronaut()
    return [np.ascontiguousarray(photo[at : at + 96, at : at + 128]) for at in (0, 100, 200)]


def test_filters_are_mixed_once_for_a_style(photos: list[np.ndarray]) -> None:
    """Any number of photos by any number of painters takes one mixture for each style."""
    backend = Counting()
    for name in ("scream", "udnie", "scream:0.5,udnie:0.5", "scream"):
        painter = Painter(name, backend=backend)
        for photo in photos:
            painter.paint(photo)
    assert (backend.asked["mix.onnx"], backend.asked["measure.onnx"]) == (3, 9)


def test_a_style_never_gets_the_filters_of_another_one(photos: list[np.ndarray]) -> None:
    """Painted in turns, each photo looks as it does where its style is the only one."""
    names = ("scream", "udnie", "great-wave")
    alone = {name: Painter(name, backend=Counting()).paint(photos[0]) for name in names}
    backend = Counting()
    for name in names * 2:
        painted = Painter(name, backend=backend).paint(photos[0])
        np.testing.assert_array_equal(painted, alone[name])
    assert len({painted.tobytes() for painted in alone.values()}) == 3


@pytest.mark.parametrize("name", ["default", "quality"])
def test_an_affine_mixes_as_its_code_does(name: str, photos: list[np.ndarray]) -> None:
    """Statistics leave those channels as they are that mix filters, to the last bit."""
    painter = Painter("scream", model=name)
    affine = compose(painter.code, painter.measure(photos[0]))
    mixing = painter.model.mixing
    assert mixing.sum() > 1000
    assert affine[:, mixing].tobytes() == painter.code[:, mixing].tobytes()
    assert (affine[:, ~mixing] != painter.code[:, ~mixing]).mean() > 0.5


def test_what_is_kept_cannot_be_changed() -> None:
    """Filters are shared by all who paint in a style, so none can write to them."""
    painter, model = Painter("scream"), load_model()
    (filters,) = filters_of(painter.backend, model, painter.code).values()
    assert {"filters": filters.shape} == filter_shapes(model)
    with pytest.raises(ValueError, match="read-only"):
        filters[0] = 0


def test_a_model_without_a_bank_gives_its_graphs_none(model: Model) -> None:
    """Nothing is loaded and nothing is an input of the graphs."""
    backend = FakeBackend()
    assert filters_of(backend, model, model.identity_code) == {} == filter_shapes(model)
    assert backend.loads == []
