"""Paints a square some times in a process of its own, whose memory is then known.

Run as `python -m impasto.bench.quality.once TASK.json`. Nothing is imported that the method
does not need, above all no torch where a graph paints: its memory would count.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from impasto.bench.quality.settings import EXACT
from impasto.bench.speed import square
from impasto.core.arrays import RGB
from impasto.engine.backends import shared_backend
from impasto.media.image import read_image

How = Literal["painter", "graph", "method"]
"""Impasto; a graph of another network; or a method that runs in torch."""


@dataclass(frozen=True)
class Task:
    """What the process is to do."""

    how: How
    what: str
    """The style's name, the graph's file, or the method's name."""
    photo: str
    side: int
    """Of the square that is cut from the photo, in pixels."""
    repeats: int
    answer: str
    """The file that the seconds go to."""
    model: str = "default"
    style_file: str = ""
    """The style's picture, for a method."""
    style_size: int = 512
    """Its long side."""


def main(words: list[str]) -> None:
    """Do a task."""
    task = Task(**json.loads(Path(words[0]).read_text(encoding="utf-8")))
    pixels = square(read_image(task.photo).pixels, task.side)
    paint = _maker(task.how)(task)
    paint(pixels)
    seconds = []
    for _ in range(task.repeats):
        started = time.perf_counter()
        paint(pixels)
        seconds.append(time.perf_counter() - started)
    Path(task.answer).write_text(json.dumps(seconds), encoding="utf-8")


def _maker(how: How) -> Callable[[Task], Callable[[RGB], Any]]:
    return {"painter": _painter, "graph": _graph, "method": _method}[how]


def _painter(task: Task) -> Callable[[RGB], Any]:
    from impasto.bench.speed import time_painter
    from impasto.engine.model import load_model
    from impasto.engine.painter import Painter

    painter = Painter(task.what, model=load_model(task.model), engine=EXACT)
    return lambda pixels: time_painter(painter, pixels)


def _graph(task: Task) -> Callable[[RGB], Any]:
    backend, graph = shared_backend(EXACT), Path(task.what)

    def paint(pixels: RGB) -> object:
        image = pixels[None]
        return backend.load(graph, {"image": image.shape}).run({"image": image})

    return paint


def _method(task: Task) -> Callable[[RGB], Any]:
    from impasto.bench.contender import StyleImage
    from impasto.bench.quality.line_up import torch_method
    from impasto.lab.data import assets_folder, open_rgb

    method = torch_method(task.what, assets_folder())
    style = StyleImage("style", open_rgb(Path(task.style_file), long_side=task.style_size))
    method.check(style)
    return lambda pixels: method.paint(pixels, style)


if __name__ == "__main__":
    main(sys.argv[1:])
