"""The options of verbs that paint, each written once; defaults come from the settings."""

from typing import Annotated, Literal

import typer

from impasto.core.settings import Colors, Device, Precision
from impasto.engine.devices import BackendName

FormatName = Literal["jpeg", "png", "webp", "tiff", "avif", "heif"]

_STYLE, _FILES, _RESULT, _ENGINE = "Style", "Files", "Result", "Engine"


def complete_style(incomplete: str) -> list[str]:
    """The installed styles that start like this, for the completion of shells."""
    from impasto.styles.library import Library

    return [name for name in Library().names() if name.startswith(incomplete)]


def complete_mask(incomplete: str) -> list[str]:
    """The same for --mask, up to the name of its file."""
    return [f"{name}=" for name in complete_style(incomplete)]


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="PHOTO|FOLDER|-...",
        help="Photos, folders (with all folders below), or - for standard input.",
        show_default=False,
    ),
]

StyleText = Annotated[
    str,
    typer.Option(
        "--style",
        "-s",
        metavar="SPEC",
        help="NAME, a mix NAME:WEIGHT,NAME:WEIGHT, or a style package FILE.safetensors.",
        autocompletion=complete_style,
        rich_help_panel=_STYLE,
    ),
]

MasksOf = Annotated[
    list[str] | None,
    typer.Option(
        "--mask",
        metavar="SPEC=FILE",
        help="Paint in this style where the picture FILE is white. Given repeatedly, later ones "
        "lie over earlier ones. The style photo is the photo itself: --style photo leaves the rest "
        "as it is, --mask photo=FILE this part.",
        autocompletion=complete_mask,
        rich_help_panel=_STYLE,
    ),
]

Feather = Annotated[
    float | None,
    typer.Option(
        metavar="PIXELS",
        help="How soft the edges of masks are, to each side; without it, as they are.",
        rich_help_panel=_STYLE,
    ),
]

Strength = Annotated[
    float,
    typer.Option(
        metavar="0..1", help="0 gives the photo back, 1 is the full style.", rich_help_panel=_STYLE
    ),
]

ColorsOf = Annotated[
    Colors,
    typer.Option(help="Whose colours: the style's or the photo's own.", rich_help_panel=_STYLE),
]

Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE|FOLDER|-",
        help="Where to; - is standard output. Without it, beside the input: a.jpg becomes "
        "a.STYLE.jpg, and the folder trip becomes trip.STYLE.",
        rich_help_panel=_FILES,
    ),
]

Suffix = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Added to the name of each result, in place of .STYLE.",
        rich_help_panel=_FILES,
    ),
]

Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace results that are there already.", rich_help_panel=_FILES
    ),
]

Skip = Annotated[
    bool,
    typer.Option(
        "--skip", help="Pass over photos whose result is there already.", rich_help_panel=_FILES
    ),
]

Size = Annotated[
    int | None,
    typer.Option(
        metavar="PIXELS",
        help="The longest side of the result; never enlarges. Without it, the photo's size.",
        rich_help_panel=_RESULT,
    ),
]

StrokeReference = Annotated[
    int | None,
    typer.Option(
        metavar="PIXELS",
        help="Paint strokes as large as they would be at this long side, so that a preview and the "
        "full picture look alike. Without it, a big picture looks finer.",
        rich_help_panel=_RESULT,
    ),
]

FormatOf = Annotated[
    FormatName | None,
    typer.Option(
        "--format",
        help="The format of the result; without it, that of the photo.",
        rich_help_panel=_RESULT,
    ),
]

Quality = Annotated[
    int | None,
    typer.Option(
        metavar="1..100",
        help="Of JPEG, WebP, AVIF and HEIF; PNG and TIFF lose nothing.",
        rich_help_panel=_RESULT,
    ),
]

Strip = Annotated[
    bool,
    typer.Option("--strip", help="Leave the photo's metadata out.", rich_help_panel=_RESULT),
]

KeepProfile = Annotated[
    bool,
    typer.Option(
        "--keep-profile",
        help="Convert the result to the photo's colour profile instead of sRGB.",
        rich_help_panel=_RESULT,
    ),
]

MaxMegapixels = Annotated[
    float,
    typer.Option(
        metavar="MP",
        help="Refuse photos of more than this many million pixels.",
        rich_help_panel=_ENGINE,
    ),
]

MemoryOf = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="What painting may take, such as 512M or 2G; without it, what the machine can spare.",
        rich_help_panel=_ENGINE,
    ),
]

ModelName = Annotated[
    str,
    typer.Option(
        "--model", metavar="NAME|FOLDER", help="The model that paints.", rich_help_panel=_ENGINE
    ),
]

Engine = Annotated[
    BackendName | None,
    typer.Option(
        help="The runtime that computes; without it, the one that has the device.",
        rich_help_panel=_ENGINE,
    ),
]

DeviceOf = Annotated[
    Device,
    typer.Option(
        "--device",
        help="What computes; auto is the CPU. One that is not there is an error: see "
        "impasto doctor.",
        rich_help_panel=_ENGINE,
    ),
]

PrecisionOf = Annotated[
    Precision,
    typer.Option(
        "--precision",
        help="auto takes the fastest of this machine; for video, float32.",
        rich_help_panel=_ENGINE,
    ),
]

Threads = Annotated[
    int | None,
    typer.Option(metavar="N", help="CPU threads; without it, all cores.", rich_help_panel=_ENGINE),
]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Errors only: no progress bar, no summary.")
]
