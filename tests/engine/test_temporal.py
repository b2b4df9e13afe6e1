"""Calm video: smoothed statistics, shots, order, memory, no drift."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.arrays import RGB
from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings
from impasto.engine import shots as module
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.images import to_picture
from impasto.engine.model import Model, load_model
from impasto.engine.painter import Painter
from impasto.engine.temporal import Temporal
from impasto.styles.package import Style

from .test_cuts import scene

MakePainter = Callable[..., Painter]
LARGE = (64, 200)
"""Above one and a half thumbnails of the fake engine's model: measured in patches."""

pytestmark = pytest.mark.usefixtures("tiny_as_they_are")


@pytest.fixture
def model(model_folder: Path, rewrite_manifest: Callable[..., None]) -> Model:
    """The fake engine's model with a small thumbnail, which is measured fast."""
    rewrite_manifest(thumbnail=48)
    return load_model(model_folder)


@pytest.fixture
def backend() -> FakeBackend:
    """A fake engine that remembers what it was asked."""
    return FakeBackend()


@pytest.fixture
def make_painter(
    model: Model, backend: FakeBackend, make_style: Callable[..., Style]
) -> MakePainter:
    """A maker of painters on the fake engine."""
    return lambda **given: Painter(make_style(), model=model, backend=backend, **given)


@pytest.fixture
def painter(make_painter: MakePainter) -> Painter:
    """A painter on the fake engine."""
    return make_painter()


def paint(temporal: Temporal, frames: Any) -> list[RGB]:
    """All paintings of some frames."""
    done = [each for frame in frames for each in temporal.push(frame)]
    return done + temporal.finish()


def pulsing(count: int, size: tuple[int, int] = (32, 48)) -> list[RGB]:
    """A still scene whose brightness trembles from frame to frame."""
    random = np.random.default_rng(0)
    still = random.integers(60, 180, (*size, 3))
    return [np.clip(still + random.normal(0, 12), 0, 255).astype(np.uint8) for _ in range(count)]


