"""Motion in cells: none in still scenes, and that of a camera in clear skies, too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

pytest.importorskip("cv2")

from impasto.core.arrays import RGB
from impasto.engine.cell_flow import cell_flow, grid_of
from impasto.engine.flow import Flow, FlowFinder, opencv
from impasto.engine.following import Follower


def taken(photo: RGB, noise: float, seed: int, right: float = 0.0, down: float = 0.0) -> RGB:
    """A photo by a camera with noise that looks so many pixels further."""
    rows, columns = photo.shape[:2]
    cv2 = opencv()
    move = np.array([[1, 0, -right], [0, 1, -down]], np.float32)
    seen = cv2.warpAffine(photo, move, (columns, rows), borderMode=cv2.BORDER_REFLECT)
    random = np.random.default_rng(seed)
    return np.clip(seen + random.normal(0, noise, seen.shape), 0, 255).astype(np.uint8)


def found(now: RGB, before: RGB) -> Flow:
    """The motion of the cells in pixels, as a follower finds it."""
    follower = Follower(1.0)
    follower.motion(before)
    motion = follower.motion(now)
    assert motion is not None
    return 8 * cell_flow(now, before, motion.flow, motion.trust)


@pytest.mark.parametrize("noise", [0.0, 1.0, 4.0, 8.0])
@pytest.mark.parametrize("name", ["rocket", "coffee", "chelsea"])
def test_in_a_still_scene_nothing_moves(name: str, noise: float) -> None:
    """Noise has flow of pixels, in a clear sky everywhere; cells stay where they are."""
    photo = getattr(data, name)()
    now, before = taken(photo, noise, 1), taken(photo, noise, 2)
    assert np.percentile(np.linalg.norm(found(now, before), axis=2), 99) < 0.05
    if noise >= 4 and name == "rocket":  # or there would be nothing to be still about
        flow = FlowFinder("fine").find(now, before)
        assert np.percentile(np.linalg.norm(flow, axis=2), 80) > 0.5


@pytest.mark.parametrize("noise", [1.0, 4.0])
@pytest.mark.parametrize("name", ["rocket", "coffee"])
def test_a_sky_moves_with_the_camera(name: str, noise: float) -> None:
    """Where nothing can be followed, cells go with what is around them."""
    photo, right, down = getattr(data, name)(), 3.0, 1.5
    step = found(taken(photo, noise, 1, right, down), taken(photo, noise, 2))
    missed = np.linalg.norm(step - (right, down), axis=2)
    assert np.median(missed) < 0.5
    assert np.percentile(missed, 90) < 2.0


def test_what_moves_leaves_the_rest_where_it_is() -> None:
    """A thing that crosses a still picture takes its own cells along, and no others."""
    photo, thing = data.coffee(), data.chelsea()[100:220, 120:280]
    now, before = taken(photo, 2.0, 1), taken(photo, 2.0, 2)
    before[120:240, 200:360], now[120:240, 206:366] = thing, thing
    step = found(now, before)
    assert np.median(step[18:28, 30:42, 0]) == pytest.approx(-6, abs=0.5)
    away = np.linalg.norm(step, axis=2)
    away[10:36, 20:52] = 0.0
    assert np.percentile(away, 95) < 0.5


@given(rows=st.integers(16, 70), columns=st.integers(16, 70), value=st.integers(0, 255))
def test_any_size_has_its_grid(rows: int, columns: int, value: int) -> None:
    """Cells of eight pixels, the last of a part; a picture of one colour never moves."""
    flat = np.full((rows, columns, 3), value, np.uint8)
    step = found(flat, flat)
    assert step.dtype == np.float32
    assert step.shape == (*grid_of(rows, columns), 2)
    assert grid_of(rows, columns) == (-(-rows // 8), -(-columns // 8))
    assert not step.any()
