"""Ways to measure a big picture, on arithmetic and on a small photo."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

from impasto.bench.settings import ThumbnailSettings
from impasto.bench.thumbnail import (
    FULL,
    ThumbnailReport,
    measure_thumbnail,
    sized,
    stats_apart,
)
from impasto.bench.thumbnail_table import markdown, sheet
from impasto.bench.thumbnail_ways import WAYS, full, of_thumbnail, pooled
from impasto.cli.demo import demo_photo
from impasto.core.errors import InputError, SettingsError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import shared_backend
from impasto.engine.painter import Painter
from impasto.lab.recipe import Recipe
from impasto.media.image import read_image
from impasto.media.resize import fit_long_side

from .conftest import PHOTOS

BACKEND = shared_backend(EngineSettings(precision="float32"))
SMALL = ThumbnailSettings(styles=("udnie",), ratios=(1.5,), windows=1, side=128)


@pytest.fixture(scope="module")
def report(gallery: Path, recipe: Recipe) -> ThumbnailReport:
    """Every way, on one small photo."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_ASSETS", str(gallery))
        photo = gallery / "content" / "photos" / PHOTOS["coffee.png"]
        return measure_thumbnail(SMALL, [photo], recipe, backend=BACKEND)


def test_full_size_is_the_measure_of_it() -> None:
    """Where the picture is its own thumbnail, full size and thumbnail give the same statistics."""
    painter = Painter("udnie", backend=BACKEND)
    pixels = fit_long_side(read_image(demo_photo()).pixels, painter.model.thumbnail)
    whole = full(painter, pixels)
    assert np.array_equal(of_thumbnail(painter, pixels, painter.model.thumbnail), whole)
    # The painter measures on a larger square, whose rest weighs nothing: only the edges differ.
    assert max(stats_apart(painter.measure(pixels), whole)) < 0.02


@given(st.lists(st.floats(-50, 50), min_size=8, max_size=8))
def test_pooling_is_that_of_the_values(values: list[float]) -> None:
    """Statistics of two halves pooled are those of all values together."""
    halves = np.array(values).reshape(2, 4, 1)
    one, two = (np.stack([half.mean(axis=0), half.std(axis=0)]) for half in halves)
    together = np.stack([halves.reshape(8, 1).mean(axis=0), halves.reshape(8, 1).std(axis=0)])
    assert np.allclose(pooled(one, two), together, atol=1e-4)


def test_how_far_statistics_are_apart() -> None:
    """Equal ones are 0 apart; else means count in deviations, deviations as a ratio."""
    whole = np.array([[1.0, 2.0], [2.0, 4.0]], np.float32)
    assert stats_apart(whole, whole) == (0.0, 0.0)
    assert stats_apart(whole + np.array([[2.0], [0.0]], np.float32), whole)[0] == pytest.approx(
        ((1 + 0.25) / 2) ** 0.5, abs=1e-4
    )
    assert stats_apart(whole * np.array([[1.0], [0.5]], np.float32), whole)[1] == pytest.approx(
        np.log(2), abs=1e-4
    )


def test_no_pixel_is_made_up() -> None:
    """A photo too small for a ratio keeps its size, and its thumbnail is smaller instead."""
    photo = np.zeros((300, 400, 3), np.uint8)
    assert (sized(photo, 2.0, 100)[0].shape, sized(photo, 2.0, 100)[1]) == ((150, 200, 3), 100)
    assert (sized(photo, 8.0, 100)[0].shape, sized(photo, 8.0, 100)[1]) == ((300, 400, 3), 50)


def test_every_way_is_a_row(report: ThumbnailReport) -> None:
    """There is a row for each way, and the one of full size is what the others are apart from."""
    assert [row.way for row in report.rows] == [FULL, *WAYS]
    whole, *others = report.rows
    assert (whole.means_apart, whole.deviations_apart, whole.decibels) == (0.0, 0.0, None)
    # A thumbnail of twice the side is the whole picture here.
    assert sum(row.means_apart > 0 for row in others) >= len(others) // 2
    for row in others:
        assert row.decibels is not None
        assert row.decibels > 10
        assert row.style_loss > 0
    doubled = next(row for row in others if "twice" in row.way)
    assert doubled.means_apart == 0.0  # at a ratio of 1.5 it is the photo itself


def test_the_report_is_told(report: ThumbnailReport) -> None:
    """JSON has the rows and no pictures, and the table a line for each way."""
    record = json.loads(json.dumps(report.as_dict()))
    assert record["benchmark"] == "thumbnail"
    assert len(record["rows"]) == 1 + len(WAYS)
    assert "crops" not in record
    lines = markdown(report).splitlines()
    assert [line.split(" | ")[1] for line in lines[2 : 2 + len(WAYS)]] == list(WAYS)


def test_the_sheet_shows_all(report: ThumbnailReport) -> None:
    """The sheet has a column for the photo, one for full size and one for each way."""
    page = sheet(report, 64)
    assert page.shape[1] == (2 + len(WAYS)) * 68 - 4
    window = report.crops[0][1]
    edge = (len(window) - 64) // 2
    assert np.array_equal(page[-68:-4, 68:132], window[edge : edge + 64, edge : edge + 64])


def test_what_cannot_be_measured(
    gallery: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A style that the recipe has not, and settings out of range, are told."""
    monkeypatch.setenv("IMPASTO_ASSETS", str(gallery))
    with pytest.raises(InputError, match="has no style 'nobody'"):
        measure_thumbnail(ThumbnailSettings(styles=("nobody",)), [], recipe, backend=BACKEND)
    for wrong in ({"windows": 0}, {"side": 10}, {"ratios": (0.5,)}, {"styles": ()}):
        with pytest.raises(SettingsError):
            ThumbnailSettings(**wrong)  # type: ignore[arg-type]
