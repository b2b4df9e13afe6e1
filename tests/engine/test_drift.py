"""Grain and grid that go with the picture: what is where, and that strokes go along."""

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("cv2")

from impasto.core.settings import EngineSettings
from impasto.engine.backends import shared_backend
from impasto.engine.drift import Drift
from impasto.engine.flow import Flow
from impasto.engine.grain import grain
from impasto.engine.painter import Painter

ROWS, COLUMNS = 60, 80
SIZE = (8 * ROWS, 8 * COLUMNS)
cells = st.integers(-300, 300)


def everywhere(right: float, down: float) -> Flow:
    """The same motion in all cells, in pixels."""
    return np.full((ROWS, COLUMNS, 2), (right / 8, down / 8), np.float32)


def gone(right: float, down: float) -> Drift:
    """After one frame that moved so far."""
    return Drift.still(*SIZE).moved(everywhere(right, down))


@given(right=cells, down=cells, first=st.integers(0, ROWS - 3), left=st.integers(0, COLUMNS - 3))
def test_by_whole_cells_grain_is_that_of_another_place(
    right: int, down: int, first: int, left: int
) -> None:
    """What moved by whole cells has the grain that it had, in every tile and beyond the edge."""
    found = gone(8.0 * right, 8.0 * down).source(*SIZE, 8)(9, 9, (first, left))
    rows = [grain(1, 9, (line + down, left + right))[0, 0, 0] for line in range(first, first + 9)]
    np.testing.assert_allclose(found[0, 0], np.stack(rows), atol=2e-3)


@given(right=st.floats(-40, 40), down=st.floats(-40, 40))
def test_between_cells_grain_keeps_its_variance(right: float, down: float) -> None:
    """A mean of four cells is not paler than one."""
    field = gone(right, down).source(*SIZE, 8)(ROWS, COLUMNS)
    assert field.dtype == np.float32
    assert abs(field.mean()) < 0.15
    assert 0.8 < field.var() < 1.2


def test_where_the_picture_grows_fresh_grain_fills_up() -> None:
    """Ten frames of a zoom leave no flat grain, though few cells of the field are still seen."""
    rows, columns = (np.arange(side, dtype=np.float32) - side / 2 for side in (ROWS, COLUMNS))
    step = -0.2 * np.stack(np.broadcast_arrays(columns[None], rows[:, None]), axis=2)
    drift = Drift.still(*SIZE)
    for _ in range(10):
        drift = drift.moved(step)
    field = drift.source(*SIZE, 8)(ROWS, COLUMNS)[0, 0]
    assert 0.85 < field.var() < 1.15
    neighbours = np.mean(field[:, 1:] * field[:, :-1])
    assert neighbours < 0.3


def test_a_still_scene_keeps_its_grain() -> None:
    """Where nothing moves, a frame has the grain that a photo would have, at the same place."""
    drift = Drift.still(*SIZE).moved(everywhere(0.0, 0.0))
    assert drift.corner(*SIZE, 16) == (0, 0)
    found = drift.source(*SIZE, 8)(ROWS, COLUMNS)
    np.testing.assert_array_equal(found, grain(ROWS, COLUMNS))


@given(times=st.sampled_from([0.5, 1, 2]), right=st.integers(-99, 99), down=st.integers(-99, 99))
def test_another_size_has_the_same_drift(times: float, right: int, down: int) -> None:
    """Flow may be found at another size than is painted: so many pixels are more there."""
    size = (int(times * SIZE[0]), int(times * SIZE[1]))
    drift = gone(16.0 * right, 16.0 * down)
    there = (8 + int(2 * down * times), 9 + int(2 * right * times))
    found = drift.source(*size, 8)(5, 5, (8, 9))
    np.testing.assert_allclose(found, grain(5, 5, there), atol=2e-3)
    assert drift.corner(*size, 16) == (16 * down * times % 16, 16 * right * times % 16)


def test_what_is_painted_along_moves_nothing() -> None:
    """With rows above and columns to the left, the frame itself has the same grain."""
    drift = gone(24.0, -40.0)
    plain = drift.source(*SIZE, 8)(20, 20)
    framed = drift.source(*SIZE, 8, (16, 8))(22, 21)
    np.testing.assert_allclose(framed[..., 2:, 1:], plain, atol=2e-3)


def test_most_of_the_picture_counts_for_the_grid() -> None:
    """What a third of the picture does moves its grain and not the grid."""
    step = everywhere(5.0, -3.0)
    step[:, : COLUMNS // 3] = 4.0
    drift = Drift.still(*SIZE).moved(step)
    assert drift.corner(*SIZE, 16) == (13, 5)
    assert drift.offsets[ROWS // 2, 5].tolist() == [4.0, 4.0]


@pytest.mark.parametrize("style", ["scream", "starry-night"])
def test_strokes_go_with_the_picture(style: str) -> None:
    """A photo that moved by any pixels is painted as before, moved; by itself it is not."""
    painter = Painter(style, backend=shared_backend(EngineSettings(precision="float32")))
    photo = np.pad(skimage.data.coffee(), ((0, 200), (0, 200), (0, 0)), mode="reflect")
    before, now = photo[: SIZE[0], : SIZE[1]], photo[13 : SIZE[0] + 13, 22 : SIZE[1] + 22]
    affine = painter.affine(before)
    wanted = painter.paint_pixels(before, affine).astype(int)[173:253, 182:422]
    inner = (slice(160, 240), slice(160, 400))
    away = [
        np.abs(painter.paint_pixels(now, affine, drift)[inner] - wanted).mean()
        for drift in (gone(22.0, 13.0), None)
    ]
    assert away[0] < 0.25 * away[1]
    assert away[1] > 4


def test_tiles_of_a_frame_that_moved_are_the_whole() -> None:
    """Each tile takes its part of the grain, wherever that has gone."""
    backend = shared_backend(EngineSettings(precision="float32"))
    photo = np.tile(skimage.data.coffee(), (3, 2, 1))[:1001, :809]
    size = photo.shape[:2]
    drift = Drift.still(*size).moved(np.full((126, 102, 2), (4.6, -2.6), np.float32))
    whole, tiled = (Painter("scream", backend=backend, memory=m) for m in ("4G", "60M"))
    assert len(tiled.tiler.tiling(*size, held=16 * size[0] * size[1]).rows) > 1
    affine = whole.affine(photo)
    wanted = whole.paint_pixels(photo, affine, drift).astype(int)
    assert np.abs(tiled.paint_pixels(photo, affine, drift) - wanted).max() <= 2
