"""Flow between frames whose motion is known, and paintings that follow it."""

import builtins
from typing import Any

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("cv2")

from impasto.core.arrays import RGB
from impasto.core.errors import MissingExtraError
from impasto.engine.flow import (
    Floating,
    FlowFinder,
    fetch,
    keep_contrast,
    misses,
    mix,
    on_one_thread,
    resized,
    resized_flow,
    rounded,
    sharpness,
)
from impasto.engine.following import Follower


@pytest.fixture(scope="module")
def wide() -> RGB:
    """A real photo to move a camera over."""
    return np.ascontiguousarray(skimage.data.astronaut()[100:260, 100:420])


def view(wide: RGB, left: int, top: int = 10) -> RGB:
    """What the camera sees: 96 x 160."""
    return np.ascontiguousarray(wide[top : top + 96, left : left + 160])


def strokes(seed: int, shape: tuple[int, ...]) -> RGB:
    """A painting that flickers: grey with noise of its own."""
    noise = np.random.default_rng(seed).normal(128, 20, shape)
    return np.clip(noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", ["fine", "medium"])
def test_a_moving_camera_is_followed(wide: RGB, quality: Any) -> None:
    """A shift by 3 right and 2 down is found to half a pixel, and undone by fetching."""
    now, before = view(wide, 43, 12), view(wide, 40, 10)
    flow = FlowFinder(quality).find(now, before)
    inner = flow[16:-16, 16:-16]
    assert np.median(inner[..., 0]) == pytest.approx(3.0, abs=0.5)
    assert np.median(inner[..., 1]) == pytest.approx(2.0, abs=0.5)
    moved = fetch(before, flow)
    assert moved.dtype == np.uint8
    error = np.abs(moved[16:-16, 16:-16].astype(float) - now[16:-16, 16:-16])
    assert np.median(error) <= 3


def test_there_and_back_misses_where_something_is_hidden(wide: RGB) -> None:
    """Flow agrees with its way back where both frames show the same, and not outside."""
    now, before = view(wide, 60), view(wide, 40)
    finder = FlowFinder("medium")
    missed = misses(finder.find(now, before), finder.find(before, now))
    assert np.median(missed[:, 10:120]) < 0.5
    assert np.isinf(missed[:, -8:]).mean() > 0.8


def test_fetching_by_nothing_changes_nothing(wide: RGB) -> None:
    """A flow of zeros gives every pixel back, sharp or not, as uint8 and as float32."""
    frame, still = view(wide, 0), np.zeros((96, 160, 2), np.float32)
    for picture in (frame, frame.astype(np.float32)):
        for sharp in (False, True):
            fetched = fetch(picture, still, sharp=sharp)
            assert fetched.dtype == picture.dtype
            np.testing.assert_allclose(fetched, picture, atol=1e-3)


def test_a_flow_grows_with_its_picture() -> None:
    """At twice the size the same motion is twice as long; each axis has its own factor."""
    flow = np.dstack([np.full((10, 20), 3.0), np.full((10, 20), 5.0)]).astype(np.float32)
    larger = resized_flow(flow, 20, 60)
    assert larger.shape == (20, 60, 2)
    np.testing.assert_allclose(larger[..., 0], 9.0)
    np.testing.assert_allclose(larger[..., 1], 10.0)
    assert resized(flow, 10, 20) is flow


def test_mixing_is_by_share() -> None:
    """A share of 0 is the first picture, 1 the second, and between them the straight line."""
    first, second = np.zeros((4, 3, 3), np.float32), np.full((4, 3, 3), 100, np.float32)
    share = np.array([[0.0, 0.25, 1.0]] * 4, np.float32)
    np.testing.assert_allclose(mix(first, second, share)[..., 1], 100 * share, atol=1e-2)


@given(arrays(np.float32, (2, 3, 3), elements=st.floats(-600, 600, width=32)))
def test_levels_are_rounded_and_bounded(picture: Floating) -> None:
    """Whole levels are the nearest ones from 0 to 255, whatever was beyond."""
    assert np.array_equal(rounded(picture), np.rint(np.clip(picture, 0, 255)).astype(np.uint8))


def test_blur_lowers_sharpness(wide: RGB) -> None:
    """A picture that was shrunk and enlarged again is less sharp, a flat one not at all."""
    frame = view(wide, 0)
    assert sharpness(resized(resized(frame, 48, 80), 96, 160)) < 0.7 * sharpness(frame)
    assert sharpness(np.full((9, 9, 3), 77, np.uint8)) == 0.0


def test_flicker_is_calmed_where_nothing_changes(wide: RGB) -> None:
    """On a frame that stands still, neighbouring paintings differ by far less than they would."""
    frame, follower = view(wide, 0), Follower(1.0)
    raw = [strokes(seed, frame.shape) for seed in range(12)]
    calm = [follower.follow(frame, one).astype(float) for one in raw]
    np.testing.assert_array_equal(calm[0], raw[0])
    before = np.abs(raw[-1].astype(float) - raw[-2]).mean()
    assert np.abs(calm[-1] - calm[-2]).mean() < 0.2 * before


def test_half_the_strength_follows_less(wide: RGB) -> None:
    """The smaller the strength, the nearer the painting by itself."""
    frame, distances = view(wide, 0), []
    for strength in (0.0, 0.5, 1.0):
        follower = Follower(strength)
        follower.follow(frame, strokes(0, frame.shape))
        raw = strokes(1, frame.shape)
        distances.append(np.abs(follower.follow(frame, raw).astype(float) - raw).mean())
    assert distances[0] == 0
    assert 5 < distances[1] < 0.8 * distances[2]


def test_a_mistake_decays(wide: RGB) -> None:
    """One wrong painting is gone after 40 frames: what is taken over is always a share below 1."""
    frame, follower = view(wide, 0), Follower(1.0)
    follower.follow(frame, np.full_like(frame, 85))
    assert follower.follow(frame, np.full_like(frame, 40)).min() > 70
    for _ in range(40):
        painted = follower.follow(frame, np.full_like(frame, 40))
    assert painted.max() <= 41


def test_what_changes_is_painted_anew(wide: RGB) -> None:
    """Where the frame itself changes, nothing of the painting before shows through."""
    frame, follower = view(wide, 0), Follower(1.0)
    changed = frame.copy()
    changed[20:70, 40:100] = 255 - changed[20:70, 40:100] // 2
    follower.follow(frame, np.full_like(frame, 100))
    painted = follower.follow(changed, np.full_like(frame, 140))
    inner, outer = painted[30:60, 50:90], painted[:10, :30]
    assert np.median(inner) == 140
    assert np.median(outer) < 110


def test_another_stroke_fades_fast(wide: RGB) -> None:
    """Of what is far from the new painting less remains than of what is near, in a still scene."""
    frame, shares = view(wide, 0), []
    for level in (110, 40):
        follower = Follower(1.0)
        follower.follow(frame, np.zeros_like(frame))
        for _ in range(3):
            painted = follower.follow(frame, np.full_like(frame, level))
        shares.append(1 - painted[40, 40, 0] / level)
    assert shares[0] < 0.6 < 0.8 < shares[1]


def test_strokes_go_with_the_picture(wide: RGB) -> None:
    """When the camera moves, the painting before is taken from where things were."""
    now, before, follower = view(wide, 44), view(wide, 40), Follower(1.0)
    pale = 100 + before // 8
    follower.follow(before, pale)
    painted = follower.follow(now, np.full_like(now, 110)).astype(float)
    inner = (slice(16, -16), slice(16, -24))
    wanted = 0.9 * (100 + now[inner] // 8) + 0.1 * 110
    assert np.median(np.abs(painted[inner] - wanted)) < 1.5
    assert np.abs(painted[inner] - 110).mean() > 3


@pytest.mark.parametrize("size", [(1, 1), (15, 40), (16, 16), (17, 33)])
def test_small_frames_are_painted(size: tuple[int, int]) -> None:
    """A frame too small for flow is painted by itself, and one of 16 pixels can be followed."""
    follower, frame = Follower(1.0), np.full((*size, 3), 90, np.uint8)
    for level in (10, 20):
        painted = follower.follow(frame, np.full_like(frame, level))
        assert painted.shape == frame.shape
    assert (painted == 20).all() or min(size) >= 16


def test_another_size_and_another_shot_start_anew(wide: RGB) -> None:
    """Where a shot begins, or with frames of another size, a painting is its own."""
    frame, follower = view(wide, 0), Follower(1.0)
    raw = np.full_like(frame, 200)
    follower.follow(frame, np.full_like(frame, 170))
    assert (follower.mix(follower.motion(frame, begins=True), raw) == 200).all()
    smaller = np.ascontiguousarray(frame[:50, :70])
    assert (follower.follow(smaller, np.full_like(smaller, 170)) == 170).all()


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flow without OpenCV says what to install."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "cv2":
            raise ImportError("no cv2")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"impasto\[video\]"):
        Follower(1.0)


def test_a_mixture_keeps_the_contrast_of_a_painting() -> None:
    """A mean of two has 0.7 of their deviation, 0.9 after; a single painting stays as it is."""
    first, second = (strokes(seed, (96, 160, 3)).astype(np.float32) for seed in (1, 2))
    mixed = mix(first, second, np.full((96, 160), 0.5, np.float32))
    assert mixed.std() < 0.75 * first.std()
    assert keep_contrast(mixed, first).std() > 0.85 * first.std()
    slightly = mix(first, second, np.full((96, 160), 0.1, np.float32))
    assert keep_contrast(slightly, first).std() == pytest.approx(first.std(), rel=0.02)
    np.testing.assert_allclose(keep_contrast(first, first), first, atol=1e-3)


def test_contrast_of_nothing_is_nothing() -> None:
    """One colour has no detail to scale, whatever the other has."""
    plain, rough = np.full((32, 48, 3), 90, np.float32), strokes(1, (32, 48, 3)).astype(np.float32)
    assert (keep_contrast(plain, rough) == plain).all()
    assert np.isfinite(keep_contrast(rough, plain)).all()


def test_threads_are_given_back() -> None:
    """OpenCV has one thread for a while, and then as many as before."""
    import cv2

    before = cv2.getNumThreads()
    with on_one_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