def noisy(count: int, seed: int = 0, size: tuple[int, int] = (60, 96)) -> Iterator[RGB]:
    """A still scene with the noise of a camera."""
    random = np.random.default_rng(seed)
    still = np.kron(random.integers(40, 210, (size[0] // 6, size[1] // 6, 3)), np.ones((6, 6, 1)))
    for _ in range(count):
        yield np.clip(still + random.normal(0, 2, still.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("flow", [0.0, 1.0])
def test_every_frame_comes_out_once_in_order(painter: Painter, live: bool, flow: float) -> None:
    """As many paintings as frames, each of its own frame, over cuts and to the end."""
    pytest.importorskip("cv2")
    frames = scene(1, 40) + scene(2, 3) + scene(3, 40)
    calm = paint(Temporal(painter, rate=25, live=live, flow=flow), frames)
    assert len(calm) == len(frames)
    for frame, painted in zip(frames, calm, strict=True):
        own = painter.paint(frame)
        assert painted.dtype == np.uint8
        assert np.corrcoef(painted.ravel(), own.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("size", [(32, 48), LARGE])
def test_without_a_window_it_is_frame_by_frame(painter: Painter, size: tuple[int, int]) -> None:
    """A window of 0 waits for nothing and paints each frame as a photo, also by its patches."""
    temporal = Temporal(painter, rate=25, window=0)
    for frame in pulsing(5, size):
        (painted,) = temporal.push(frame)
        assert np.abs(painted.astype(int) - painter.paint(frame)).max() <= 1
    assert temporal.finish() == []


def test_live_answers_at_once(painter: Painter) -> None:
    """Live, each frame gives its own painting, the first one as a photo's."""
    temporal = Temporal(painter, rate=25, live=True)
    frames = pulsing(30)
    answers = [temporal.push(frame) for frame in frames]
    assert [len(answer) for answer in answers] == [1] * 30
    assert np.abs(answers[0][0].astype(int) - painter.paint(frames[0])).max() <= 1


@pytest.mark.parametrize("live", [False, True])
def test_smoothing_keeps_what_the_frames_do(painter: Painter, live: bool) -> None:
    """Normalising each frame by itself hides its brightness; smoothed, paintings tremble as it."""
    frames = pulsing(60)
    means = np.array([frame.mean() for frame in frames])
    own = np.array([painter.paint(frame).mean() for frame in frames])
    calm = np.array([each.mean() for each in paint(Temporal(painter, rate=10, live=live), frames)])
    late = slice(20, 40)
    assert np.corrcoef(calm[late], means[late])[0, 1] > 0.95
    assert np.corrcoef(own[late], means[late])[0, 1] < 0.9


def test_statistics_change_little_between_frames(painter: Painter, backend: FakeBackend) -> None:
    """The same frame within a trembling shot is painted nearly the same each time."""
    frames = pulsing(90)
    frames[30:60:2] = [frames[30]] * 15
    calm = paint(Temporal(painter, rate=25), frames)[30:60:2]
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(calm)]
    assert max(steps) < 1.5


def test_a_cut_resets_statistics(painter: Painter) -> None:
    """A shot is painted as if there were no other before or after it."""
    first, second = scene(1, 30), scene(2, 30)
    together = paint(Temporal(painter, rate=10), first + second)
    apart = [each for shot in (first, second) for each in paint(Temporal(painter, rate=10), shot)]
    # Frames are measured by their number in the video: the second shot at other ones.
    for one, other in zip(together, apart, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 0.5


def test_a_frame_lags_by_the_window(painter: Painter) -> None:
    """A painting comes when a window and the cut's three frames are there behind it, no later."""
    temporal = Temporal(painter, rate=8)
    answers = [len(temporal.push(frame)) for frame in pulsing(30)]
    assert answers == [0] * 11 + [1] * 19


def test_frames_that_wait_are_bounded_by_bytes(
    painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large frames wait for fewer behind them, so that memory is bounded."""
    frames = pulsing(30)
    monkeypatch.setattr(module, "_MOST_WAITING", 4 * frames[0].nbytes)
    temporal = Temporal(painter, rate=25)
    answers = [len(temporal.push(frame)) for frame in frames]
    assert answers == [0] * 7 + [1] * 23


def test_not_every_frame_is_measured(painter: Painter, backend: FakeBackend) -> None:
    """A second of 24 frames is measured eight times, and each shot at its first frame."""
    paint(Temporal(painter, rate=24), scene(1, 47) + scene(2, 2))
    # Frames 0, 3, ... 45, then 47 as the first of its shot, and 48.
    assert backend.runs.count("measure.onnx") == 16 + 2
    assert backend.runs.count("paint.onnx") == 49


def test_large_frames_are_measured_in_patches(painter: Painter, backend: FakeBackend) -> None:
    """As many frames of a large video are measured as of a small one, all of them in patches."""
    paint(Temporal(painter, rate=24), pulsing(24, LARGE))
    measured = [shapes["image"] for name, shapes in backend.loads if name == "measure.onnx"]
    assert measured == [(1, 64, 64, 3)] * 8


def test_each_frame_has_its_own_code(painter: Painter, model: Model) -> None:
    """A code given with a frame is what it is measured and painted with."""
    frames, other = list(noisy(24)), model.identity_code
    temporal = Temporal(painter, rate=25, window=0)
    plain = [temporal.push(frame)[0] for frame in frames[:2]]
    coded = temporal.push(frames[2], other)[0]
    back = temporal.push(frames[3])[0]
    noise = np.abs(plain[0].astype(int) - plain[1]).mean()
    assert np.abs(coded.astype(int) - plain[0]).mean() > 2 * noise
    assert np.abs(back.astype(int) - plain[0]).mean() < 1.1 * noise


def test_strength_0_gives_the_frames_back(make_painter: MakePainter, backend: FakeBackend) -> None:
    """At strength 0 every frame comes back exactly, and nothing is run."""
    frames = scene(1, 12)
    painter = make_painter(strength=0.0)
    for flow in (0.0, 1.0):
        for frame, painted in zip(
            frames, paint(Temporal(painter, rate=25, flow=flow), frames), strict=True
        ):
            np.testing.assert_array_equal(painted, frame)
    assert backend.runs == []


@pytest.mark.parametrize("given", [{"size": 40}, {"colors": "content"}, {"stroke_reference": 64}])
def test_the_painters_settings_hold(make_painter: MakePainter, given: dict[str, Any]) -> None:
    """Size, colours and stroke reference do to a frame what they do to a photo."""
    painter, frames = make_painter(**given), pulsing(3)
    calm = paint(Temporal(painter, rate=25, window=0), frames)
    for frame, painted in zip(frames, calm, strict=True):
        assert np.abs(painted.astype(int) - painter.paint(frame)).max() <= 1


def test_taken_up_in_the_middle_it_goes_on_alike(painter: Painter) -> None:
    """Fed from two windows before a place on, all paintings behind it are the same bytes."""
    frames = scene(1, 50, speed=0.5) + scene(2, 60, speed=0.5)
    whole = paint(Temporal(painter, rate=10), frames)
    for feed, place in ((10, 40), (61, 85)):
        again = paint(Temporal(painter, rate=10, first=feed), frames[feed:])
        for number in range(place, len(frames)):
            np.testing.assert_array_equal(again[number - feed], whole[number])


@settings(max_examples=15)
@given(
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    window=st.floats(0.0, 2.0),
    live=st.booleans(),
)
def test_any_lengths_of_shots(cuts: list[int], window: float, live: bool) -> None:
    """Whatever shots and window, as many frames come out as went in."""
    calm = paint(
        Temporal(_Copier(), rate=6, window=window, live=live),  # type: ignore[arg-type]
        [frame for seed, length in enumerate(cuts) for frame in scene(seed, length)],
    )
    assert len(calm) == sum(cuts)


class _Copier:
    """A painter that gives frames back: what it takes to try many orders fast."""

    class settings:  # noqa: N801
        strength, stroke_reference = 1.0, None

    class model:  # noqa: N801
        thumbnail = 64

    code, paints, regions = np.ones((2, 3), np.float32), True, None

    def patches(self, photo: Any) -> None:
        return None

    def prepare(self, picture: Any) -> Any:
        return picture

    def measure(self, pixels: RGB, alpha: None = None, code: Any = None) -> Any:
        return np.stack([pixels.mean(axis=(0, 1)), pixels.std(axis=(0, 1)) + 1]).astype(np.float32)

    def paint_measured(self, measured: Any) -> Any:
        assert np.isfinite(measured.affine).all()
        return measured.photo


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rate": 0}, "rate is 0"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"window": -1}, "window is -1"),
        ({"window": 61}, "window is 61"),
        ({"flow": 1.5}, r"flow is 1\.5"),
        ({"flow": float("nan")}, "flow is nan"),
    ],
)
def test_values_out_of_range(painter: Painter, wrong: dict[str, float], told: str) -> None:
    """What is out of its range is refused with the value."""
    with pytest.raises(SettingsError, match=told):
        Temporal(painter, **{"rate": 25, **wrong})


LEFT = np.repeat(np.arange(48) < 24, 32).reshape(48, 32).T


def test_each_style_of_a_frame_is_calm(
    make_painter: MakePainter, make_style: Callable[..., Style], backend: FakeBackend
) -> None:
    """A mask's style and the rest are smoothed each by itself, as in videos of their own."""
    two = make_style(name="two", code=make_style().code * np.float32(0.5))
    masked = make_painter(masks=[(two, LEFT)])
    frames = pulsing(30)
    paintings = np.stack(paint(Temporal(masked, rate=10), frames))
    assert backend.runs.count("paint.onnx") == 60
    other = Painter(two, model=masked.model, backend=backend)
    for painter, columns in ((other, slice(24)), (make_painter(), slice(24, 48))):
        parts = [np.ascontiguousarray(frame[:, columns]) for frame in frames]
        alone = np.stack(paint(Temporal(painter, rate=10), parts))
        np.testing.assert_array_equal(paintings[:, :, columns], alone)


@pytest.mark.parametrize("size", [(32, 48), LARGE])
def test_frame_by_frame_masks_are_those_of_pictures(
    make_painter: MakePainter, size: tuple[int, int]
) -> None:
    """Without a window a frame is what the painter makes of it, photo and soft edges included."""
    painter = make_painter(masks={"photo": LEFT}, feather=5)
    frames = pulsing(3, size)
    for painted, frame in zip(
        paint(Temporal(painter, rate=10, window=0), frames), frames, strict=True
    ):
        np.testing.assert_array_equal(painted, painter.paint(frame))


@pytest.mark.parametrize("live", [False, True])
def test_a_region_may_vanish_with_the_size(make_painter: MakePainter, live: bool) -> None:
    """Where frames become so small that nothing of a mask is left, and large again, all go on."""
    speck = np.zeros((200, 200), bool)
    speck[0, 0] = True
    masked = make_painter(masks={"photo": ~speck})
    frames = [frame for size in (200, 4, 200) for frame in pulsing(4, (size, size))]
    assert [len(masked.patches(to_picture(frame)) or ()) for frame in frames[::4]] == [2, 1, 2]
    paintings = paint(Temporal(masked, rate=10, live=live), frames)
    assert [painted.shape for painted in paintings] == [frame.shape for frame in frames]
    np.testing.assert_array_equal(paintings[5], frames[5])
    assert (paintings[9][0, 0] != frames[9][0, 0]).any()


def test_masks_and_flow_exclude_each_other(make_painter: MakePainter) -> None:
    """What moves over the edge of a mask would take its style along."""
    pytest.importorskip("cv2")
    with pytest.raises(SettingsError, match="masks and flow exclude each other"):
        Temporal(make_painter(masks={"photo": LEFT}), rate=10, flow=0.5)


def drift(count: int, flow: float) -> tuple[float, float, float]:
    """How a still scene with noise moves when it is painted.

    In levels how far the mean colour moves from the first tenth to the last, the largest step from
    frame to frame beyond what noise explains, and the mean step as a multiple of that.

    What noise explains is what it does to paintings under one and the same affine, pair by pair:
    a largest step of all would grow with the number of frames.
    """
    # One thread: on a busy machine two of them wait for each other more than they work.
    painter = Painter("scream", engine=EngineSettings("float32", threads=1))
    affine = painter.affine(next(noisy(1)))
    explained = np.array(steps_of(painter.paint_pixels(frame, affine) for frame in noisy(count)))
    temporal, means = Temporal(painter, rate=50, flow=flow), []

    def paintings() -> Iterator[RGB]:
        for frame in [*noisy(count), None]:
            for painted in temporal.finish() if frame is None else temporal.push(frame):
                means.append(painted.mean(axis=(0, 1)))
                yield painted

    steps = np.array(steps_of(paintings()))
    assert len(means) == count
    tenth = count // 10
    moved = np.mean(means[:tenth], axis=0) - np.mean(means[-tenth:], axis=0)
    return np.abs(moved).max(), (steps - explained).max(), steps.mean() / explained.mean()


def steps_of(paintings: Iterable[RGB]) -> list[float]:
    """How much each painting differs from the one before, in levels."""
    return [float(np.abs(b.astype(int) - a).mean()) for a, b in pairwise(paintings)]


@pytest.mark.parametrize("flow", [0.0, 1.0])
def test_a_still_scene_does_not_drift(flow: float) -> None:
    """On 300 noisy frames of one scene the mean stays and neighbours differ as noise explains."""
    pytest.importorskip("cv2")
    moved, step, ratio = drift(300, flow)
    assert moved < 0.5
    assert step < 0.25
    assert ratio < 1.05


@pytest.mark.slow
@pytest.mark.parametrize("flow", [0.0, 1.0])
def test_10000_frames_do_not_drift(flow: float) -> None:
    """The same over 10,000 frames."""
    pytest.importorskip("cv2")
    moved, step, ratio = drift(10_000, flow)
    assert moved < 0.5
    assert step < 0.25
    assert ratio < 1.05
