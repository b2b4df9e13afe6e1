from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import SettingsError
from impasto.core.memory import parse_memory
from impasto.engine.model import Model, load_model
from impasto.engine.tiles import Cost, Span, make_tiling, overlap

MODEL = load_model()
COST = Cost(pixel=1)
sides = st.integers(1, 1500)


def model_of(reach: int | None, multiple: int, margin: int) -> Model:
    """A model of which only the geometry counts."""
    return replace(MODEL, reach=reach, multiple=multiple, margin=margin)


models = st.builds(
    model_of, st.integers(0, 130), st.sampled_from([8, 16, 32]), st.sampled_from([0, 16])
)


@given(sides, sides, models, st.integers(2**12, 2**22))
def test_tiles_cover_a_picture_once_with_real_neighbours(
    height: int, width: int, model: Model, memory: int
) -> None:
    """Every line is kept by one tile, which has all within reach of it or the picture's end."""
    try:
        tiling = make_tiling(height, width, model, COST, memory)
    except SettingsError:
        return
    assert tiling.height * tiling.width <= memory
    for side, tile, spans in (
        (height, tiling.height, tiling.rows),
        (width, tiling.width, tiling.columns),
    ):
        assert tile % model.multiple == 0
        assert [span.first for span in spans] == [0, *(span.stop for span in spans[:-1])]
        assert spans[-1].stop == side
        for span in spans:
            check(span, side, tile, model)


def check(span: Span, side: int, tile: int, model: Model) -> None:
    """What must hold for each tile."""
    reach, end = model.reach or 0, -(-(side + 2 * model.margin) // model.multiple) * model.multiple
    start = span.start + model.margin
    assert start % model.multiple == 0
    assert 0 <= start <= end - tile
    assert span.first < span.stop
    assert start == 0 or span.start <= span.first - reach
    assert start + tile == end or span.start + tile >= span.stop + reach


@given(sides, sides, st.builds(model_of, st.integers(0, 130), st.sampled_from([8, 16]), st.just(0)))
def test_more_memory_is_never_more_work(height: int, width: int, model: Model) -> None:
    """With memory the work falls, down to the picture painted whole."""
    work = []
    for memory in (2**16, 2**18, 2**20, 2**22, 2**24):
        try:
            tiling = make_tiling(height, width, model, COST, memory)
        except SettingsError:
            assert not work
            continue
        tiles = len(tiling.rows) * len(tiling.columns)
        work.append(tiles * tiling.height * tiling.width)
    assert all(more >= less for more, less in pairwise(work))
    assert len(tiling.rows) == len(tiling.columns) == 1


def test_rows_that_are_held_count() -> None:
    """Where whole rows must stand in memory, tiles are lower, and all together fits."""
    model, memory = model_of(126, 16, 0), parse_memory("512M")
    free, held = (
        make_tiling(32_768, 32_768, model, Cost(80, row), memory) for row in (0, 8 * 32_768)
    )
    assert held.height < free.height
    assert (80 * held.width + 8 * 32_768) * held.height <= memory
    kept = sum(
        (row.stop - row.first) * (column.stop - column.first)
        for row, column in product(held.rows, held.columns)
    )
    assert kept == 32_768**2


def test_too_little_memory_is_an_error_that_says_how_much_is_needed() -> None:
    """The message names an amount, and with that amount it works."""
    with pytest.raises(
        SettingsError, match=r"memory is 1024K: .* 4000 x 3000 .* at least"
    ) as caught:
        make_tiling(3000, 4000, MODEL, Cost(80), parse_memory("1M"))
    needed = str(caught.value).split()[-1]
    tiling = make_tiling(3000, 4000, MODEL, Cost(80), parse_memory(needed))
    assert tiling.height >= 4 * overlap(MODEL)


def test_a_model_that_does_not_tell_its_reach_is_not_cut() -> None:
    """Without a reach there is one tile, or an error when that does not fit."""
    model = model_of(None, 16, 0)
    assert len(make_tiling(1000, 1000, model, COST, 2**21).rows) == 1
    with pytest.raises(SettingsError, match="memory is 1024K"):
        make_tiling(1024, 1025, model, COST, 2**20)


def test_the_overlap_is_a_multiple() -> None:
    """Tiles start at multiples of the stride, so the reach is rounded up to one."""
    assert overlap(model_of(126, 16, 0)) == 128
    assert overlap(model_of(0, 16, 0)) == 0


def test_lines_of_a_tile() -> None:
    """Two tiles of one shape: the second is shifted inwards and keeps what the first left."""
    tiling = make_tiling(90, 10, model_of(8, 8, 0), COST, 64 * 16)
    assert (tiling.height, tiling.width) == (56, 16)
    assert tiling.rows == (Span(0, 0, 48), Span(40, 48, 90))
    assert tiling.rows[1].kept == slice(8, 50)
    assert np.ptp([row.stop - row.first for row in tiling.rows]) <= 6
