"""Cuts: found where two shots meet, and nowhere else."""

from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.arrays import RGB
from impasto.engine.cuts import CutDetector, difference, look_at
from impasto.media.image import read_image
from impasto.media.resize import thumbnail


def cuts(frames: list[RGB], *, live: bool = False) -> list[int]:
    """Where shots begin."""
    detector = CutDetector(live=live)
    answers = [answer for frame in frames for answer in detector.push(frame)]
    answers += detector.finish()
    assert len(answers) == len(frames)
    return [number for number, answer in enumerate(answers) if answer]


def scene(seed: int, count: int, speed: float = 1.0) -> list[RGB]:
    """A camera that moves over a picture of coloured blocks, with noise."""
    return list(_scene(seed, count, speed))


@cache
def _scene(seed: int, count: int, speed: float) -> tuple[RGB, ...]:
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, (8, 40, 3)) // 2 + random.integers(0, 128, 3)
    wide = np.kron(blocks, np.ones((12, 12, 1))).astype(np.float64)
    frames = []
    for number in range(count):
        left = int(number * speed) % (wide.shape[1] - 160)
        view = wide[:, left : left + 160] + random.normal(0, 3, (96, 160, 3))
        frames.append(np.clip(view, 0, 255).astype(np.uint8))
    return tuple(frames)


@cache
def read_clip(folder: Path) -> list[RGB]:
    """A clip, small."""
    return [thumbnail(read_image(path).pixels, 96) for path in sorted(folder.iterdir())]


@pytest.fixture
def clips(assets: Path) -> dict[str, list[RGB]]:
    """Real clips by their names."""
    folders = sorted((assets / "video" / "davis480").iterdir())
    return {folder.name: read_clip(folder) for folder in folders}


def brightened(frame: RGB, times: float, more: float = 0.0) -> RGB:
    """A frame with its levels scaled and raised."""
    return np.clip(frame * times + more, 0, 255).astype(np.uint8)


def test_splices_are_found() -> None:
    """Each place where two scenes meet is a cut, at once when live, and there is no other."""
    frames = scene(1, 12) + scene(2, 9) + scene(3, 1) + scene(4, 12)
    assert cuts(frames) == [0, 12, 21, 22]
    assert cuts(frames, live=True) == [0, 12, 21, 22]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_videos_shorter_than_the_lag_are_whole(count: int) -> None:
    """Every frame gets an answer, however few there are."""
    assert cuts(scene(1, count)) == ([0] if count else [])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length: int) -> None:
    """Up to three bright frames are a flash, where it comes and where it goes."""
    frames = scene(1, 24)
    for number in range(10, 10 + length):
        frames[number] = brightened(frames[number][::-1, ::-1], 0.7, 76)
    assert cuts(frames) == [0]
    assert cuts(frames, live=True) == [0, 10, 10 + length]


@pytest.mark.parametrize("towards", [0, 255])
def test_a_fade_is_no_cut(towards: int) -> None:
    """A fade to black or white and back into the same scene is no cut."""
    shares = np.concatenate([np.ones(6), np.linspace(1, 0, 8), np.zeros(6), np.linspace(0, 1, 8)])
    frames = [
        (towards + share * (frame - float(towards))).astype(np.uint8)
        for share, frame in zip(shares, scene(1, len(shares)), strict=True)
    ]
    assert cuts(frames) == [0]


def test_black_between_two_scenes_hides_no_cut() -> None:
    """Black frames belong to what was before; another scene after them is a cut."""
    black = [np.zeros((96, 160, 3), np.uint8)] * 9
    assert cuts(scene(1, 6) + black + scene(2, 6)) == [0, 15]
    assert cuts(scene(1, 6) + black + scene(1, 6)) == [0]
    assert cuts(black + scene(1, 6)) == [0, 9]


def test_another_size_is_a_cut() -> None:
    """A frame of another shape begins a shot."""
    tall = [np.ascontiguousarray(frame[:, :60]) for frame in scene(1, 5)]
    assert cuts(scene(1, 5) + tall) == [0, 5]


@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_difference_is_a_symmetric_share(first: int, second: int) -> None:
    """It lies between 0 and 1, is 0 for a frame and itself, and the same both ways."""
    a, b = look_at(scene(first, 1)[0]), look_at(scene(second, 1)[0])
    assert difference(a, a) < 1e-3
    assert 0.0 <= difference(a, b) <= 1.0
    assert difference(a, b) == pytest.approx(difference(b, a))


def test_real_clips_spliced_in_pairs(clips: dict[str, list[RGB]]) -> None:
    """All splices of real clips are found, with nothing else: precision and recall of 1."""
    for first, second in permutations(clips, 2):
        for place in (3, 17):
            frames = clips[first][:place] + clips[second][:12]
            assert cuts(frames) == [0, place], (first, second, place)


def test_real_motion_is_no_cut(clips: dict[str, list[RGB]]) -> None:
    """Real clips have no cut, shown eight times as fast, flashing or fading."""
    for name, frames in clips.items():
        assert cuts(frames) == [0], name
        assert cuts(frames[::8]) == [0], name
        flashing = list(frames)
        flashing[20:22] = [brightened(frame, 3.0, 80) for frame in frames[20:22]]
        assert cuts(flashing) == [0], name
        shares = np.abs(np.linspace(-1, 1, len(frames)))
        fading = [brightened(f, share) for f, share in zip(frames, shares, strict=True)]
        assert cuts(fading) == [0], name
