"""The plots of a report."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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

_FLOOR = 0.01
"""The least style loss that is drawn: the style's own 0 has no place on a logarithmic axis."""


def write_figures(results: Results, bootstrap: Bootstrap, folder: Path) -> list[Path]:
    """Write every plot that has something to show, as PNG, into an existing folder."""
    sizes = {each["size"] for each in results.of("resource", error=None)}
    drawings: dict[str, Callable[[Axes], None]] = {
        FRONT: lambda axes: _front(axes, results, bootstrap)
    }
    if sizes:
        drawings[TIME] = lambda axes: _time(axes, results, bootstrap)
    if len(sizes) >= _LEAST:
        drawings[MEMORY] = lambda axes: _memory(axes, results)
    for name, draw in drawings.items():
        write_figure(folder / name, draw, (8.5, 5.5))
    return [folder / name for name in drawings]


_COLOURS = ("0.2", "0.5", "0.7", "crimson", "C0", "C1", "C2", "C4", "C9", "C5")
"""Controls are grey, and nothing is nearly as red as ours."""


def _colour(method: str) -> str:
    return _COLOURS[METHODS.index(method)]


def _front(axes: "Axes", results: Results, bootstrap: Bootstrap) -> None:
    """Style loss against content loss, with the strength as a curve."""
    for method in results.full_methods:
        points = [
            (content.value, style)
            for strength in results.strengths(method)
            if (content := bootstrap.mean(method, "content", strength)) is not None
            and (style := bootstrap.style_loss(method, strength)) is not None
            and style.value >= _FLOOR
        ]
        if points:
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


def _time(axes: "Axes", results: Results, bootstrap: Bootstrap) -> None:
    """Style loss at full strength against the time of a painting."""
    size = _common_size(results)
    points = []
    for method in results.full_methods:
        found = results.of("resource", method=method, error=None)
        chosen = [each for each in found if each["size"] == size] or found[:1]
        style, content = bootstrap.style_loss(method), bootstrap.mean(method, "content", FULL)
        if chosen and style is not None and content is not None:
            label = f"{method}\ncontent {content.value:.2f}"
            label += "" if chosen[0]["size"] == size else f", at {chosen[0]['size']}"
            points.append((1000 * chosen[0]["seconds"], style.value, _colour(method), label))
    _labelled(axes, sorted(points))
    axes.set(
        xlabel=f"milliseconds for {size} x {size}",
        ylabel="style loss at full strength",
        title="Time against quality",
    )
    axes.set_xscale("log", subs=(2, 5))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.margins(0.2)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, color="0.92")


def _labelled(axes: "Axes", points: Sequence[tuple[float, float, str, str]]) -> None:
    """Dots from left to right by x, y, colour and label."""
    for number, (took, loss, colour, label) in enumerate(points):
        # To the right and left in turn, for methods that take as long stand close together.
        side, away = ("left", 9) if number % 2 == 0 else ("right", -9)
        axes.plot(took, loss, "o", color=colour, markersize=9)
        axes.annotate(
            label,
            (took, loss),
            (away, 0),
            textcoords="offset points",
            horizontalalignment=side,
            verticalalignment="center",
            fontsize=8,
        )


def _common_size(results: Results) -> int:
    """The size at which time is compared: 512, or what comes nearest."""
    sizes = {each["size"] for each in results.of("resource", error=None)}
    return int(min(sizes, key=lambda size: abs(size - 512)))


def _memory(axes: "Axes", results: Results) -> None:
    """Peak memory of a new process against the pixels of the picture."""
    for method in results.methods:
        found = results.of("resource", method=method, error=None)
        points = sorted((each["size"] ** 2 / 1e6, each["peak_bytes"]) for each in found)
        points = [(pixels, peak / 2**20) for pixels, peak in points if peak is not None]
        if points:
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
