"""The plots of a report."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.bench.contender import FULL
from impasto.bench.plots import write_figure
from impasto.bench.quality.results import Results
from impasto.bench.quality.settings import CONTROLS, METHODS, OURS
from impasto.bench.quality.summary import Bootstrap
from impasto.bench.vote_report import Estimate

if TYPE_CHECKING:
    from impasto.bench.plots import Axes

FRONT, TIME, MEMORY = "front.png", "time.png", "memory.png"

_LEAST = 2
"""Sizes that make a line: of one, the table tells as much as a plot."""

_FLOOR = 1e-3
"""The least style loss that is drawn: the style's own 0 has no place on a logarithmic axis."""


ABSENT = {
    FRONT: "There is no plot of style loss against content loss: no style loss was measured, which "
    "needs pictures of the styles.",
    TIME: "There is no plot of time against quality: no method has both a time and a style loss.",
    MEMORY: "There is no plot of memory against pixels: memory was not measured at two sizes.",
}
"""What is said in the place of a plot that has nothing to show."""


def write_figures(results: Results, bootstrap: Bootstrap, folder: Path) -> list[Path]:
    """Write every plot that has something to show, as PNG, into an existing folder."""
    drawings: dict[str, tuple[Any, Callable[[Axes], None]]] = {}
    fronts = _fronts(results, bootstrap)
    drawings[FRONT] = fronts, lambda axes: _front(axes, fronts)
    times = _times(results, bootstrap)
    drawings[TIME] = times, lambda axes: _time(axes, times, _common_size(results))
    peaks = _peaks(results)
    drawings[MEMORY] = peaks, lambda axes: _memory(axes, peaks)
    shown = {name: draw for name, (points, draw) in drawings.items() if points}
    for name, draw in shown.items():
        write_figure(folder / name, draw, (8.5, 5.5))
    return [folder / name for name in shown]


_COLOURS = ("0.2", "0.5", "0.7", "crimson", "C0", "C1", "C2", "C4", "C9", "C5")
"""Controls are grey, and nothing is nearly as red as ours."""
_MARKERS = "sssoDv^P*X"
"""Beside colours, which not everyone tells apart."""


def _colour(method: str) -> str:
    return _COLOURS[METHODS.index(method)]


def _fronts(results: Results, bootstrap: Bootstrap) -> dict[str, list[tuple[float, Estimate]]]:
    """By method, content loss and style loss at each strength; without those that have none."""
    found = {}
    for method in results.full_methods:
        points = [
            (content.value, style)
            for strength in results.strengths(method)
            if (content := bootstrap.mean(method, "content", strength)) is not None
            and (style := bootstrap.style_loss(method, strength)) is not None
            and style.value >= _FLOOR
        ]
        if points:
            found[method] = points
    return found


def _front(axes: "Axes", curves: Mapping[str, Sequence[tuple[float, Estimate]]]) -> None:
    """Style loss against content loss, with the strength as a curve."""
    for method, points in curves.items():
        _curve(axes, method, points)
    axes.set(
        xlabel="content loss (0 is the photo)",
        ylabel="style loss (1 is the unchanged photo, the style itself has 0)",
        title="Nearer to the lower left corner is better; bars: 95 % over photos",
    )
    axes.set_yscale("log", subs=(2, 5))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    _finish(axes)


def _curve(axes: "Axes", method: str, points: Sequence[tuple[float, Estimate]]) -> None:
    contents, styles = zip(*points, strict=True)
    own = method == OURS
    axes.errorbar(
        contents,
        [style.value for style in styles],
        yerr=[
            [style.value - style.low for style in styles],
            [style.high - style.value for style in styles],
        ],
        color=_colour(method),
        marker="s" if method in CONTROLS else "o",
        markersize=7 if own else 5,
        linewidth=2.2 if own else 1.3,
        elinewidth=0.8,
        capsize=2,
        label=method,
    )


def _times(results: Results, bootstrap: Bootstrap) -> list[tuple[float, float, str, str]]:
    """Milliseconds, style loss, method and label, the fastest first."""
    points, size = [], _common_size(results)
    for method in results.full_methods:
        found = results.of("resource", method=method, error=None)
        chosen = [each for each in found if each["size"] == size] or found[:1]
        style, content = bootstrap.style_loss(method), bootstrap.mean(method, "content", FULL)
        if chosen and style is not None and content is not None:
            label = f"{method}, content {content.value:.2f}"
            label += "" if chosen[0]["size"] == size else f", at {chosen[0]['size']}"
            points.append((1000 * chosen[0]["seconds"], style.value, method, label))
    return sorted(points)


def _time(axes: "Axes", points: Sequence[tuple[float, float, str, str]], size: int) -> None:
    """Style loss at full strength against the time of a painting."""
    for took, loss, method, label in points:
        # Named beside the plot: names at the dots would cover those of methods as fast.
        marker = _MARKERS[METHODS.index(method)]
        axes.plot(took, loss, marker, color=_colour(method), markersize=10, label=label)
    axes.set(
        xlabel=f"milliseconds for {size} x {size}",
        ylabel="style loss at full strength",
        title="Time against quality: nearer to the lower left corner is better",
    )
    axes.set_xscale("log", subs=(2, 5))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.margins(0.1)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, color="0.92")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8, frameon=False)


def _common_size(results: Results) -> int:
    """The size at which time is compared: 512, or what comes nearest."""
    sizes = {each["size"] for each in results.of("resource", error=None)}
    return int(min(sizes, key=lambda size: abs(size - 512), default=512))


def _peaks(results: Results) -> dict[str, list[tuple[float, float]]]:
    """By method, million pixels and MiB; nothing where all are of one size."""
    found = {}
    for method in results.methods:
        records = results.of("resource", method=method, error=None)
        points = [
            (each["size"] ** 2 / 1e6, each["peak_bytes"] / 2**20)
            for each in records
            if each["peak_bytes"] is not None
        ]
        if points:
            found[method] = sorted(points)
    pixels = {each for points in found.values() for each, _ in points}
    return found if len(pixels) >= _LEAST else {}


def _memory(axes: "Axes", peaks: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Peak memory of a new process against the pixels of the picture."""
    for method, points in peaks.items():
        axes.plot(*zip(*points, strict=True), "o-", color=_colour(method), label=method)
    axes.set(
        xscale="log",
        xlabel="million pixels",
        ylabel="peak memory of a new process, MiB",
        title="Memory against pixels",
    )
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(bottom=0)
    _finish(axes)


def _finish(axes: "Axes") -> None:
    axes.grid(visible=True, color="0.92")
    axes.legend(fontsize=8, frameon=False)
