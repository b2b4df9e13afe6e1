"""Patches of large pictures: where they are, what they weigh, and what they are good for."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.bench.thumbnail_ways import full, of_thumbnail
from impasto.core.settings import EngineSettings
from impasto.engine.backends import shared_backend
from impasto.engine.collage import (
    COVERED,
    LARGE,
    SEAMS,
    Collage,
    Grid,
    View,
    box_of,
    everywhere,
    layout_of,
    spread,
    view_of,
)
from impasto.engine.painter import Painter
from impasto.engine.tiles import Box
from impasto.media.resize import fit_long_side, thumbnail

SIZE = 128
BACKEND = shared_backend(EngineSettings(precision="float32", threads=1))


def noise(height: int, width: int) -> np.ndarray:
    """A picture of noise."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def is_collage(view: View) -> bool:
    """Whether patches were taken: those have seams, of no weight."""
    return bool(view.weight[0, 0] == 0)


lines = st.tuples(st.integers(1, 90), st.floats(0, 1), st.floats(0, 1))


def part(line: tuple[int, float, float]) -> slice:
    """A part of a line that holds one pixel or more."""
    length, one, other = line
    ends = sorted(int(each * (length - 1)) for each in (one, other))
    return slice(ends[0], ends[1] + 1)


@given(lines, lines, st.integers(1, 4), st.integers(1, 40), st.integers(1, 30))
def test_a_collage_is_made_of_the_picture(
    rows: tuple[int, float, float],
    columns: tuple[int, float, float],
    count: int,
    side: int,
    step: int,
) -> None:
    """Every patch is inside, of the right size, in its place, however the rows come."""
    height, width = rows[0], columns[0]
    pixels, opacity = noise(height, width), noise(height, width)[..., 0]
    grid = spread(Box(part(rows), part(columns)), height, width, count, side)
    high, wide = min(side, height), min(side, width)
    assert (grid.height, grid.width) == (high, wide)
    assert (len(grid.tops), len(grid.lefts)) == (count, count)
    whole, by_rows = Collage(grid, True), Collage(grid, True)
    whole.take(pixels, opacity)
    for top in range(0, height, step):
        by_rows.take(pixels[top : top + step], opacity[top : top + step])
    np.testing.assert_array_equal(by_rows.pixels, whole.pixels)
    np.testing.assert_array_equal(by_rows.weight, whole.weight)
    inside = np.zeros((high, wide), bool)
    seam = side // SEAMS
    inside[seam : high - seam, seam : wide - seam] = True
    for i, top in enumerate(grid.tops):
        for j, left in enumerate(grid.lefts):
            there = Box(slice(top, top + high), slice(left, left + wide)).of
            here = np.s_[i * high : (i + 1) * high, j * wide : (j + 1) * wide]
            np.testing.assert_array_equal(whole.pixels[here], pixels[there])
            weight = np.where(inside, opacity[there] / np.float32(255), 0)
            np.testing.assert_allclose(whole.weight[here], weight)


def test_seams_weigh_nothing() -> None:
    """Four pixels at each edge of a patch weigh 0, all others 1."""
    grid = Grid((0, 0), (0, 0), 20, 18, seam=4, side=20)
    weight = grid.weight()
    assert weight.shape == (40, 36)
    assert weight.sum() == grid.seen == 4 * (20 - 8) * (18 - 8)
    assert weight[4:16, 4:14].all()
    assert not weight[16:24].any()


def test_patches_are_from_all_over() -> None:
    """Two by two patches of a picture of four quarters show one quarter each, in place."""
    quarters = np.array([[10, 20], [30, 40]], np.uint8)
    pixels = np.repeat(np.kron(quarters, np.ones((50, 60), np.uint8))[..., None], 3, axis=2)
    collage = Collage(spread(everywhere(100, 120), 100, 120, 2, 30))
    collage.take(pixels)
    shown = np.kron(quarters, np.ones((30, 30), np.uint8))
    np.testing.assert_array_equal(collage.pixels, np.repeat(shown[..., None], 3, axis=2))


@pytest.mark.parametrize("turned", [False, True])
def test_from_one_and_a_half_thumbnails_on_there_are_patches(turned: bool) -> None:
    """At that long side patches are measured, one pixel below the thumbnail."""
    limit = round(LARGE * SIZE)
    for longest, expected in ((limit - 1, False), (limit, True)):
        pixels = noise(*((longest, 60) if turned else (60, longest)))
        view = view_of(pixels, None, SIZE)
        assert is_collage(view) is expected
        if not expected:
            np.testing.assert_array_equal(view.pixels, thumbnail(pixels, SIZE))
            assert (view.weight == 1).all()


