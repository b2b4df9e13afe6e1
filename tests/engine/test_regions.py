"""Regions: with the bundled model in a real runtime, and their arithmetic on the fake one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.data import astronaut

from impasto.core.errors import ImageError, SettingsError, StyleError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import shared_backend
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.images import to_picture
from impasto.engine.model import Model, load_model
from impasto.engine.painter import Painter
from impasto.engine.pixels import padded_side
from impasto.engine.regions import Layer, Patch, Regions, lay
from impasto.engine.tiler import HELD_BYTES, Tiler
from impasto.engine.tiles import Box, around, overlap
from impasto.styles.library import Library
from impasto.styles.package import Style, write_style

pytestmark = pytest.mark.usefixtures("tiny_as_they_are")

# One thread: on a busy machine two of them wait for each other more than they work.
BACKEND = shared_backend(EngineSettings(precision="float32", threads=1))
PHOTO = np.asarray(astronaut())[:401, 40:500]


def mask_with(box: tuple[int, int, int, int], level: int = 255) -> np.ndarray:
    """A mask for `PHOTO`: a rectangle (top, bottom, left, right) in black."""
    mask = np.zeros(PHOTO.shape[:2], np.uint8)
    mask[box[0] : box[1], box[2] : box[3]] = level
    return mask


@pytest.mark.parametrize(
    ("box", "settings"),
    [
        ((150, 203, 41, 122), {}),
        ((390, 401, 455, 460), {}),
        ((150, 251, 41, 122), {"stroke_reference": 160}),
        ((150, 251, 41, 122), {"stroke_reference": 512}),
        ((60, 111, 30, 90), {"size": 190, "colors": "content", "strength": 0.05}),
    ],
)
def test_a_region_is_a_part_of_the_whole_painting(
    box: tuple[int, int, int, int], settings: dict[str, Any]
) -> None:
    """Wherever it lies and whatever is set, it is what painting all with its affine gives there."""
    mask = mask_with(box)
    painter = Painter("photo", masks={"udnie": mask}, backend=BACKEND, **settings)
    measured = painter.measured(to_picture(PHOTO))
    assert measured.layers is not None
    affine = measured.layers[-1].affine
    plain = Painter("udnie", backend=BACKEND, **settings)
    whole = plain.paint_measured(replace(measured, affine=affine, layers=None)).pixels
    painted = painter.paint_measured(measured).pixels.astype(int)
    fitted = painter.regions.patches(*whole.shape[1::-1])[-1].mask if painter.regions else None
    assert fitted is not None
    inside, outside = fitted == 255, fitted == 0
    assert inside.any()
    assert np.abs(painted - whole)[inside].max() <= 1
    np.testing.assert_array_equal(painted[outside], measured.photo.pixels[outside])
    assert np.abs(painted - measured.photo.pixels)[inside].max() > 1


def test_a_region_that_does_not_fit_is_painted_by_tiles() -> None:
    """With little memory a large region is the same."""
    photo = np.asarray(PIL.Image.fromarray(PHOTO).resize((620, 900)))
    box, painter = Box(slice(30, 890), slice(3, 600)), Painter("udnie", backend=BACKEND)
    affine, short = painter.affine(photo), Tiler(painter.model, BACKEND, 70_000_000)
    held = HELD_BYTES * 620 * 900
    assert len(short.tiling(900, 620, held=2 * held).rows) > 1
    whole = painter.paint_pixels(photo, affine)[box.of]
    part = short.paint_box(photo, box, affine, held=held)
    assert np.abs(part.astype(int) - whole).max() <= 1


def test_a_wrong_place_would_be_seen() -> None:
    """The same pixels painted as a picture of their own differ: the comparison can fail."""
    painter = Painter("udnie", backend=BACKEND)
    affine, box = painter.affine(PHOTO), Box(slice(150, 203), slice(41, 122))
    part = painter.tiler.paint_box(PHOTO, box, affine)
    alone = painter.paint_pixels(np.ascontiguousarray(PHOTO[box.of]), affine)
    assert np.abs(part.astype(int) - alone).max() > 5


def test_little_is_painted_of_a_small_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region costs its box and the reach around it, and not the picture."""
    painter = Painter("photo", masks={"udnie": mask_with((0, 20, 0, 30))}, backend=BACKEND)
    seen: list[int] = []
    run = painter.tiler._run

    def spy(batch: np.ndarray, *rest: Any) -> np.ndarray:
        seen.append(batch.shape[1] * batch.shape[2])
        return run(batch, *rest)

    monkeypatch.setattr(painter.tiler, "_run", spy)
    painter.paint(PHOTO)
    assert len(seen) == 1
    assert seen[0] < PHOTO.shape[0] * PHOTO.shape[1] / 2


