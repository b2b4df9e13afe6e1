"""What a call of `impasto video` was asked for, and how it is known again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from fractions import Fraction
from importlib.metadata import version
from typing import Any

from impasto.cli.styling import named
from impasto.cli.video_plan import VideoPlan
from impasto.core.errors import SettingsError
from impasto.core.times import parse_time
from impasto.engine.film import Film
from impasto.engine.key_times import KeyCodes, KeyStyle
from impasto.engine.painter import Painter
from impasto.engine.regions import Regions
from impasto.engine.selection import Selection
from impasto.media.decode import ReadLimits
from impasto.media.video_coding import Codec
from impasto.media.video_frames import pictures_in
from impasto.styles.package import Style
from impasto.styles.spec import StyleSpec


@dataclass(frozen=True)
class VideoCall:
    """Everything that a call was asked for."""

    plan: VideoPlan
    film: Film
    selection: Selection
    limits: ReadLimits
    styles: tuple[str, ...]
    """As they were given, with their times."""
    record: dict[str, str]
    segment: Fraction
    codec: Codec | None = None
    quality: int | None = None
    format: str = "png"
    strip: bool = False
    resume: bool = False
    overwrite: bool = False
    preview: bool = False
    quiet: bool = False
    progress_json: bool = False


def film_of(
    keys: Sequence[KeyStyle],
    painters: Sequence[Painter],
    window: float,
    flow: float,
    crowd: int = 1,
) -> Film:
    """What paints: one style, or several that fade into each other, and none of those the photo.

    Args:
        keys: in the order of time.
        painters: that of each style.
        window: seconds to each side.
        flow: from 0 to 1.
        crowd: how many frames are painted at once.

    Raises:
        SettingsError: several styles, one of which is the photo; or masks and flow.
    """
    if len(keys) > 1 and any(each.spec.is_photo for each in painters):
        raise SettingsError("--style photo does not change with time: give it alone")
    if flow > 0.0 and painters[0].regions is not None:
        raise SettingsError("--mask and --flow exclude each other: what moves would take its style")
    codes = KeyCodes([key.seconds for key in keys], [each.code for each in painters])
    return Film(painters[0], codes if len(keys) > 1 else None, window, flow, crowd)


def selection_of(start: str | None, duration: str | None, fps: str | None) -> Selection:
    """What --start, --duration and --fps mean; SettingsError if it is nothing."""
    return Selection(
        parse_time(start) if start else Fraction(0),
        parse_time(duration) if duration else None,
        _rate(fps) if fps else None,
    )


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError) as error:
        raise SettingsError(f"--fps {text!r} is no rate: write 25 or 30000/1001") from error


def segment_of(text: str) -> Fraction:
    """The seconds that --segment means; SettingsError if they are none."""
    seconds = parse_time(text)
    if seconds <= 0:
        raise SettingsError("--segment must be above 0")
    return seconds


def styles_record(keys: Sequence[KeyStyle], styles: Sequence[Style | StyleSpec]) -> dict[str, str]:
    """What the metadata tells of styles, with times if they change, and without folders."""
    names = [named(style) for style in styles]
    if len(keys) == 1:
        return {"style": names[0]}
    times = (f"{n}@{float(key.seconds):g}s" for n, key in zip(names, keys, strict=True))
    return {"style": " ".join(times)}


def identity(call: VideoCall) -> dict[str, Any]:
    """What must be the same for a call to go on with what another one began."""
    film, painter = call.film, call.film.painter
    return {
        "input": _input_identity(call.plan),
        "style": list(call.styles),
        "codes": _code_hash(film),
        **_masks_identity(painter.regions),
        "settings": asdict(painter.settings),
        "model": painter.model.trunk_id,
        "engine": asdict(painter.backend.info),
        "window": film.window,
        "flow": film.flow,
        "selection": [str(part) for part in astuple(call.selection)],
        "codec": call.codec,
        "quality": call.quality,
        "format": call.format,
        "segment": str(call.segment),
        "versions": {name: version(name) for name in ("impasto", "av")},
    }


def _input_identity(plan: VideoPlan) -> list[Any]:
    if plan.source is None or plan.is_stream:
        return []
    # Of a folder what is read counts, and not the result that may be made in it.
    files = pictures_in(plan.source) if plan.source.is_dir() else [plan.source]
    stats = [(file.name, file.stat()) for file in files]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]


def _code_hash(film: Film) -> str:
    codes = film.codes.codes if film.codes else [film.painter.code]
    return hashlib.sha256(b"".join(code.tobytes() for code in codes)).hexdigest()


def _masks_identity(regions: Regions | None) -> dict[str, Any]:
    if regions is None:
        return {}
    digest = hashlib.sha256()
    for each in regions.regions:
        digest.update(f"|{each.look.spec} {each.mask.shape}|".encode())
        digest.update(each.look.code.tobytes() + each.mask.tobytes())
    return {"masks": digest.hexdigest(), "feather": regions.feather}


def comment_of(record: Mapping[str, str]) -> str:
    """How it was painted, as one line of a video's metadata."""
    return "; ".join(f"{key} {value}" for key, value in record.items())
