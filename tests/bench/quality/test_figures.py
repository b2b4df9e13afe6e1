"""Which plots a report has, and what is drawn in them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib")

from impasto.bench.plots import write_figure
from impasto.bench.quality import figures
from impasto.bench.quality.figures import FRONT, MEMORY, TIME, write_figures
from impasto.bench.quality.results import load_results
from impasto.bench.quality.store import RESULTS
from impasto.bench.quality.summary import Bootstrap

from .test_summary import add, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = {
    "style": {1.0: (1.9, 0.0)},
    "impasto": {0.5: (0.2, 0.8), 1.0: (0.4, 0.6)},
    "lst": {1.0: (1, 1)},
}
SECONDS = {"impasto": 0.01, "lst": 0.1}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, "Axes"]:
    """The axes of every plot that is written, by its name."""
    found: dict[str, Any] = {}

    def written(path: Path, draw: Callable[["Axes"], None], size: tuple[float, float]) -> None:
        def kept(axes: "Axes") -> None:
            found[path.name] = axes
            draw(axes)

        write_figure(path, kept, size)

    monkeypatch.setattr(figures, "write_figure", written)
    return found


def measured(folder: Path, sizes: tuple[int, ...], seconds: dict[str, float] = SECONDS) -> None:
    """Add times and peaks of memory: a MiB for each pixel of a side."""
    for size in sizes:
        for method, took in seconds.items():
            record = {"kind": "resource", "method": method, "version": "1", "size": size}
            add(folder, {**record, "seconds": took, "peak_bytes": size * 2**20, "error": None})


def plot(folder: Path) -> list[str]:
    """Write what there is to show; the names."""
    results = load_results(folder)
    return [path.name for path in write_figures(results, Bootstrap(results, times=20), folder)]


@pytest.mark.parametrize(
    ("sizes", "names"),
    [((), [FRONT]), ((256,), [FRONT, TIME]), ((256, 1024), [FRONT, TIME, MEMORY])],
)
def test_plots_need_something_to_show(
    tmp_path: Path, sizes: tuple[int, ...], names: list[str]
) -> None:
    """Time needs a size and memory two of them; what is written is a picture."""
    write(tmp_path, CURVES)
    measured(tmp_path, sizes)
    assert plot(tmp_path) == names
    for name in names:
        with Image.open(tmp_path / name) as figure:
            assert figure.size[0] > 500


def test_without_style_losses_there_is_no_empty_frame(tmp_path: Path) -> None:
    """Where no style has a picture, only memory is drawn."""
    write(tmp_path, CURVES)
    path = tmp_path / RESULTS
    path.write_text(path.read_text().replace('"marks": {"style": ', '"marks": {"other": '))
    measured(tmp_path, (256, 1024))
    assert plot(tmp_path) == [MEMORY]


def test_the_front_has_a_point_for_each_strength(tmp_path: Path, drawn: dict[str, "Axes"]) -> None:
    """Content loss across, style loss upwards; a style loss of 0 is on no logarithmic axis."""
    write(tmp_path, CURVES)
    plot(tmp_path)
    lines = {
        str(bars.get_label()): np.round(bars.lines[0].get_xydata(), 6).tolist()
        for bars in drawn[FRONT].containers
    }
    assert lines == {
        "photo": [[0.0, 1.0]],
        "impasto": [[0.2, 0.8], [0.4, 0.6]],
        "lst": [[1.0, 1.0]],
    }
    low, high = drawn[FRONT].get_ylim()
    assert low < 0.6
    assert high > 1


def test_time_and_memory_have_a_point_for_each_method(
    tmp_path: Path, drawn: dict[str, "Axes"]
) -> None:
    """Milliseconds at the size nearest to 512 beside style loss; MiB over million pixels."""
    write(tmp_path, CURVES)
    measured(tmp_path, (256, 1024))
    plot(tmp_path)
    times, peaks = (
        {str(line.get_label()): np.asarray(line.get_xydata()).tolist() for line in axes.lines}
        for axes in (drawn[TIME], drawn[MEMORY])
    )
    assert times == {
        "impasto, content 0.40": [[10.0, pytest.approx(0.6)]],
        "lst, content 1.00": [[100.0, 1.0]],
    }
    assert peaks.keys() == {"impasto", "lst"}
    assert peaks["lst"] == [[pytest.approx(0.065536), 256], [pytest.approx(1.048576), 1024]]


def test_names_of_methods_that_take_as_long_are_readable(
    tmp_path: Path, drawn: dict[str, "Axes"]
) -> None:
    """No name lies over another or over a point, and all of them are inside the figure."""
    methods = ("impasto", "microast", "wct", "adain", "lst", "optimisation")
    curves = {name: {1.0: (0.5, 0.5 + number / 100)} for number, name in enumerate(methods)}
    write(tmp_path, curves)
    measured(tmp_path, (256,), dict.fromkeys(methods, 0.05))
    plot(tmp_path)
    axes = drawn[TIME]
    legend, page = axes.get_legend(), axes.figure.bbox
    assert legend is not None
    boxes = [text.get_window_extent() for text in legend.get_texts()]
    assert len(boxes) == len(methods)
    assert all(page.x0 < box.x0 and box.x1 < page.x1 and page.y0 < box.y0 for box in boxes)
    pairs = [(one, other) for one in boxes for other in boxes if one is not other]
    assert not any(one.overlaps(other) for one, other in pairs)
    assert not any(box.overlaps(axes.get_window_extent()) for box in boxes)
    kinds = {(str(line.get_marker()), str(line.get_color())) for line in axes.lines}
    assert len(kinds) == len(methods)