@given(st.integers(1, 60), st.integers(round(LARGE * SIZE), 300))
def test_narrow_pictures_have_a_view(height: int, width: int) -> None:
    """A strip of any height is measured by something that weighs something."""
    view = view_of(noise(height, width), None, SIZE)
    assert view.weight.sum() > 0
    assert view.weight.shape == view.pixels.shape[:2]
    assert is_collage(view) or view.pixels.shape[1] == SIZE


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_collage_is_as_large_as_it_must_be(height: int, width: int) -> None:
    """It covers its share of a picture, up to 512 pixels, and no smaller layout would."""
    count, side = layout_of(height, width, 256)
    wanted = COVERED * (height * width) ** 0.5
    sides = {(8, 32): 0, (12, 32): 256, (16, 32): 384}
    assert wanted > sides[count, side]
    assert wanted <= count * side or count == 16


def test_patches_are_where_the_weight_is() -> None:
    """What shows in a corner is seen there, and what does not show weighs nothing."""
    pixels, alpha = noise(300, 400), np.zeros((300, 400), np.uint8)
    pixels[alpha == 0] = 0
    pixels[200:290, 20:140] = 99
    alpha[200:290, 20:140] = 255
    view = view_of(pixels, alpha, SIZE)
    assert is_collage(view)
    assert (view.pixels[view.weight > 0] == 99).all()
    assert (view.weight > 0).mean() > 0.05


def test_a_haze_does_not_draw_patches() -> None:
    """Noise that is hardly opaque, as compressed masks have it, does not move the patches."""
    alpha = np.random.default_rng(0).integers(0, 4, (300, 400)).astype(np.uint8)
    assert box_of([alpha]) is None
    alpha[7:90, 11:30] = 128
    box = Box(slice(7, 90), slice(11, 30))
    assert box_of([alpha]) == box
    assert box_of([alpha[:50], alpha[50:]]) == box


def frame_mask() -> np.ndarray:
    """Opaque at the border alone, where no patch is."""
    alpha = np.full((300, 400), 255, np.uint8)
    alpha[5:-5, 5:-5] = 0
    return alpha


def dot_mask() -> np.ndarray:
    """Opaque in one pixel."""
    alpha = np.zeros((300, 400), np.uint8)
    alpha[100, 100] = 255
    return alpha


@pytest.mark.parametrize("alpha", [frame_mask(), dot_mask(), np.full((300, 400), 9, np.uint8)])
def test_patches_that_say_too_little_are_left(alpha: np.ndarray) -> None:
    """Where patches weigh less than one whole of them, the thumbnail is measured as before."""
    pixels = noise(300, 400)
    view = view_of(pixels, alpha, SIZE)
    np.testing.assert_array_equal(view.pixels, thumbnail(pixels, SIZE))
    np.testing.assert_allclose(view.weight, thumbnail(alpha, SIZE) / 255, rtol=1e-6)


def test_all_transparent() -> None:
    """Where nothing shows, everything weighs the same."""
    view = view_of(noise(300, 400), np.zeros((300, 400), np.uint8), SIZE)
    assert view.pixels.shape[1] == SIZE
    assert (view.weight == 1).all()


def test_opaque_is_no_opacity() -> None:
    """An opacity of 255 all over gives what none gives."""
    pixels = noise(300, 400)
    one = view_of(pixels, None, SIZE)
    other = view_of(pixels, np.full((300, 400), 255, np.uint8), SIZE)
    np.testing.assert_array_equal(one.pixels, other.pixels)
    np.testing.assert_array_equal(one.weight, other.weight)


def misses(painter: Painter, pixels: np.ndarray) -> tuple[float, float]:
    """How far deviations are from those of all pixels: the thumbnail's and the painter's."""
    whole = full(painter, pixels)
    ways = (of_thumbnail(painter, pixels, painter.model.thumbnail), painter.measure(pixels))
    one, other = (float(np.abs(np.log(stats[1] / whole[1])).mean()) for stats in ways)
    return one, other


def test_fine_texture_is_measured() -> None:
    """Of a picture with fine texture, patches tell deviations better than the thumbnail."""
    painter = Painter("udnie", backend=BACKEND)
    longest = 4 * painter.model.thumbnail
    random = np.random.default_rng(0)
    grass = random.integers(-40, 40, (longest // 2, longest, 1))
    coarse = PIL.Image.fromarray(random.integers(60, 190, (5, 9, 3), np.uint8))
    hills = np.asarray(coarse.resize((longest, longest // 2), PIL.Image.Resampling.BICUBIC))
    by_thumbnail, by_patches = misses(painter, np.clip(hills + grass, 0, 255).astype(np.uint8))
    assert by_patches < 0.8 * by_thumbnail


def test_a_large_photo_is_measured_better(assets: Path) -> None:
    """Of a real photo of eight thumbnails, patches tell deviations better than the thumbnail."""
    painter = Painter("scream", backend=BACKEND)
    path = sorted((assets / "content/hires").iterdir())[1]
    photo = np.asarray(PIL.Image.open(path).convert("RGB"))
    photo = fit_long_side(photo, 8 * painter.model.thumbnail)
    by_thumbnail, by_patches = misses(painter, photo)
    assert by_patches < 0.7 * by_thumbnail
