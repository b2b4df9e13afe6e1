"""Everything of `bench speed`, small: rows, tables and the plot fit together."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")
pytest.importorskip("psutil")

from impasto.bench import speed_engines, speed_wide
from impasto.bench.settings import FULL_SIDES, FULL_SIZES, SpeedSettings, WideSettings
from impasto.bench.speed import frame
from impasto.bench.speed_engines import Ceiling, Memory
from impasto.bench.speed_rivals import Rival
from impasto.bench.speed_table import markdown, points
from impasto.bench.speed_wide import WideReport, measure_wide
from impasto.bench.timing import rounds_within, summarise
from impasto.cli.demo import demo_photo
from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings

EXACT = EngineSettings(precision="float32", threads=1)
SMALL = SpeedSettings(sizes=(24,), repeats=1, style="udnie", engine=EXACT)
pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")


def made_up_ceilings(tell: object) -> list[Ceiling]:
    """A machine that computes one operation a nanosecond for each thread."""
    return [Ceiling("float32", threads, float(threads), 5.0) for threads in (1, 2)]


@pytest.fixture(scope="module")
def report() -> Iterator[WideReport]:
    """All of it at small sizes, on a ceiling that is known; the rivals are made up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("IMPASTO_ASSETS", raising=False)
        patch.setattr(speed_wide, "FULL_SIZES", ((40, 20),))
        patch.setattr(speed_wide, "FULL_SIDES", (10, 20))
        patch.setattr(speed_wide, "ceilings", made_up_ceilings)
        patch.setattr(speed_engines, "_ENGINES", ("openvino",))
        made = measure_wide(SMALL, WideSettings(rivals=False, full=True), demo_photo())
        timed = summarise([0.5])
        rivals = [
            Rival("Slow", "openvino", "random", 10, 1.0, 24, 24, timed, timed, 1.0),
            Rival("Big", "openvino", "random", 10, 1.0, 24, 24, None, None, None, "not run"),
        ]
        yield WideReport(made.speed, rivals, made.ceilings, made.cells, made.linear, made.memory)


def test_every_crossing_is_there(report: WideReport) -> None:
    """Each precision of the machine, thread count and size has one cell with its own numbers."""
    exact = [cell for cell in report.cells if cell.precision == "float32"]
    places = [(cell.threads, cell.width, cell.height) for cell in exact]
    counts = speed_engines.thread_counts()
    assert places == [(count, 40, 20) for count in counts]
    for cell in exact:
        assert cell.frames_a_second == pytest.approx(1 / cell.seconds.median, abs=0.01)
        assert cell.share == pytest.approx(cell.gflops / cell.threads, rel=0.05, abs=0.01)


def test_growth_is_beside_the_smallest(report: WideReport) -> None:
    """The first picture is 1, and the others are its time a pixel times that factor."""
    first, second = report.linear
    assert (first.beside_first, second.megapixels) == (1.0, 0.0)
    expected = second.nanoseconds_a_pixel / first.nanoseconds_a_pixel
    assert second.beside_first == pytest.approx(expected, abs=2e-3)
    assert second.seconds.median == pytest.approx(second.nanoseconds_a_pixel * 400e-9, rel=1e-3)


def test_memory_is_of_new_processes(report: WideReport) -> None:
    """Each size has a peak; not even a small picture is painted in under 20 MB."""
    assert [(one.width, one.height) for one in report.memory] == [(40, 20)]
    assert all(one.peak_bytes is None or one.peak_bytes > 20e6 for one in report.memory)


def test_the_report_is_json(report: WideReport) -> None:
    """The old record is there as it was, with the lists beside it."""
    record = json.loads(json.dumps(report.as_dict()))
    assert record["benchmark"] == "speed"
    assert record["sizes"][0]["size"] == 24
    for name in ("rivals", "ceilings", "cells", "linear", "memory"):
        assert len(record[name]) == len(getattr(report, name))


def test_the_tables_tell_all_of_it(report: WideReport) -> None:
    """Every list is a table, with as many rows as it has entries and as many cells as headings."""
    tables = markdown(report).split("\n\n")
    assert len(tables) == 7
    for table, count in zip(tables, (1, 3, 2, len(report.cells), 2, 1), strict=False):
        lines = table.splitlines()
        assert len(lines) == count + 2
        assert len({line.count("|") for line in lines}) == 1
    assert "| Big | openvino | 10 | 1.0 | 24 x 24 | not run |  |" in tables[1]
    assert report.speed.date in tables[-1]


def test_without_numbers_there_is_no_table(report: WideReport) -> None:
    """A run without --full and rivals has the first table and the line of its source."""
    plain = WideReport(report.speed, [], [], [], [], [Memory(1, 1, None)])
    assert len(markdown(plain).split("\n\n")) == 2


def test_points_ascend(report: WideReport) -> None:
    """Each line of the plot ascends in pixels, and what was not run has none."""
    lines = points(report)
    assert not any("Big" in name for name in lines)
    assert lines["Slow, openvino"] == [(24 * 24 / 1e6, 0.5)]
    for places in lines.values():
        assert [place[0] for place in places] == sorted(place[0] for place in places)


def test_the_plot_is_a_picture(report: WideReport, tmp_path: Path) -> None:
    """The plot is a PNG that is not empty."""
    pytest.importorskip("matplotlib")
    from impasto.bench.speed_plot import write_plot

    write_plot(report, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as plot:
        assert plot.format == "PNG"
        assert np.asarray(plot.convert("L")).std() > 5


@pytest.mark.parametrize(("width", "height"), [(1, 1), (30, 20), (200, 100), (7, 90)])
def test_a_frame_is_the_middle(width: int, height: int) -> None:
    """A frame has the asked size, and what is in the middle of the photo is in its middle."""
    pixels = np.zeros((61, 101, 3), np.uint8)
    pixels[29:32, 49:52] = 255
    found = frame(pixels, width, height)
    assert found.shape == (height, width, 3)
    assert found[height // 2, width // 2].max() == found.max() > 0


def test_a_precision_that_is_not_here_has_no_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread count has the ceilings of the precisions that the machine has, and no others."""

    def product(precision: str, threads: int) -> float:
        if precision == "bfloat16":
            raise EngineError("this CPU has no bfloat16")
        return 10.0 * threads

    monkeypatch.setattr(speed_engines, "matrix_gflops", product)
    monkeypatch.setattr(speed_engines, "copy_gbytes", lambda threads: 5.0)
    found = speed_engines.ceilings(lambda text: None)
    expected = [Ceiling("float32", n, 10.0 * n, 5.0) for n in speed_engines.thread_counts()]
    assert found == expected


def test_rounds_fit_into_the_time() -> None:
    """Slow things are timed at least once, fast ones as often as asked and no more."""
    assert rounds_within(10.0, 1.0, 20) == 5
    assert rounds_within(10.0, 100.0, 20) == 1
    assert rounds_within(10.0, 0.0, 20) == 20


def test_what_full_means() -> None:
    """Sizes reach from 256 to 8192 with 4096 x 2160 among them, and 1 to 100 million pixels."""
    assert FULL_SIZES[0] == (256, 256)
    assert FULL_SIZES[-1] == (8192, 8192)
    assert (4096, 2160) in FULL_SIZES
    assert (FULL_SIDES[0] ** 2, FULL_SIDES[-1] ** 2) == (10**6, 10**8)