MODEL = load_model()
models = st.builds(
    lambda reach, multiple, margin: replace(MODEL, reach=reach, multiple=multiple, margin=margin),
    st.none() | st.integers(0, 130),
    st.sampled_from([8, 16]),
    st.sampled_from([0, 16]),
)


@given(st.integers(1, 900), st.data(), models)
def test_a_part_has_its_neighbours(side: int, data: st.DataObject, model: Model) -> None:
    """What goes into the graph is aligned, inside the padded picture, and reaches far enough."""
    first = data.draw(st.integers(0, side - 1))
    kept = slice(first, data.draw(st.integers(first + 1, side)))
    lines = around(kept, side, model)
    end = padded_side(side, model.margin, model.multiple) - model.margin
    assert -model.margin <= lines.start < lines.stop <= end
    assert (lines.start + model.margin) % model.multiple == 0
    assert (lines.stop - lines.start) % model.multiple == 0
    reach = side if model.reach is None else model.reach
    assert lines.start == -model.margin or lines.start <= kept.start - reach
    assert lines.stop == end or lines.stop >= kept.stop + reach
    if model.reach is not None:
        most = kept.stop - kept.start + 2 * overlap(model) + 10 * model.multiple
        whole = end + model.margin
        assert lines.stop - lines.start <= most or (
            lines.stop - lines.start == whole < most * 8 / 7
        )


@pytest.fixture
def backend() -> FakeBackend:
    """A fake engine that remembers what it was asked."""
    return FakeBackend()


MakePainter = Callable[..., Painter]


@pytest.fixture
def make_painter(
    model: Model, backend: FakeBackend, tmp_path: Path, make_style: Callable[..., Style]
) -> MakePainter:
    """A maker of painters with the styles one, two and three."""
    for number, name in enumerate(("one", "two", "three")):
        code = make_style().code * np.float32(1 - 0.75 * number)
        write_style(make_style(name=name, code=code), tmp_path / f"{name}.safetensors")

    def make(style: Any = "one", **settings: Any) -> Painter:
        library = Library([tmp_path])
        return Painter(style, model=model, backend=backend, library=library, **settings)

    return make


