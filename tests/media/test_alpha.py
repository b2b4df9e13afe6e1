import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from impasto.media.alpha import extend_edges, flatten

sides = st.integers(1, 17)


@given(st.data(), sides, sides)
def test_only_holes_change(data: st.DataObject, height: int, width: int) -> None:
    """Every pixel that is not fully transparent keeps its colour, and the size stays."""
    pixels = data.draw(hnp.arrays(np.uint8, (height, width, 3)))
    alpha = data.draw(hnp.arrays(np.uint8, (height, width), elements=st.sampled_from([0, 1, 255])))
    filled = extend_edges(pixels, alpha)
    assert filled.shape == pixels.shape
    assert np.array_equal(filled[alpha > 0], pixels[alpha > 0])


@given(sides, sides, st.integers(0, 10_000))
def test_holes_take_the_colour_around(height: int, width: int, seed: int) -> None:
    """When all that is opaque has one colour, so has the whole result."""
    random = np.random.default_rng(seed)
    alpha = random.choice([0, 255], size=(height, width)).astype(np.uint8)
    alpha[random.integers(height), random.integers(width)] = 255
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[alpha > 0] = (200, 90, 30)
    assert np.abs(extend_edges(pixels, alpha).astype(int) - (200, 90, 30)).max() <= 1


def test_holes_are_filled_from_near() -> None:
    """A hole beside red is red even when the far side of the picture is blue."""
    pixels = np.zeros((64, 256, 3), np.uint8)
    alpha = np.zeros((64, 256), np.uint8)
    pixels[:, :100], alpha[:, :100] = (255, 0, 0), 255
    pixels[:, 156:], alpha[:, 156:] = (0, 0, 255), 255
    filled = extend_edges(pixels, alpha).astype(int)
    assert (filled[:, 100:104, 0] > 200).all()
    assert (filled[:, 152:156, 2] > 200).all()


def test_nothing_to_fill_or_nothing_to_fill_from(small: Image.Image) -> None:
    """An opaque and a wholly transparent picture come back as they are."""
    pixels = np.asarray(small)
    for opacity in (0, 255):
        alpha = np.full(pixels.shape[:2], opacity, np.uint8)
        assert np.array_equal(extend_edges(pixels, alpha), pixels)


def test_flattening_lays_on_white(small: Image.Image) -> None:
    """Transparent becomes white, opaque stays, half is half way."""
    pixels = np.asarray(small)
    alpha = np.tile(np.array([0, 255, 128], np.uint8), (36, 16))
    flat = flatten(pixels, alpha).astype(int)
    weight = alpha[..., None] / 255
    assert np.abs(flat - (pixels * weight + 255 * (1 - weight))).max() <= 1
    assert (flat[:, ::3] == 255).all()
