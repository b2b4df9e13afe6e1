"""The verb `paint`: photos and folders in, paintings out."""

import math
import sys
from typing import TYPE_CHECKING, Any

import typer

from impasto.cli import options
from impasto.cli.ends import PARTLY_FAILED
from impasto.cli.jobs import Naming, Plan, make_plan
from impasto.cli.masks import MaskOptions, read_masks
from impasto.cli.report import Report
from impasto.cli.streams import answer, own_stderr
from impasto.cli.styling import mark_of, parse_style
from impasto.core.errors import SettingsError
from impasto.core.memory import Memory
from impasto.core.settings import EngineSettings, PaintSettings
from impasto.media.formats import format_named

if TYPE_CHECKING:
    from impasto.cli.how import Existing
    from impasto.engine.painter import Painter
    from impasto.media.image import ReadLimits

_NO_MASKS = MaskOptions()


def paint(
    context: typer.Context,
    inputs: options.Inputs,
    style: options.StyleText,
    mask: options.MasksOf = None,
    feather: options.Feather = None,
    strength: options.Strength = PaintSettings.strength,
    colors: options.ColorsOf = PaintSettings.colors,
    out: options.Out = None,
    suffix: options.Suffix = None,
    overwrite: options.Overwrite = False,
    skip: options.Skip = False,
    size: options.Size = PaintSettings.size,
    stroke_reference: options.StrokeReference = PaintSettings.stroke_reference,
    format: options.FormatOf = None,
    quality: options.Quality = None,
    strip: options.Strip = False,
    keep_profile: options.KeepProfile = False,
    max_megapixels: options.MaxMegapixels = 200.0,
    model: options.ModelName = "default",
    memory: options.MemoryOf = None,
    engine: options.Engine = None,
    device: options.DeviceOf = EngineSettings.device,
    precision: options.PrecisionOf = EngineSettings.precision,
    threads: options.Threads = EngineSettings.threads,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Paint photos, or whole folders of them, in a style.

    impasto paint photo.jpg --style scream -o painting.jpg

    impasto paint holiday --style scream:0.6,great-wave:0.4 --skip

    impasto paint photo.jpg --style scream --mask udnie=mask.png --feather 8
    """
    # Imported here, so that help and mistakes in the options answer at once.
    from impasto.cli.how import Work
    from impasto.cli.work import do_all
    from impasto.engine.backends import open_backend
    from impasto.engine.crowd import gathered
    from impasto.engine.painter import Painter
    from impasto.media.image import WriteOptions

    chosen = parse_style(style)
    wanted = format_named(format) if format else None
    limits = limits_of(max_megapixels)
    masks = read_masks(mask, feather, limits)
    naming = Naming(mark_of(chosen) + masks.mark, out, suffix, wanted)
    existing = existing_of(overwrite, skip)
    plan = make_plan(inputs, naming)
    _check_standard_output(plan, as_json)

    def make_painter(settings: EngineSettings, memory: Memory) -> Painter:
        return Painter(
            chosen,
            masks=masks.pairs,
            feather=masks.feather,
            strength=strength,
            colors=colors,
            size=size,
            stroke_reference=stroke_reference,
            model=model,
            backend=context.obj or open_backend(engine, settings),
            memory=memory,
        )

    settings = EngineSettings(precision, threads, device=device)
    painter = make_painter(settings, memory)
    crowd = gathered(len(plan.jobs), settings, memory, make_painter)
    written = WriteOptions(quality, strip, keep_profile, record_of(painter, masks))
    total = len(plan.jobs) + len(plan.problems)
    with own_stderr(), Report(total, quiet=quiet) as report:
        work = Work(painter, limits, written, existing, format, crowd, memory, masks.paths)
        do_all(plan, work, report)
    if as_json:
        answer(report.as_json(facts_of(painter, masks)))
    raise typer.Exit(PARTLY_FAILED if report.failed else 0)


def record_of(painter: "Painter", masks: MaskOptions = _NO_MASKS) -> dict[str, str]:
    """What the metadata of a painting tells about how it was made, masks too."""
    from impasto.engine.record import record_of as record_of_painter

    return {**record_of_painter(painter), **masks.record}


def facts_of(painter: "Painter", masks: MaskOptions = _NO_MASKS) -> dict[str, Any]:
    """What --json tells about the call as a whole."""
    engine, model = painter.backend.info, painter.model
    return {
        "style": str(painter.spec),
        **masks.facts,
        "strength": painter.settings.strength,
        "colors": painter.settings.colors,
        "size": painter.settings.size,
        "stroke_reference": painter.settings.stroke_reference,
        "model": {"name": model.name, "trunk_id": model.trunk_id},
        "engine": {"name": engine.name, "device": engine.device, "precision": engine.precision},
    }


def existing_of(overwrite: bool, skip: bool) -> "Existing":
    """What --overwrite and --skip mean; SettingsError if both are given."""
    if overwrite and skip:
        raise SettingsError("--overwrite and --skip exclude each other")
    return "overwrite" if overwrite else "skip" if skip else "refuse"


def limits_of(max_megapixels: float) -> "ReadLimits":
    """The limits of reading that --max-megapixels means."""
    from impasto.media.image import ReadLimits

    if not math.isfinite(max_megapixels) or max_megapixels < 1e-6:
        raise SettingsError(f"--max-megapixels is {max_megapixels:g}: it must be above 0")
    return ReadLimits(max_pixels=round(max_megapixels * 1e6))


def _check_standard_output(plan: Plan, as_json: bool) -> None:
    if all(job.target for job in plan.jobs):
        return
    if as_json:
        raise SettingsError("--json and the picture cannot both go to standard output: use -o FILE")
    if sys.stdout is None or sys.stdout.isatty():
        raise SettingsError("a picture is not written to a terminal: use -o FILE or a pipe")
