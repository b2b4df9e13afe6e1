"""The plots of a report."""

from pathlib import Path
from typing import TYPE_CHECKING

from impasto.bench.contender import FULL
from impasto.bench.plots import write_figure
from impasto.bench.quality.results import Results, full_methods
from impasto.bench.quality.settings import CONTROLS, METHODS, OURS
from impasto.bench.quality.summary import Bootstrap

if TYPE_CHECKING:
    from impasto.bench.plots import Axes

FRONT, TIME, MEMORY = "front.png", "time.png", "memory.png"

_LEAST = 2
"""Points that make a line."""


def write_figures(results: Results, bootstrap: Bootstrap, folder: Path) -> list[Path]:
    """Write every plot that has points, as PNG, into an existing folder."""
    drawings = {
        FRONT: lambda axes: _front(axes, results, bootstrap),
        TIME: lambda axes: _time(axes, results, bootstrap),
        MEMORY: lambda axes: _memory(axes, results),
    }
    written = []
    for name, draw in drawings.items():
        if name == FRONT or results.of("resource", error=None):
            write_figure(folder / name, draw, (8.5, 5.5))
            written.append(folder / name)
    return written


_COLOURS = ("0.2", "0.5", "0.7", "crimson", "C0", "C1", "C2", "C4", "C9", "C5")
"""Controls are grey, and nothing is nearly as red as ours."""


def _colour(method: str) -> str:
    return _COLOURS[METHODS.index(method)]


def _front(axes: "Axes", results: Results, bootstrap: Bootstrap) -> None:
    """Style loss against content loss, with the strength as a curve."""
    for method in full_methods(results, METHODS):
        points = []
        for strength in results.strengths(method):
            content = bootstrap.mean(method, "content", strength)
            style = bootstrap.style_loss(method, strength)
            if content is not None and style is not None:
                points.append((content, style))
        if not points:
            continue
        own = method == OURS
        axes.errorbar(
            [content.value for content, _ in points],
            [style.value for _, style in points],
            yerr=[
                [style.value - style.low for _, style in points],
                [style.high - style.value for _, style in points],
            ],
            color=_colour(method),
            marker="s" if method in CONTROLS else "o",
            markersize=7 if own else 5,
            linewidth=2.2 if own else 1.3,
            elinewidth=0.8,
            capsize=2,
            label=method,
        )
    axes.set(
        xlabel="content loss (0 is the photo)",
        ylabel="style loss (1 is the unchanged photo, 0 the style)",
        title="Nearer to the corner is better; bars: 95 % over photos",
    )
    axes.set_ylim(bottom=0)
    _finish(axes)


def _time(axes: "Axes", results: Results, bootstrap: Bootstrap) -> None:
    """Style loss at full strength against the time of a painting."""
    size = _common_size(results)
    for method in full_methods(results, METHODS):
        found = results.of("resource", method=method, error=None)
        chosen = [each for each in found if each["size"] == size] or found[:1]
        style, content = bootstrap.style_loss(method), bootstrap.mean(method, "content", FULL)
        if not chosen or style is None or content is None:
            continue
        seconds = 1000 * chosen[0]["seconds"]
        axes.plot(seconds, style.value, "o", color=_colour(method), markersize=9)
        label = f"{method}\ncontent {content.value:.2f}"
        if chosen[0]["size"] != size:
            label += f", at {chosen[0]['size']}"
        axes.annotate(label, (seconds, style.value), (8, 4), textcoords="offset points", fontsize=8)
    axes.set(
        xscale="log",
        xlabel=f"milliseconds for {size} x {size}",
        ylabel="style loss at full strength",
        title="Time against quality",
    )
    axes.margins(x=0.2)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, color="0.92")


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
            line = "-" if len(points) >= _LEAST else ""
            pixels, peaks = zip(*points, strict=True)
            axes.plot(pixels, peaks, f"o{line}", color=_colour(method), label=method)
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
