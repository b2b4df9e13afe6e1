import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from impasto.media.image import from_pil
from impasto.media.mask import fit_mask, mask_of


def disc(ink: object, ground: object, mode: str) -> Image.Image:
    """A disc of one colour on another, 40 x 40."""
    image = Image.new(mode, (40, 40), ground)  # type: ignore[arg-type]
    ImageDraw.Draw(image).ellipse((10, 10, 29, 29), fill=ink)  # type: ignore[arg-type]
    return image


WANTED = np.asarray(disc(255, 0, "L"))


@pytest.mark.parametrize(
    "image",
    [
        disc(255, 0, "L"),
        disc(1, 0, "1"),
        disc((255, 255, 255), (0, 0, 0), "RGB"),
        disc((255, 255, 255, 255), (0, 0, 0, 255), "RGBA"),  # opaque everywhere: grey counts
        disc((0, 0, 0, 255), (0, 0, 0, 0), "RGBA"),  # a black brush on nothing
        disc((255, 255, 255, 255), (255, 255, 255, 0), "RGBA"),
        disc((200, 30, 90, 255), (0, 0, 0, 0), "RGBA"),  # a red one
        disc((255, 255), (0, 255), "LA"),
    ],
    ids=lambda image: image.mode,
)
def test_what_people_draw_means_the_same(image: Image.Image) -> None:
    """White on black, in any mode, and any one colour on nothing are the same mask."""
    np.testing.assert_array_equal(mask_of(from_pil(image)), WANTED)


def test_grey_and_alpha_together() -> None:
    """In a picture with both, black does not count, and neither does what is transparent."""
    image = disc((255, 255, 255, 255), (0, 0, 0, 255), "RGBA")
    image.paste((255, 255, 255, 0), (0, 0, 40, 20))
    mask = mask_of(from_pil(image))
    assert not mask[:20].any()
    np.testing.assert_array_equal(mask[20:], WANTED[20:])


def test_nothing_drawn_is_an_empty_mask() -> None:
    """A layer that is transparent all over names no place, whatever colour it has."""
    for colour in ((255, 255, 255, 0), (0, 0, 0, 0)):
        assert not mask_of(from_pil(Image.new("RGBA", (5, 5), colour))).any()


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 90), st.integers(1, 90),
    st.floats(0, 30), st.sampled_from([0, 1, 254, 255]),
)  # fmt: skip
def test_a_plain_mask_stays_plain(
    width: int, height: int, new_width: int, new_height: int, feather: float, level: int
) -> None:
    """At any size and softness a mask of one level keeps it, to the border of the picture."""
    mask = fit_mask(np.full((height, width), level, np.uint8), new_width, new_height, feather)
    assert mask.shape == (new_height, new_width)
    assert (mask == level).all()


def test_feather_is_that_wide() -> None:
    """So many pixels from an edge hardly anything is soft, and the edge itself is half."""
    hard = np.zeros((9, 200), np.uint8)
    hard[:, 100:] = 255
    row = fit_mask(hard, 200, 9, 20.0)[4].astype(int)
    assert (np.diff(row) >= 0).all()
    assert abs(int(row[99]) + int(row[100]) - 255) <= 2
    assert row[79] <= 8
    assert row[120] >= 247
    assert 20 <= row[90] <= 60


def test_enlarging_does_not_ring() -> None:
    """A small hard mask grows soft steps, and neither holes nor shadows beside its edge."""
    small = np.array([[0, 0, 255, 255]], np.uint8)
    row = fit_mask(small, 64, 1)[0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert (row[0], row[-1]) == (0, 255)
