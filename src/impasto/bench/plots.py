"""Figures as PNG. The only module that imports matplotlib."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.errors import MissingExtraError
from impasto.core.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes

Size = tuple[float, float]


def check_plot() -> None:
    """Raise MissingExtraError unless matplotlib is there: before minutes of measuring."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the plot", "bench") from error


def write_figure(path: Path, draw: Callable[["Axes"], object], size: Size = (9, 6)) -> None:
    """Draw into new axes, and write them as PNG.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    check_plot()
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=130, layout="constrained")
    axes = figure.add_subplot()
    draw(axes)
    axes.set_axisbelow(True)
    with atomic_write(path) as file:
        figure.savefig(file, format="png")


def curve_plot(title: str, points: Sequence[Mapping[str, float]], path: Path) -> None:
    """The terms of a training loss against its steps; raises as `write_figure`."""
    names = [name for name in points[0] if name not in ("step", "images_per_second")]

    def draw(axes: "Axes") -> None:
        for name in names:
            axes.plot(
                [each["step"] for each in points], [each[name] for each in points], label=name
            )
        axes.set(title=title, xlabel="step", ylabel="mean of 20 steps", yscale="log")
        axes.grid(visible=True, which="both", color="0.92")
        axes.legend(frameon=False)

    write_figure(path, draw, (7, 4))
