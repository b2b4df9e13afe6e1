"""What is done strip by strip is what is done to the whole."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.media import strips_fill
from impasto.media.alpha import extend_edges
from impasto.media.resize import fit_long_side, resize_to, thumbnail
from impasto.media.strips import (
    Block,
    Held,
    Strips,
    fitted,
    gathered,
    resized,
    strip_thumbnail,
)
from impasto.media.strips_fill import coarse_of, filled

sides = st.integers(1, 90)
new_sides = st.integers(1, 200)


def picture(height: int, width: int, *, alpha: bool = False, seed: int = 0) -> Block:
    """Noise, on half of which the opacity is 0."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (height, width, 3), np.uint8)
    opacity = random.integers(0, 256, (height, width), np.uint8)
    return Block(pixels, opacity * (opacity > 127) if alpha else None)


def strips_of(block: Block, rows: int) -> Strips:
    """A picture in blocks of so many rows."""
    height, width = block.pixels.shape[:2]

    def blocks() -> Iterator[Block]:
        yield from (block.rows(top, top + rows) for top in range(0, height, rows))

    return Strips(width, height, block.alpha is not None, blocks())


@given(sides, sides, st.integers(1, 90), st.booleans(), new_sides, new_sides)
def test_resizing_is_that_of_the_whole(
    height: int, width: int, rows: int, alpha: bool, new_height: int, new_width: int
) -> None:
    """Larger or smaller, the resized strips are the resized picture, to the last bit."""
    block = picture(height, width, alpha=alpha)
    got = gathered(resized(strips_of(block, rows), new_width, new_height))
    np.testing.assert_array_equal(got.pixels, resize_to(block.pixels, new_width, new_height))
    if block.alpha is not None:
        np.testing.assert_array_equal(got.alpha, resize_to(block.alpha, new_width, new_height))


def test_large_pictures_are_resized_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made a few rows at a time the result is the same, up to rounding in a few places."""
    monkeypatch.setattr("impasto.media.strips._PIECE", 2000)
    for height, width, size in ((307, 211, 100), (500, 37, 123), (101, 400, 399)):
        block = picture(height, width)
        got = gathered(fitted(strips_of(block, 23), size))
        difference = np.abs(got.pixels.astype(int) - fit_long_side(block.pixels, size))
        assert difference.max() <= 1
        assert (difference > 0).mean() < 1e-3


@given(sides, sides, st.integers(1, 90), st.booleans(), st.integers(1, 100))
def test_the_thumbnail_is_that_of_the_whole(
    height: int, width: int, rows: int, alpha: bool, size: int
) -> None:
    """Colours and opacity of the thumbnail are the same to the last bit."""
    block = picture(height, width, alpha=alpha)
    got = strip_thumbnail(strips_of(block, rows), size)
    np.testing.assert_array_equal(got.pixels, thumbnail(block.pixels, size))
    assert (got.alpha is None) == (block.alpha is None)
    if block.alpha is not None:
        np.testing.assert_array_equal(got.alpha, thumbnail(block.alpha, size))


@given(
    st.integers(1, 60),
    st.integers(1, 30),
    st.lists(st.integers(-5, 70), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_window_shows_its_rows(height: int, rows: int, edges: list[int], alpha: bool) -> None:
    """Windows that touch or overlap show exactly their rows, whatever the blocks are."""
    block = picture(height, 3, alpha=alpha)
    held = Held(strips_of(block, rows))
    for start, stop in pairwise(sorted([-5, *edges])):
        got = held.window(start, stop + 4)
        wanted = block.rows(max(0, start), max(0, stop + 4))
        np.testing.assert_array_equal(got.pixels, wanted.pixels)
        if alpha:
            np.testing.assert_array_equal(got.alpha, wanted.alpha)


def test_small_pictures_are_filled_as_they_are() -> None:
    """What is kept whole, of more rows than are filled at a time, is as the whole picture's."""
    block = picture(600, 20, alpha=True)
    got = gathered(filled(strips_of(block, 100), coarse_of(strips_of(block, 100))))
    assert block.alpha is not None
    np.testing.assert_array_equal(got.pixels, extend_edges(block.pixels, block.alpha))


@settings(max_examples=30)
@given(st.integers(1, 700), st.integers(1, 40), st.integers(1, 300), st.integers(0, 3))
def test_holes_are_filled_as_in_the_whole(height: int, width: int, rows: int, kind: int) -> None:
    """Filled colours differ by no more than rounding from those of the whole picture."""
    random = np.random.default_rng(kind)
    alpha = np.where(random.random((height, width)) < (0, 0.002, 0.3, 1)[kind], 200, 0)
    block = Block(picture(height, width).pixels, alpha.astype(np.uint8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips_fill, "_KEPT_PIXELS", 600)
        coarse = coarse_of(strips_of(block, rows))
        got = gathered(filled(strips_of(block, rows), coarse))
    wanted = extend_edges(block.pixels, alpha.astype(np.uint8))
    assert np.abs(got.pixels.astype(int) - wanted).max() <= 3
    np.testing.assert_array_equal(got.pixels[alpha > 0], block.pixels[alpha > 0])
    np.testing.assert_array_equal(got.alpha, block.alpha)
