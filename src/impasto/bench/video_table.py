"""The report of video as Markdown, and a strip of frames to look at."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.bench.markdown import table
from impasto.bench.video_marks import LONG, SHORT, link, mean_of
from impasto.bench.video_report import MethodRow, StageSpeed, VideoReport
from impasto.core.arrays import RGB
from impasto.engine.flow import FlowFinder, fetch

_STAGES = ("decode", "measure", "paint", "flow", "encode")
_GAP, _LABEL = 4, 22
_TIMES = 3
"""Differences are shown so many times as strong."""


def markdown(report: VideoReport) -> str:
    """A table of methods, one of speed, and what they were measured on."""
    return "\n".join([_methods(report), "", _speeds(report), "", *_facts(report)])


def _methods(report: VideoReport) -> str:
    ratios = ("short, of frame by frame", "long", "sharpness", "style loss")
    headings = ("method", "short", "long", "perceptual", *ratios)
    return table(headings, ([row.method, *map(_number, _marks(row))] for row in report.methods))


def _marks(row: MethodRow) -> tuple[float | None, ...]:
    ratios = (row.short_ratio, row.long_ratio, row.sharpness_ratio, row.style_ratio)
    return (row.short, row.long, row.perceptual, *ratios)


def _speeds(report: VideoReport) -> str:
    headings = ("size", "calmed by", "fps", "of the bound", "busy", *_STAGES)
    return table(headings, map(_speed, report.speed), words=(0, 1))


def _speed(each: StageSpeed) -> list[str]:
    how = "statistics + flow" if each.flow else "statistics"
    stages = (each.cpu_seconds.get(name) for name in _STAGES)
    cells = ("" if seconds is None else f"{1000 * seconds:.1f}" for seconds in stages)
    rates = (f"{each.fps:.1f}", f"{each.share:.2f}", f"{each.busy:.2f}")
    return [f"{each.width} x {each.height}", how, *rates, *cells]


def _facts(report: VideoReport) -> Iterator[str]:
    settings = report.settings
    short, long = (mean_of([each[gap] for each in report.seen.values()]) for gap in (SHORT, LONG))
    yield (
        f"{len(report.seen)} clips of {settings.frames} frames at long side {settings.size} in "
        f"{settings.style}; pixels in both frames: {_number(short)} one frame apart, "
        f"{_number(long)} ten. Stages: CPU milliseconds a frame, alone."
    )
    for name, value in report.targets.items():
        yield f"{name}: {_number(value)}."
    commit, model = report.commit, report.model
    dirty = " with changes" if commit and commit.dirty else ""
    where = f"commit {commit.id[:12]}{dirty}" if commit else "not from a checkout"
    yield f"Model {model.name} {model.trunk_id[:12]} ({model.recipe}), {where}, {report.date}."


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def strip(frames: Sequence[RGB], paintings: Mapping[str, Sequence[RGB]], width: int = 300) -> RGB:
    """Two neighbouring frames in every way they were painted, and what changed between them.

    The third column is the difference of the second picture to the first one brought to it by the
    flow of the frames, three times as strong, black where the first frame does not show the place.

    Args:
        frames: a clip of at least 2 frames; the two in its middle are shown.
        paintings: of all its frames, by method.
        width: of a picture, in pixels.
    """
    now = max(1, len(frames) // 2)
    both = link(frames[now], frames[now - 1], FlowFinder("medium"))
    rows = []
    for name, pictures in {"the clip": frames, **paintings}.items():
        before, later = pictures[now - 1], pictures[now]
        moved = fetch(before.astype(np.float32), both.flow)
        change = np.where(both.seen[..., None], np.abs(later - moved), 0)
        changed = np.clip(_TIMES * change, 0, 255).astype(np.uint8)
        titles = (f"{name}, frame {now}", f"frame {now + 1}", f"change x {_TIMES}")
        rows.append(_row((before, later, changed), titles, width))
    return np.concatenate(rows)


def _row(pictures: Sequence[RGB], titles: Sequence[str], width: int) -> RGB:
    height = round(width * pictures[0].shape[0] / pictures[0].shape[1])
    row = Image.new("RGB", (len(pictures) * (width + _GAP) - _GAP, _LABEL + height), "white")
    draw, font = ImageDraw.Draw(row), ImageFont.load_default(size=14)
    for column, (pixels, title) in enumerate(zip(pictures, titles, strict=True)):
        left = column * (width + _GAP)
        draw.text((left + 2, 2), title, "black", font)
        cell = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
        row.paste(cell, (left, _LABEL))
    return np.asarray(row)
