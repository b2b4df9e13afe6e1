"""Painting a video in stages that overlap."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from impasto.core.arrays import RGB
from impasto.core.errors import EngineError
from impasto.engine import film
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.film import Batch, Film, Restart, paint_video
from impasto.engine.flow import Flow
from impasto.engine.following import Motion
from impasto.engine.model import Model, load_model
from impasto.engine.painter import Painter
from impasto.engine.selection import Chosen, Mark
from impasto.engine.shots import Ready
from impasto.engine.temporal import Temporal, paint_ready
from impasto.media.video import VideoInfo
from impasto.styles.package import Style

from .test_cuts import scene

pytestmark = pytest.mark.usefixtures("tiny_as_they_are")

INFO = VideoInfo("clip", 48, 32, Fraction(10), Fraction(1, 10))
FRAMES = scene(1, 25) + scene(2, 3) + scene(3, 24)


@pytest.fixture
def painter(
    model_folder: Path, rewrite_manifest: Callable[..., None], make_style: Callable[..., Style]
) -> Painter:
    """A painter on the fake engine, whose thumbnails are small."""
    rewrite_manifest(thumbnail=48)
    model: Model = load_model(model_folder)
    return Painter(make_style(), model=model, backend=FakeBackend())


def chosen(frames: list[RGB], first: int = 0) -> list[Chosen]:
    """Frames as they are chosen from a video, a tick each."""
    return [
        Chosen(Mark(n, n), n, 1, lambda pixels=frames[n]: pixels)  # type: ignore[misc]
        for n in range(first, len(frames))
    ]


def painted(film: Film, restart: Restart | None = None) -> list[Batch]:
    """All batches of the frames."""
    batches: list[Batch] = []
    items = chosen(FRAMES, restart.feed.number if restart else 0)
    for _ in paint_video(items, INFO, film, batches.append, restart):
        pass
    return batches


def pixels_of(batches: list[Batch]) -> list[RGB]:
    """Their paintings."""
    return [painting.pixels for batch in batches for painting in batch.paintings]


def offsets_of(batches: list[Batch]) -> list[Flow]:
    """How far the grain of each painting has gone."""
    pasts = [batch.restart.past for batch in batches if batch.paintings]
    return [past.drift.offsets for past in pasts if past and past.drift]


def late(painter: Painter, ready: Ready, motion: Motion | None = None) -> RGB:
    """Paints after up to 6 ms, by what is on the frame."""
    time.sleep(ready.job.photo.pixels.sum() % 7 / 1000)
    return paint_ready(painter, ready, motion)


@pytest.mark.parametrize("flow", [0.0, 1.0])
def test_stages_paint_what_one_after_the_other_does(
    painter: Painter, monkeypatch: pytest.MonkeyPatch, flow: float
) -> None:
    """Three frames at once, each after its own while: the same paintings, in order, over cuts."""
    pytest.importorskip("cv2")
    monkeypatch.setattr(film, "paint_ready", late)
    batches = painted(Film(painter, flow=flow, crowd=3))
    temporal = Temporal(painter, rate=10, flow=flow)
    wanted = [each for frame in FRAMES for each in temporal.push(frame)] + temporal.finish()
    assert np.array_equal(pixels_of(batches), wanted)
    times = [painting.pts for batch in batches for painting in batch.paintings]
    assert times == list(range(len(FRAMES)))
    assert [batch.is_last for batch in batches] == [False] * len(FRAMES) + [True]


@pytest.mark.parametrize("flow", [0.0, 1.0])
@pytest.mark.parametrize("stop", [12, 26, 40, 51])
def test_a_video_is_taken_up_where_it_was_left(painter: Painter, flow: float, stop: int) -> None:
    """From any batch on, the frames behind it come out as they did, and none before it."""
    pytest.importorskip("cv2")
    film = Film(painter, window=0.5, flow=flow, crowd=2)
    batches = painted(film)
    again = painted(film, batches[stop].restart)
    assert np.array_equal(pixels_of(again), pixels_of(batches[stop + 1 :]))


@pytest.mark.parametrize("stop", [12, 26, 40])
def test_grain_is_taken_up_where_it_was_left(painter: Painter, stop: int) -> None:
    """It goes with the camera, begins anew with each shot, and a restart changes nothing."""
    pytest.importorskip("cv2")
    film = Film(painter, window=0.5, flow=1.0, crowd=2)
    batches = painted(film)
    offsets = offsets_of(batches)
    assert [n for n, each in enumerate(offsets) if not each.any()] == [0, 25, 28]
    for last, frames in ((24, 24), (51, 23)):  # a pixel, an eighth of a cell, a frame
        assert np.median(offsets[last][..., 0]) == pytest.approx(frames / 8, rel=0.2)
    again = offsets_of(painted(film, batches[stop].restart))
    assert np.array_equal(again, offsets[stop + 1 :])


def test_nothing_is_written_behind_a_frame_that_fails(
    painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though later frames are painted already, what is written ends before the one that failed."""
    fails = FRAMES[30]

    def paint(painter: Painter, ready: Ready, motion: Motion | None = None) -> RGB:
        if ready.job.photo.pixels is fails:
            time.sleep(0.1)
            raise EngineError("out of paint")
        return paint_ready(painter, ready, motion)

    monkeypatch.setattr(film, "paint_ready", paint)
    batches: list[Batch] = []
    at_once = Film(painter, window=0.0, crowd=3)
    with pytest.raises(EngineError, match="out of paint"):
        for _ in paint_video(chosen(FRAMES), INFO, at_once, batches.append):
            pass
    assert [painting.pts for batch in batches for painting in batch.paintings] == list(range(30))