def noise(height: int = 30, width: int = 40, seed: int = 0) -> np.ndarray:
    """A picture of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


LEFT = np.repeat(np.arange(40) < 20, 30).reshape(40, 30).T
EMPTY, FULL = np.zeros((30, 40), bool), np.ones((30, 40), bool)


def test_an_empty_mask_costs_nothing(make_painter: MakePainter, backend: FakeBackend) -> None:
    """A style that is nowhere is neither measured nor painted, and changes no pixel."""
    painted = make_painter(masks={"two": EMPTY}).paint(noise())
    assert backend.runs == ["measure.onnx", "paint.onnx"]
    np.testing.assert_array_equal(painted, make_painter().paint(noise()))


def test_a_full_mask_is_the_style_alone(make_painter: MakePainter, backend: FakeBackend) -> None:
    """What lies wholly below another style is not painted."""
    painted = make_painter(masks={"three": LEFT, "two": FULL}).paint(noise())
    assert backend.runs == ["measure.onnx", "paint.onnx"]
    np.testing.assert_array_equal(painted, make_painter("two").paint(noise()))


def test_later_masks_lie_over_earlier_ones(make_painter: MakePainter) -> None:
    """Where two masks overlap, the one given last is seen; each style has what is left for it."""
    mask = np.ones((30, 40), bool)
    mask[:, 30:] = False
    painted = make_painter(masks=[("two", mask), ("three", LEFT)]).paint(noise())
    for columns, style in ((slice(20), "three"), (slice(20, 30), "two"), (slice(30, 40), "one")):
        alone = np.ascontiguousarray(noise()[:, columns])
        np.testing.assert_array_equal(painted[:, columns], make_painter(style).paint(alone))


def test_each_style_is_measured_where_it_shows(make_painter: MakePainter) -> None:
    """Other pixels outside a mask change nothing inside it, and the other way round."""
    painter = make_painter(masks={"two": LEFT})
    one, two = noise(), noise(seed=1)
    both = np.where(LEFT[..., None], one, two)
    painted = painter.paint(both)
    np.testing.assert_array_equal(painted[LEFT], painter.paint(one)[LEFT])
    np.testing.assert_array_equal(painted[~LEFT], painter.paint(two)[~LEFT])


def test_large_pictures_are_measured_where_styles_show(make_painter: MakePainter) -> None:
    """In patches too, other pixels outside a mask change nothing inside it, and the other way."""
    mask = np.zeros((300, 1100), bool)
    mask[60:210, 600:900] = True
    painter = make_painter(masks={"two": mask})
    one, two = noise(300, 1100), noise(300, 1100, seed=1) // 2
    both = np.where(mask[..., None], one, two)
    painted = painter.paint(both)
    np.testing.assert_array_equal(painted[mask], painter.paint(one)[mask])
    np.testing.assert_array_equal(painted[~mask], painter.paint(two)[~mask])


def test_a_small_region_is_measured_at_its_own_scale(make_painter: MakePainter) -> None:
    """Statistics of a part of a large picture are those of its pixels, not of their means."""
    mask = np.zeros((300, 1100), bool)
    mask[60:210, 600:800] = True
    pixels = noise(300, 1100)
    measured = make_painter("photo", masks={"two": mask}).measured(to_picture(pixels))
    assert measured.layers is not None
    affine = measured.layers[-1].affine
    part = np.ascontiguousarray(pixels[60:210, 600:800])
    np.testing.assert_allclose(affine, make_painter("two").affine(part), rtol=0.02, atol=0.02)


def test_soft_masks_mix(make_painter: MakePainter) -> None:
    """A grey mask lies between two styles, and a feather between hard sides; far off, neither."""
    half = np.full((30, 40), 128, np.uint8)
    one, two = (make_painter(style).paint(noise()).astype(int) for style in ("one", "two"))
    mixed = make_painter(masks={"two": half}).paint(noise()).astype(int)
    assert (mixed >= np.minimum(one, two) - 1).all()
    assert (mixed <= np.maximum(one, two) + 1).all()
    hard = make_painter("photo", masks={"two": LEFT}).paint(noise())
    soft = make_painter("photo", masks={"two": LEFT}, feather=6).paint(noise())
    np.testing.assert_array_equal(soft[:, 30:], noise()[:, 30:])
    assert (soft[:, 15:25] != hard[:, 15:25]).any()


def test_the_photo_can_be_left_as_it_is(make_painter: MakePainter, backend: FakeBackend) -> None:
    """`photo` as the style, or as that of a mask, keeps the photo's pixels there."""
    painter = make_painter(masks={"photo": LEFT})
    painted = painter.paint(noise())
    np.testing.assert_array_equal(painted[LEFT], noise()[LEFT])
    right = np.ascontiguousarray(noise()[:, 20:])
    np.testing.assert_array_equal(painted[:, 20:], make_painter().paint(right))
    backend.runs.clear()
    np.testing.assert_array_equal(make_painter("photo").paint(noise()), noise())
    kept = make_painter("photo", masks={"two": EMPTY}).paint(noise())
    np.testing.assert_array_equal(kept, noise())
    assert not backend.runs


def test_strength_0_is_the_photo(make_painter: MakePainter, backend: FakeBackend) -> None:
    """At strength 0 masks change nothing, and nothing runs."""
    painter = make_painter(masks={"two": LEFT}, strength=0)
    np.testing.assert_array_equal(painter.paint(noise()), noise())
    assert not backend.runs


@pytest.mark.parametrize("settings", [{"strength": 0.4}, {"strength": 0.05}, {"colors": "content"}])
def test_settings_hold_for_all_styles(make_painter: MakePainter, settings: dict[str, Any]) -> None:
    """Strength and colours are those of each style painted alone with the same settings."""
    painted = make_painter(masks={"two": LEFT}, **settings).paint(noise())
    for part, style in ((slice(20), "two"), (slice(20, 40), "one")):
        alone = np.ascontiguousarray(noise()[:, part])
        np.testing.assert_array_equal(
            painted[:, part], make_painter(style, **settings).paint(alone)
        )


