"""Strokes of a set size: what is painted small, brought to the size of its photo."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.cli.demo import demo_photo
from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings
from impasto.engine.painter import Painter
from impasto.engine.strokes import STRIP, Enlarger, at_long_side, brought_to
from impasto.media.image import Picture, read_image
from impasto.media.resize import resize_to

EXACT = EngineSettings(precision="float32")
REFERENCE = 96


@pytest.fixture(scope="module")
def photo() -> Picture:
    """A real photo, 420 x 280."""
    picture = read_image(demo_photo())
    return replace(picture, pixels=resize_to(picture.pixels, 420, 280))


@pytest.fixture(scope="module")
def small(photo: Picture) -> np.ndarray:
    """The same at the reference size."""
    return at_long_side(photo, REFERENCE).pixels


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference of two pictures in levels."""
    return float(np.abs(one.astype(int) - other).mean())


def painter(**settings: object) -> Painter:
    """A painter in one of the bundled styles, in float32."""
    return Painter("scream", engine=EXACT, **settings)  # type: ignore[arg-type]


def test_a_painting_that_is_the_photo_comes_back_sharp(photo: Picture, small: np.ndarray) -> None:
    """Where the painting follows the photo, it gets the detail that its small size has lost."""
    enlarged = brought_to(photo.pixels, small, small)
    plain = resize_to(small, 420, 280)
    assert apart(enlarged, photo.pixels) < 0.5 * apart(plain, photo.pixels)


def test_a_painting_that_answers_to_nothing_is_only_enlarged(photo: Picture) -> None:
    """Strokes where the photo is flat are enlarged as they are, and take no noise from it."""
    noise = np.random.default_rng(0)
    flat = noise.integers(120, 124, (280, 420, 3), np.uint8)
    strokes = noise.integers(0, 256, (64, 96, 3), np.uint8)
    enlarged = brought_to(flat, resize_to(flat, 96, 64), strokes)
    assert apart(enlarged, resize_to(strokes, 420, 280)) < 1.5


def test_a_negative_gets_the_negative_of_the_detail(photo: Picture, small: np.ndarray) -> None:
    """An edge that the style paints the other way round is sharpened the other way round."""
    enlarged = brought_to(photo.pixels, small, 255 - small)
    assert apart(enlarged, 255 - brought_to(photo.pixels, small, small)) < 1.0


@given(st.lists(st.integers(1, 279), max_size=4, unique=True))
def test_rows_do_not_depend_on_how_they_are_cut(cuts: list[int]) -> None:
    """Any pieces, put together, are the whole to the last bit."""
    random = np.random.default_rng(0)
    whole = random.integers(0, 256, (280, 90, 3), np.uint8)
    little, strokes = random.integers(0, 256, (2, 60, 19, 3), np.uint8)
    enlarger = Enlarger(little, strokes, 90, 280)
    edges = [0, *sorted(cuts), 280]
    pieces = [enlarger.rows(whole[top:end], top) for top, end in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), enlarger.rows(whole))


def test_strips_have_no_seams(photo: Picture, small: np.ndarray) -> None:
    """Between two strips the rows differ no more than elsewhere from the plain enlargement."""
    away = np.abs(brought_to(photo.pixels, small, small).astype(int) - photo.pixels)
    rows = away.mean(axis=(1, 2))
    seams = np.arange(STRIP, 280, STRIP)
    assert rows[seams].mean() < 1.3 * rows.mean()
    plain = np.full((40, 60, 3), 77, np.uint8)
    assert (brought_to(np.full_like(photo.pixels, 9), np.full_like(plain, 9), plain) == 77).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 2), (97, 61)])
def test_any_shape(shape: tuple[int, int]) -> None:
    """Every shape keeps its size, both when it is enlarged and when it is shrunk."""
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for reference in (64, 128):
        assert painter(stroke_reference=reference).paint(pixels).shape == pixels.shape


def test_a_preview_looks_like_the_full_picture(photo: Picture) -> None:
    """Shrunk to a preview's size, the full picture is close to it, and closer than without."""
    previews = [painter(size=140, **given) for given in ({}, {"stroke_reference": REFERENCE})]
    fulls = [painter(**given) for given in ({}, {"stroke_reference": REFERENCE})]
    without, with_reference = (
        apart(resize_to(full.paint(photo).pixels, 140, 93), preview.paint(photo).pixels)
        for full, preview in zip(fulls, previews, strict=True)
    )
    assert with_reference < 4.0
    assert with_reference < 0.5 * without


