"""`impasto bench video`: how calm painted clips are, and how fast they come."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.bench.video_settings import VideoSettings
from impasto.cli.bench import RECIPE, RecipeFile, ReportFile, keep, keep_text
from impasto.cli.extras import need
from impasto.cli.options import AsJson
from impasto.cli.streams import answer, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from impasto.core.arrays import RGB


Clips = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="CLIP...",
        help="Videos, or folders of frames.  \\[default: those below IMPASTO_ASSETS]",
    ),
]
StyleName = Annotated[
    str, typer.Option("--style", "-s", metavar="NAME", help="A style of the recipe.")
]
Frames = Annotated[int, typer.Option(metavar="N", help="So many frames of each clip.")]
Size = Annotated[int, typer.Option(metavar="PIXELS", help="Their long side.")]
Flow = Annotated[
    float, typer.Option(metavar="0..1", help="How much the painting before shows through.")
]
Timed = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WxH",
        help="Time painting at this size; may be given repeatedly, 0 times none.  "
        "\\[default: 854x480, 1920x1080]",
    ),
]
TimedFrames = Annotated[int, typer.Option(metavar="N", help="Frames that a timing takes.")]
Turns = Annotated[int, typer.Option(metavar="N", help="Timings of which the median counts.")]
Table = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the tables as Markdown, too.")
]
Strip = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write frames of the first clip side by side, as JPEG."),
]


def video(
    clips: Clips = None,
    style: StyleName = VideoSettings.style,
    frames: Frames = VideoSettings.frames,
    size: Size = VideoSettings.size,
    flow: Flow = VideoSettings.flow,
    timed: Timed = None,
    timed_frames: TimedFrames = VideoSettings.timed_frames,
    turns: Turns = VideoSettings.turns,
    recipe: RecipeFile = RECIPE,
    as_json: AsJson = False,
    out: ReportFile = None,
    table: Table = None,
    strip: Strip = None,
) -> None:
    """Measure flicker of painted clips, beside other networks, and frames a second.

    Prints Markdown tables. Let nothing else run meanwhile. Needs the extras `train`, `bench` and
    `video`, and IMPASTO_ASSETS.
    """
    need("measuring video", "train", "torch", "imagehash")
    need("measuring video", "bench", "onnx", "skimage", "psutil")
    need("measuring video", "video", "av", "cv2")
    from impasto.bench.video import measure_video
    from impasto.bench.video_table import markdown
    from impasto.lab.recipe import load_recipe

    sizes = VideoSettings.timed if timed is None else _sizes(timed)
    settings = VideoSettings(
        style, frames, size, flow=flow, timed=sizes, timed_frames=timed_frames, turns=turns
    )
    first = _First(strip)
    report = measure_video(settings, load_recipe(recipe), clips or (), show=first.show, tell=say)
    told = markdown(report)
    answer(json.dumps(report.as_dict()) if as_json else told)
    keep(report.as_dict(), out)
    keep_text(told + "\n", table)


def _sizes(texts: list[str]) -> tuple[tuple[int, int], ...]:
    """Sizes out of `WIDTHxHEIGHT`; 0 is none."""
    sizes = []
    for text in texts:
        if text == "0":
            continue
        width, by, height = text.partition("x")
        if not (by and width.isdecimal() and height.isdecimal()):
            raise typer.BadParameter(f"{text!r} is no WIDTHxHEIGHT such as 854x480")
        sizes.append((int(width), int(height)))
    return tuple(sizes)


class _First:
    """Writes a strip of the first clip that is shown."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def show(
        self, clip: str, frames: "Sequence[RGB]", paintings: "Mapping[str, Sequence[RGB]]"
    ) -> None:
        if self._path is None:
            return
        from PIL import Image

        from impasto.bench.video_table import strip
        from impasto.core.files import atomic_write

        with atomic_write(self._path) as file:
            Image.fromarray(strip(frames, paintings)).save(file, "JPEG", quality=88)
        self._path = None
