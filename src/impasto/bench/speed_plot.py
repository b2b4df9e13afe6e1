"""The plot of time against pixels. The only module that imports matplotlib."""

from pathlib import Path
from typing import TYPE_CHECKING

from impasto.bench.speed_table import Points, points
from impasto.bench.speed_wide import WideReport
from impasto.core.errors import MissingExtraError
from impasto.core.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLES = ("-", "--", "-.", ":")
_MARKS = "osD^v<>P*X"


def check_plot() -> None:
    """Raise MissingExtraError unless matplotlib is there: before minutes of measuring."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the plot", "bench") from error


def write_plot(report: WideReport, path: Path) -> None:
    """Write time against pixels, both logarithmic, as PNG.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    check_plot()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    _draw(axes, points(report))
    speed = report.speed
    axes.set_title(f"{speed.engine.name} {speed.engine.version}, {speed.engine.device}", size=10)
    with atomic_write(path) as file:
        figure.savefig(file, format="png")


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
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, loc="upper left", frameon=False)