def test_a_small_picture_is_painted_enlarged(photo: Picture) -> None:
    """A preview smaller than the reference looks like the painting at it, shrunk."""
    reference = painter(stroke_reference=400)
    preview = reference.paint(at_long_side(photo, 100).pixels)
    large = painter(stroke_reference=400).paint(at_long_side(photo, 400).pixels)
    assert apart(preview, resize_to(large, 100, 67)) < 8.0
    assert apart(preview, resize_to(large, 100, 67)) < 0.6 * apart(
        painter().paint(at_long_side(photo, 100).pixels), resize_to(large, 100, 67)
    )


def test_the_size_itself_changes_nothing(photo: Picture) -> None:
    """A picture that is as long as the reference is painted as without one."""
    plain, same = painter(), painter(stroke_reference=420)
    assert np.array_equal(plain.paint(photo.pixels), same.paint(photo.pixels))


def test_strength_colours_and_alpha(photo: Picture) -> None:
    """Strength 0 is the photo; the photo's colours and its opacity are kept at full size."""
    pixels = photo.pixels
    assert painter(strength=0.0, stroke_reference=REFERENCE).paint(pixels) is not pixels
    assert (painter(strength=0.0, stroke_reference=REFERENCE).paint(pixels) == pixels).all()
    alpha = np.zeros(pixels.shape[:2], np.uint8)
    alpha[:, 100:] = 200
    cut = painter(colors="content", stroke_reference=REFERENCE).paint(replace(photo, alpha=alpha))
    assert cut.alpha is not None
    assert np.array_equal(cut.alpha, alpha)
    chroma = [each[..., 0].astype(int) - each[..., 1] for each in (cut.pixels, pixels)]
    inside = ((cut.pixels > 0) & (cut.pixels < 255)).all(axis=2) & (alpha > 0)
    assert np.abs(chroma[0] - chroma[1])[inside].max() <= 1


def test_what_is_transparent_does_not_count(photo: Picture) -> None:
    """The colours under alpha 0 change nothing of the painting."""
    alpha = np.zeros(photo.pixels.shape[:2], np.uint8)
    alpha[:, 100:] = 255
    other = photo.pixels.copy()
    other[alpha == 0] = 255
    pictures = (replace(photo, alpha=alpha), replace(photo, pixels=other, alpha=alpha))
    one, two = (painter(stroke_reference=REFERENCE).paint(each) for each in pictures)
    assert np.array_equal(one.pixels, two.pixels)


@pytest.mark.parametrize("reference", [0, 63, 16_385, 512.0, True])
def test_a_reference_out_of_range_is_refused(reference: object) -> None:
    """What is no size is told with its value."""
    with pytest.raises(SettingsError, match=r"stroke reference is .*from 64 to 16384"):
        painter(stroke_reference=reference)


@pytest.mark.parametrize("side", [1, 16, 40])
def test_a_tiny_picture_has_the_colours_of_a_larger_one(photo: Picture, side: int) -> None:
    """An icon is painted as if it were larger, so its mean colour is near that of the larger."""
    large = at_long_side(photo, 64).pixels
    icon = resize_to(large, side, max(1, side * 2 // 3))
    painter = Painter("scream", engine=EXACT)
    painted = painter.paint(icon)
    assert painted.shape == icon.shape
    means = [each.mean(axis=(0, 1)) for each in (painted, painter.paint(large))]
    assert np.abs(means[0] - means[1]).max() < 25


def test_a_picture_is_enlarged_as_far_as_memory_goes() -> None:
    """A tiny picture at a huge reference is refused with its size, and painted with more memory."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 16, 3), np.uint8)
    with pytest.raises(SettingsError, match=r"reference is 8000: .* 4000 x 8000 .* smaller one"):
        painter(stroke_reference=8000, memory="64M").paint(pixels)
    assert painter(stroke_reference=512, memory="64M").paint(pixels).shape == pixels.shape
    assert painter(stroke_reference=64, memory="16M").paint(pixels).shape == pixels.shape


def test_room_is_asked_for_only_to_enlarge(photo: Picture) -> None:
    """A picture that stands in memory is brought to a smaller size whatever the room is."""
    assert max(at_long_side(photo, 100, most=1).pixels.shape) == 100
    with pytest.raises(SettingsError, match=r"room for 0\.01 million"):
        at_long_side(photo, 1000, most=10_000)
