"""The plot of time against pixels."""

from pathlib import Path
from typing import TYPE_CHECKING

from impasto.bench.plots import write_figure
from impasto.bench.speed_table import Points, points
from impasto.bench.speed_wide import WideReport

if TYPE_CHECKING:
    from impasto.bench.plots import Axes

_STYLES = ("-", "--", "-.", ":")
_MARKS = "osD^v<>P*X"


def write_plot(report: WideReport, path: Path) -> None:
    """Write time against pixels, both logarithmic, as PNG.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    speed = report.speed

    def draw(axes: "Axes") -> None:
        _draw(axes, points(report))
        axes.set_title(
            f"{speed.engine.name} {speed.engine.version}, {speed.engine.device}", size=10
        )

    write_figure(path, draw)


def _draw(axes: "Axes", lines: Points) -> None:
    for number, (name, places) in enumerate(lines.items()):
        pixels, seconds = zip(*places, strict=True)
        own = name.startswith("impasto")
        axes.plot(
            pixels,
            seconds,
            color=f"C{number % 10}",
            linestyle=_STYLES[number // 10 % len(_STYLES)],
            linewidth=2.0 if own else 1.2,
            marker=_MARKS[number % len(_MARKS)],
            markersize=5,
            label=name,
        )
    axes.set(xscale="log", yscale="log", xlabel="million pixels", ylabel="seconds for a picture")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(visible=True, which="major", color="0.85")
    axes.grid(visible=True, which="minor", color="0.94")
    axes.legend(fontsize=8, loc="upper left", frameon=False)
