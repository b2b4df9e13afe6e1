"""Live painting: the newest frame, at a size that keeps the rate."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import VideoError
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.film import Film
from impasto.engine.live import Newest, SizePilot, paint_live
from impasto.engine.model import Model
from impasto.engine.painter import Painter
from impasto.media.video import Frame, VideoInfo
from impasto.styles.package import Style


@given(st.integers(1, 4000), st.floats(1e-9, 1e-6))
def test_the_size_settles_where_the_rate_holds(longest: int, cost: float) -> None:
    """However fast a machine is, the size ends as large as can be painted in time, and stays."""
    period = 1 / 25
    pilot = SizePilot(longest, period)
    seen = []
    for _ in range(600):
        pilot.note(cost * pilot.size**2)
        seen.append(pilot.size)
    assert set(seen) <= set(pilot.sizes)
    assert max(pilot.sizes) == longest
    assert len(set(seen[-100:])) == 1
    assert cost * pilot.size**2 <= 0.95 * period or pilot.size == min(pilot.sizes)
    larger = [size for size in pilot.sizes if size > pilot.size]
    assert not larger or cost * min(larger) ** 2 >= 0.7 * period


def test_a_slow_start_is_forgiven() -> None:
    """The first frame prepares the engine and does not count."""
    pilot = SizePilot(640, 0.04)
    pilot.note(10.0)
    pilot.note(0.01)
    assert pilot.size == 640


class Source:
    """Gives frames at once, and then fails if told so."""

    damage = None
    info = VideoInfo("camera", 40, 30, Fraction(25), Fraction(1, 1000))

    def __init__(self, count: int, error: str = "") -> None:
        self._count, self._error = count, error

    def frames(self, since: int | None = None) -> Iterator[Frame]:
        """Frames whose pixels are their number."""
        for number in range(self._count):
            yield Frame(number, 1, lambda n=number: np.full((30, 40, 3), n, np.uint8))  # type: ignore[misc]
        if self._error:
            raise VideoError(self._error)

    def close(self) -> None:
        """Nothing is open."""


def test_the_newest_frame_is_taken() -> None:
    """However many frames have passed, the last one is seen, and then the end."""
    newest = Newest(Source(50))
    numbers = []
    while (taken := newest.take()) is not None:
        numbers.append(taken[0].pts)
    newest.close()
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 49


def test_a_camera_that_fails_is_told() -> None:
    """The error of the reading thread reaches the caller after the last frame."""
    newest = Newest(Source(1, "unplugged"))
    with pytest.raises(VideoError, match="unplugged"):
        list(iter(newest.take, None))
    newest.close()


def test_each_frame_is_painted_at_once(model: Model, make_style: object) -> None:
    """Live painting never waits for later frames: each one comes back before the next is taken."""
    style: Style = make_style()  # type: ignore[operator]
    film = Film(Painter(style, model=model, backend=FakeBackend()))
    paintings = list(paint_live(Source(20), film))
    assert paintings
    assert paintings[-1].pixels.shape == (30, 40, 3)
    assert all(0 < painting.latency < 60 for painting in paintings)
