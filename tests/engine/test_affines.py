"""Affines that are remembered: a photo never gets those of another one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.engine.affines import compose
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.model import Model, load_model
from impasto.engine.painter import Painter
from impasto.styles.package import Style

MakeStyle = Callable[..., Style]


def noise(seed: int, height: int = 40, width: int = 60) -> np.ndarray:
    """A picture of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def fresh(painter: Painter, pixels: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    """The affine that a painter measures, whatever is remembered."""
    return compose(painter.code, painter.measure(pixels, alpha))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 3),
    row=st.integers(0, 39),
    column=st.integers(0, 59),
    step=st.sampled_from([-1, 1]),
    opacity=st.none() | st.integers(0, 255),
)
def test_photo_b_never_gets_photo_as_statistics(
    model: Model,
    make_style: MakeStyle,
    seed: int,
    row: int,
    column: int,
    step: int,
    opacity: int | None,
) -> None:
    """Two photos of one size that differ in one level, or in one pixel's opacity, are measured."""
    painter = Painter(make_style(), model=model, backend=FakeBackend())
    a = noise(seed)
    b = a.copy()
    b[row, column, 1] = np.clip(int(b[row, column, 1]) + step, 0, 255)
    alpha = np.full((40, 60), 200, np.uint8)
    other = alpha.copy()
    other[row, column] = 0 if opacity is None else opacity
    kinds = [(a, None), (b, None), (a, alpha), (a, other), (b, alpha), (b, other)]
    expected = [fresh(painter, pixels, mask) for pixels, mask in kinds]
    for _ in range(2):
        found = [painter.affine(pixels, mask) for pixels, mask in kinds]
        np.testing.assert_array_equal(found, expected)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.integers(0, 199),
    column=st.integers(0, 249),
    length=st.integers(1, 90),
    opacity=st.integers(0, 255),
)
def test_large_photos_have_their_own_too(
    model_folder: Path,
    rewrite_manifest: Callable[..., None],
    make_style: MakeStyle,
    row: int,
    column: int,
    length: int,
    opacity: int,
) -> None:
    """Photos that are measured in patches, and differ in a patch or beside it, are kept apart."""
    rewrite_manifest(thumbnail=48)
    painter = Painter(make_style(), model=load_model(model_folder), backend=FakeBackend())
    a = noise(0, 200, 250)
    b, alpha = a.copy(), np.full((200, 250), 200, np.uint8)
    there = np.s_[row : row + length, column : column + length]
    b[there] = 255 - b[there]
    other = alpha.copy()
    other[there] = opacity
    kinds = [(a, None), (b, None), (a, alpha), (a, other), (b, alpha), (b, other)]
    expected = [fresh(painter, pixels, mask) for pixels, mask in kinds]
    for _ in range(2):
        found = [painter.affine(pixels, mask) for pixels, mask in kinds]
        np.testing.assert_array_equal(found, expected)


def test_real_photos_that_are_nearly_equal() -> None:
    """In the real trunk, another pixel gives other statistics, and each photo keeps its own."""
    painter = Painter("scream", model=load_model())
    a = noise(0, 96, 128)
    b = a.copy()
    b[50, 60] = 255 - b[50, 60]
    alpha = np.full((96, 128), 255, np.uint8)
    other = alpha.copy()
    other[50, 60] = 0
    cases = [(a, None), (b, None), (a, other), (b, alpha)]
    affines = [painter.affine(*case) for case in cases]
    for case, affine in zip(cases, affines, strict=True):
        assert painter.affine(*case) is affine
        np.testing.assert_array_equal(affine, fresh(painter, *case))
    assert (affines[0] != affines[1]).any()
    assert (affines[0] != affines[2]).any()


def test_the_same_photo_is_measured_once(model: Model, make_style: MakeStyle) -> None:
    """Painters of one style on one backend share what was measured, and paint the same."""
    backend = FakeBackend()
    one, two = (Painter(make_style(), model=model, backend=backend) for _ in range(2))
    paintings = [painter.paint(noise(0)).tobytes() for painter in (one, two, one)]
    assert backend.runs.count("measure.onnx") == 1
    assert len(set(paintings)) == 1


def test_another_code_trunk_or_backend_is_measured(
    model: Model, make_style: MakeStyle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A photo in another style or on another backend has its own affine; strengths share one."""
    backend, other = FakeBackend(), FakeBackend()
    style, bent = make_style(), make_style(code=make_style().code * np.float32(0.5))
    affines = [
        Painter(style, model=model, backend=backend).affine(noise(0)),
        Painter(style, strength=0.5, model=model, backend=backend).affine(noise(0)),
        Painter(bent, model=model, backend=backend).affine(noise(0)),
        Painter(style, model=model, backend=other).affine(noise(0)),
    ]
    assert backend.runs.count("measure.onnx") == 2
    assert other.runs.count("measure.onnx") == 1
    assert len({affine.tobytes() for affine in affines[:3]}) == 2


def test_measuring_itself_remembers_nothing(model: Model, make_style: MakeStyle) -> None:
    """`measure` runs the graph on every call, so that it can be timed."""
    backend = FakeBackend()
    painter = Painter(make_style(), model=model, backend=backend)
    for _ in range(3):
        painter.measure(noise(0))
    assert backend.runs == ["measure.onnx"] * 3


def test_nobody_can_change_what_is_remembered(model: Model, make_style: MakeStyle) -> None:
    """A remembered affine cannot be written to."""
    affine = Painter(make_style(), model=model, backend=FakeBackend()).affine(noise(0))
    with pytest.raises(ValueError, match="read-only"):
        affine[0] = 0


def test_threads_get_the_affine_of_their_own_photo(model: Model, make_style: MakeStyle) -> None:
    """Eight threads and twelve photos, all remembered together: each affine is the right one."""
    painter = Painter(make_style(), model=model, backend=FakeBackend())
    photos = [noise(seed) for seed in range(12)]
    expected = [fresh(painter, photo) for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(painter.affine, photos * 8))
    np.testing.assert_array_equal(found, expected * 8)