@pytest.mark.parametrize("settings", [{}, {"size": 20}, {"feather": 3}, {"stroke_reference": 64}])
def test_alpha_is_kept_and_hidden_colours_do_not_matter(
    make_painter: MakePainter, settings: dict[str, Any]
) -> None:
    """Opacity comes back, and other colours under alpha 0 give the same picture."""
    alpha = np.zeros((30, 40), np.uint8)
    alpha[5:20, 10:30] = noise()[5:20, 10:30, 0] | 1
    painter = make_painter(masks={"two": LEFT}, **settings)
    shown, other = noise(), np.where(alpha[..., None] > 0, noise(), noise(seed=1))
    one, two = (
        painter.paint(PIL.Image.fromarray(np.dstack([pixels, alpha]))) for pixels in (shown, other)
    )
    assert one.mode == "RGBA"
    assert one.tobytes() == two.tobytes()
    if "size" not in settings:
        np.testing.assert_array_equal(np.asarray(one)[..., 3], alpha)


def test_a_mask_fits_pictures_of_any_size(make_painter: MakePainter) -> None:
    """One painter stretches its masks to each photo, and to the size that is asked for."""
    painter = make_painter("photo", masks={"two": LEFT})
    for height, width in ((30, 40), (60, 80), (1, 2), (30, 40)):
        pixels = noise(height, width)
        painted = painter.paint(pixels)
        np.testing.assert_array_equal(painted[:, width // 2 + 1 :], pixels[:, width // 2 + 1 :])
        assert (painted[:, : width // 2] != pixels[:, : width // 2]).any()
    assert make_painter(masks={"two": LEFT}, size=20).paint(noise()).shape == (15, 20, 3)


def test_kinds_of_masks_are_the_same(make_painter: MakePainter) -> None:
    """A bool or uint8 array, a PIL image and a read picture say the same."""
    grey = LEFT.astype(np.uint8) * np.uint8(255)
    image = PIL.Image.fromarray(grey)
    wanted = make_painter(masks={"two": LEFT}).paint(noise())
    for mask in (grey, image, image.convert("RGB"), to_picture(image)):
        np.testing.assert_array_equal(make_painter(masks={"two": mask}).paint(noise()), wanted)


@pytest.mark.parametrize(
    ("error", "words", "settings"),
    [
        (ImageError, "a mask is .*, got float64 of shape", {"masks": {"two": LEFT * 0.5}}),
        (ImageError, "a mask is .*, got a str", {"masks": {"two": "mask.png"}}),
        (ImageError, "a mask is .*, got uint8 of shape", {"masks": {"two": noise()}}),
        (ImageError, "a mask is", {"masks": {"two": LEFT[:0]}}),
        (StyleError, "no style 'twoo': did you mean two", {"masks": {"twoo": LEFT}}),
        (StyleError, "'photo' stands for the photo", {"masks": {"photo:1,two:1": LEFT}}),
        (
            SettingsError,
            "feather is -1: it must be from 0",
            {"masks": {"two": LEFT}, "feather": -1},
        ),
        (SettingsError, "feather is nan", {"feather": float("nan")}),
    ],
)
def test_bad_masks_are_typed_errors(
    make_painter: MakePainter, error: type[Exception], words: str, settings: dict[str, Any]
) -> None:
    """What cannot be used is named when the painter is made, and not at the first picture."""
    with pytest.raises(error, match=words):
        make_painter(**settings)


shares, pictures = hnp.arrays(np.uint8, (4, 5)), hnp.arrays(np.uint8, (4, 5, 3))


@given(pictures, pictures, shares)
def test_laying_is_exact_at_its_ends(
    below: np.ndarray, above: np.ndarray, mask: np.ndarray
) -> None:
    """At 0 what lies below is unchanged, at 255 it is covered, and between it is between."""
    canvas, box = below.copy(), Box(slice(0, 4), slice(0, 5))
    patch = Patch(None, box, mask, mask)  # type: ignore[arg-type]
    lay(canvas, Layer(patch, None), above)
    share = mask[..., None] / 255
    wanted = below * (1 - share) + above * share
    assert np.abs(canvas - wanted).max() <= 0.5 + 1e-6


@hypothesis.settings(max_examples=30)
@given(st.lists(shares, min_size=1, max_size=4))
def test_what_shows_sums_to_the_whole(masks: list[np.ndarray]) -> None:
    """The shares of all styles are 1 together, a rounding step for each aside."""
    painter = Painter("photo", masks=[("photo", mask) for mask in masks], backend=FakeBackend())
    assert isinstance(painter.regions, Regions)
    total = sum(patch.shown.astype(int) for patch in painter.regions.patches(5, 4))
    assert (total >= 255).all()
    assert (total <= 255 + 2 * len(masks)).all()
