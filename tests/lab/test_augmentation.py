import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.arrays import RGB
from impasto.core.errors import SettingsError
from impasto.lab.augmentation import COLOUR, LEAST_SIDE, PLAIN, Augmentation, name_of, views
from impasto.media.resize import bounded_size, fit_long_side

STILL = Augmentation(1, degrees=0, zoom=1, crop=1, mirror=0, upend=0, colour=0)
"""Settings that change nothing."""
SHA = "5a" * 32

SIDES = st.integers(20, 260)
CHANGES = st.builds(
    Augmentation,
    views=st.just(2),
    degrees=st.sampled_from([0.0, 10.0, 45.0]),
    zoom=st.sampled_from([1.0, 1.25, 2.0]),
    crop=st.sampled_from([0.25, 0.7, 1.0]),
    mirror=st.floats(0, 1),
    upend=st.floats(0, 1),
    colour=st.just(0.0),
    seed=st.integers(0, 2**63 - 1),
)


def noise(height: int, width: int) -> RGB:
    """A picture without two equal places."""
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def seen(picture: RGB, augmentation: Augmentation | None, size: int = 96) -> list[RGB]:
    """All views of a picture."""
    return list(views(picture, size, augmentation, SHA))


@settings(max_examples=25)
@given(height=SIDES, width=SIDES, size=st.integers(64, 200), change=CHANGES)
def test_views_lie_inside_the_picture(
    height: int, width: int, size: int, change: Augmentation
) -> None:
    """No pixel of a view is made up: a white picture has white views, whatever is done to it."""
    for view in seen(np.full((height, width, 3), 255, np.uint8), change, size):
        assert view.min() == 255


@settings(max_examples=25)
@given(height=SIDES, width=SIDES, size=st.integers(64, 200), change=CHANGES)
def test_views_are_neither_enlarged_nor_too_small(
    height: int, width: int, size: int, change: Augmentation
) -> None:
    """No view is larger than zoom or file allow, or smaller than deep features need."""
    largest = min(max(height, width), math.ceil(size * change.zoom))
    whole = bounded_size(width, height, size)
    for view in seen(noise(height, width), change, size):
        assert max(view.shape[:2]) <= largest
        # What turning keeps away from the border is up to four pixels.
        assert min(view.shape[:2]) >= min(LEAST_SIDE - 5, *whole)


@pytest.mark.parametrize("shape", [(70, 130), (300, 200), (65, 65)])
def test_settings_that_change_nothing(shape: tuple[int, int]) -> None:
    """Without turning, zoom, crop, flips and tint a view is the shrunk picture, bit by bit."""
    picture = noise(*shape)
    plain = fit_long_side(picture, 96)
    for augmentation in (None, STILL):
        (view,) = seen(picture, augmentation)
        assert np.array_equal(view, plain)


@pytest.mark.parametrize(
    ("change", "flipped"),
    [({"mirror": 1.0}, np.fliplr), ({"upend": 1.0}, np.flipud)],
)
def test_flips(change: dict[str, float], flipped: Callable[[RGB], RGB]) -> None:
    """A mirrored view is the picture mirrored, an upended one the picture upside down."""
    picture = noise(80, 90)
    (view,) = seen(picture, dataclasses.replace(STILL, **change))
    assert np.array_equal(view, flipped(picture))


def test_the_seed_decides() -> None:
    """The same seed gives the same views; another seed, or another file, gives others."""
    picture, change = noise(150, 170), Augmentation(3, colour=0.1)
    first = seen(picture, change)
    assert all(map(np.array_equal, first, seen(picture, change)))
    for other in (
        seen(picture, dataclasses.replace(change, seed=2)),
        list(views(picture, 96, change, "5b" * 32)),
    ):
        assert not any(map(np.array_equal, first, other))
    assert not np.array_equal(first[0], first[1])


def test_what_is_switched_off_changes_nothing_else() -> None:
    """An ablation of one setting leaves the others as they were drawn."""
    change = Augmentation(4, mirror=0.5, colour=0)
    for view, never in zip(
        seen(noise(150, 170), change),
        seen(noise(150, 170), dataclasses.replace(change, mirror=0)),
        strict=True,
    ):
        assert np.array_equal(view, never) or np.array_equal(view[:, ::-1], never)


def test_turning_turns_and_does_not_stretch() -> None:
    """A ramp stays as steep as it was, and its direction turns by what is allowed at most."""
    ramp = np.broadcast_to(np.arange(250, dtype=np.uint8)[None, :, None], (250, 250, 3)).copy()
    angles = []
    for view in seen(ramp, dataclasses.replace(STILL, views=6, degrees=20.0), size=250):
        down, across = (slope.mean() for slope in np.gradient(view[..., 0].astype(float)))
        assert math.hypot(across, down) == pytest.approx(1, abs=0.02)
        angles.append(math.degrees(math.atan2(down, across)))
    assert max(map(abs, angles)) <= 20.5
    assert max(angles) - min(angles) > 5


def test_zoom_is_both_ways() -> None:
    """Some views show the picture larger than it would be measured, some smaller."""
    sizes = [
        max(view.shape)
        for view in seen(noise(200, 200), dataclasses.replace(STILL, views=9, zoom=1.5))
    ]
    assert min(sizes) < 90
    assert max(sizes) > 102
    assert 64 <= min(sizes) <= max(sizes) <= 144


def test_tint_is_mild_and_keeps_grey_grey() -> None:
    """Colours change by at most what is allowed, and a picture without colours gets none."""
    grey = np.full((70, 70, 3), 100, np.uint8)
    tinted = seen(grey, dataclasses.replace(STILL, views=6, colour=0.1))
    levels = [int(view[0, 0, 0]) for view in tinted]
    assert all((view == level).all() for view, level in zip(tinted, levels, strict=True))
    assert 90 <= min(levels) < max(levels) <= 110


def test_one_picture_keeps_its_colours() -> None:
    """Colours change by default only where a style has several pictures."""
    assert Augmentation().of_style(1).colour == 0
    assert Augmentation().of_style(2).colour == COLOUR
    assert Augmentation(colour=0.2).of_style(1).colour == 0.2


def test_names_tell_settings_apart() -> None:
    """Whatever is set otherwise has another name; a whole number is the same as a float."""
    changed = {"views": 5, "degrees": 11, "zoom": 1.3, "crop": 0.8, "mirror": 0.4, "upend": 0.1}
    changed |= {"colour": 0.07, "seed": 2}
    assert changed.keys() == {field.name for field in dataclasses.fields(Augmentation)}
    base = Augmentation().of_style(2)
    names = {name_of(dataclasses.replace(base, **{key: value})) for key, value in changed.items()}
    assert len(names | {name_of(base), name_of(None), name_of(base.of_style(1))}) == 10
    assert name_of(None) == PLAIN
    assert name_of(Augmentation(degrees=10)) == name_of(Augmentation(degrees=10.0))


@pytest.mark.parametrize(
    "wrong", [{"views": 0}, {"degrees": 50.0}, {"zoom": 0.5}, {"crop": 0.1}, {"colour": math.nan}]
)
def test_settings_out_of_range(wrong: dict[str, float]) -> None:
    """An impossible value is an error that names it."""
    with pytest.raises(SettingsError, match=f"{next(iter(wrong))} is .*: it must be from"):
        Augmentation(**wrong)
