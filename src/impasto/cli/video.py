"""The verb `video`: a video in, the same video painted out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from impasto.cli import options
from impasto.cli.ends import PARTLY_FAILED
from impasto.cli.extras import need
from impasto.cli.jobs import PIPE
from impasto.cli.masks import read_masks
from impasto.cli.paint import existing_of, facts_of, limits_of, record_of
from impasto.cli.streams import answer, own_stderr, say
from impasto.cli.styling import mark_over_time, parse_style
from impasto.core.errors import ImageError, SettingsError, VideoError
from impasto.core.settings import EngineSettings, PaintSettings
from impasto.engine.backends import open_backend

if TYPE_CHECKING:
    from impasto.cli.video_job import Told
    from impasto.styles.package import Style
    from impasto.styles.spec import StyleSpec

_VIDEO, _CALM = "Video", "Calm"

Input = Annotated[
    str | None,
    typer.Argument(
        metavar="[VIDEO|FOLDER|-]",
        help="A video, a folder of frames, or - for standard input.",
        show_default=False,
    ),
]
KeyStyles = Annotated[
    list[str],
    typer.Option(
        "--style",
        "-s",
        metavar="SPEC[@TIME]",
        help="NAME, a mix NAME:WEIGHT,NAME:WEIGHT, or a style package FILE.safetensors. Given "
        "repeatedly with times, one fades into the next: scream@0 udnie@1:30.",
        autocompletion=options.complete_style,
        rich_help_panel="Style",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE|FOLDER/|-",
        help="Where to, by its ending: .mp4 .m4v .mov .mkv .webm .gif .webp; a folder for frames; "
        "- is YUV4MPEG2 on standard output. Without it, beside the input: a.mp4 becomes "
        "a.STYLE.mp4.",
        rich_help_panel="Files",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with a call that was ended; give it the same options.",
        rich_help_panel="Files",
    ),
]
CodecOf = Annotated[
    Literal["h264", "h265", "vp9", "av1"] | None,
    typer.Option(
        "--codec",
        help="How pictures are compressed; without it, h264 or vp9.",
        rich_help_panel=_VIDEO,
    ),
]
QualityOf = Annotated[
    int | None,
    typer.Option(
        "--quality",
        metavar="1..100",
        help="Of the video, the WebP or the frames.",
        rich_help_panel=_VIDEO,
    ),
]
FramesAs = Annotated[
    options.FormatName | None,
    typer.Option(
        "--format", help="Of frames in a folder; without it, png.", rich_help_panel=_VIDEO
    ),
]
Start = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Begin here: 90s, 1m30s, 1:30.", rich_help_panel=_VIDEO),
]
Duration = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Paint no more than this.", rich_help_panel=_VIDEO),
]
Fps = Annotated[
    str | None,
    typer.Option(
        metavar="RATE",
        help="Frames a second, such as 25 or 30000/1001; without it, each frame keeps its time.",
        rich_help_panel=_VIDEO,
    ),
]
Window = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        help="To each side, over which the painting is kept calm; 0 paints frame by frame.",
        rich_help_panel=_CALM,
    ),
]
Flow = Annotated[
    float,
    typer.Option(
        metavar="0..1",
        help="How much strokes follow what moves; slower.",
        rich_help_panel=_CALM,
    ),
]
Segment = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="What a call that is ended loses at most.", rich_help_panel="Files"
    ),
]
Camera = Annotated[
    str | None,
    typer.Option(
        metavar="N", help="Paint what a camera sees: 0 is the first.", rich_help_panel="Live"
    ),
]
Preview = Annotated[
    bool,
    typer.Option("--preview", help="Show the painting in a window.", rich_help_panel="Live"),
]
Strip = Annotated[
    bool,
    typer.Option("--strip", help="Leave the video's metadata out.", rich_help_panel=_VIDEO),
]
ProgressJson = Annotated[
    bool,
    typer.Option(
        "--progress-json",
        help="Tell twice a second how many frames are done: lines of JSON on standard output.",
    ),
]
MaxMegapixels = Annotated[
    float,
    typer.Option(
        metavar="MP",
        help="Refuse frames of more than this many million pixels.",
        rich_help_panel="Engine",
    ),
]


def video(
    context: typer.Context,
    style: KeyStyles,
    source: Input = None,
    mask: options.MasksOf = None,
    feather: options.Feather = None,
    strength: options.Strength = PaintSettings.strength,
    colors: options.ColorsOf = PaintSettings.colors,
    out: Out = None,
    overwrite: options.Overwrite = False,
    skip: options.Skip = False,
    resume: Resume = False,
    segment: Segment = "10s",
    size: options.Size = PaintSettings.size,
    stroke_reference: options.StrokeReference = PaintSettings.stroke_reference,
    codec: CodecOf = None,
    quality: QualityOf = None,
    format: FramesAs = None,
    start: Start = None,
    duration: Duration = None,
    fps: Fps = None,
    strip: Strip = False,
    window: Window = 1.0,
    flow: Flow = 0.0,
    camera: Camera = None,
    preview: Preview = False,
    max_megapixels: MaxMegapixels = 200.0,
    model: options.ModelName = "default",
    memory: options.MemoryOf = None,
    engine: options.Engine = None,
    device: options.DeviceOf = EngineSettings.device,
    precision: options.PrecisionOf = EngineSettings.precision,
    threads: options.Threads = EngineSettings.threads,
    as_json: options.AsJson = False,
    progress_json: ProgressJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Paint a video, calmly; sound, subtitles, chapters and times are kept.

    impasto video holiday.mp4 --style scream -o painted.mp4

    impasto video - --style scream@0 --style udnie@10s -o - < in.mkv | ffmpeg -i - out.mp4

    Needs the extra `video`.
    """
    need("painting videos", "video", "av", "cv2")
    from impasto.cli import video_call, video_plan
    from impasto.cli.video_job import as_json as told_as_json
    from impasto.cli.video_job import do_camera, do_video, skipped
    from impasto.engine.crowd import MANY, together
    from impasto.engine.key_times import parse_key_styles
    from impasto.engine.painter import Painter

    if (source is None) == (camera is None):
        raise SettingsError("give a video, a folder of frames, or -, or else --camera")
    if camera is not None and (start or fps or resume or skip or progress_json):
        useless = "--start, --fps, --resume, --skip and --progress-json"
        raise SettingsError(f"{useless} are of no use with --camera")
    existing = existing_of(overwrite, skip)
    keys = parse_key_styles(style)
    limits = limits_of(max_megapixels)
    masks = read_masks(mask, feather, limits)
    settings = EngineSettings(precision, threads, device=device).steady()
    # A camera's frames come one at a time, and each should be painted soon.
    crowd = together(MANY if camera is None else 1, settings, memory)
    backend = context.obj or open_backend(engine, crowd.engine)

    def make(one: "Style | StyleSpec") -> "Painter":
        return Painter(
            one,
            masks=masks.pairs,
            feather=masks.feather,
            strength=strength,
            colors=colors,
            size=size,
            stroke_reference=stroke_reference,
            model=model,
            backend=backend,
            memory=crowd.memory,
        )

    styles = [parse_style(key.style) for key in keys]
    painters = [make(each) for each in styles]
    film = video_call.film_of(keys, painters, window, flow, crowd.size)
    selection = video_call.selection_of(start, duration, fps)
    mark = mark_over_time(styles) + masks.mark
    with _failing_inputs():
        plan = video_plan.plan_of(source, out, mark, preview=preview)
    video_plan.check_kind(plan, codec, format)
    video_plan.check_streams(plan, as_json or progress_json, camera is not None)
    if existing == "skip" and plan.target and video_plan.is_there(plan.target):
        if not quiet:
            say(f"{plan.target} is there already")
        if as_json:
            answer(told_as_json(skipped(plan.target), facts_of(film.painter, masks)))
        return
    video_plan.check_target(plan, overwrite=overwrite)
    call = video_call.VideoCall(
        plan=plan,
        film=film,
        selection=selection,
        limits=limits,
        styles=tuple(style),
        record=record_of(film.painter, masks) | video_call.styles_record(keys, styles),
        segment=video_call.segment_of(segment),
        codec=codec,
        quality=quality,
        format=format or "png",
        strip=strip,
        resume=resume,
        overwrite=overwrite,
        preview=preview,
        quiet=quiet,
        progress_json=progress_json,
    )
    with own_stderr(), _failing_inputs():
        told = do_video(call) if camera is None else do_camera(call, camera)
    if told.damage:
        name = plan.name if camera is None else f"camera {camera}"
        say(f"{name}: {told.damage}; painted what there is")
    if not quiet:
        say(_summary(told))
    if as_json:
        answer(told_as_json(told, facts_of(film.painter, masks)))
    raise typer.Exit(PARTLY_FAILED if told.damage else 0)


@contextmanager
def _failing_inputs() -> Iterator[None]:
    """A video that cannot be read is a failure and not wrong usage, as with photos."""
    try:
        yield
    except (VideoError, ImageError) as error:
        say(str(error))
        raise typer.Exit(PARTLY_FAILED) from error


def _summary(told: "Told") -> str:
    rate = told.frames / told.seconds if told.seconds else 0.0
    where = "" if told.output == PIPE else f" to {told.output}"
    return f"{told.frames} frames painted in {told.seconds:.1f} s ({rate:.1f} a second){where}"
