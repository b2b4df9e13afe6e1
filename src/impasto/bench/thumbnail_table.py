"""The report of thumbnails for people: a Markdown table and a sheet of crops."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.bench.markdown import table
from impasto.bench.thumbnail import FULL, Row, ThumbnailReport
from impasto.bench.thumbnail_ways import WAYS
from impasto.core.arrays import RGB

_HEADINGS = ("ratio", "way", "means apart", "deviations apart", "PSNR, dB", "style loss", "content")
_GAP, _LABEL = 4, 20


def markdown(report: ThumbnailReport) -> str:
    """One row for each ratio and way: means over photos and styles.

    Losses are differences to the painting with full-size statistics: below 0 is better.
    """
    rows = table(_HEADINGS, _cells(report.rows), words=(0, 1))
    photos = len({row.photo for row in report.rows})
    styles = ", ".join(dict.fromkeys(row.style for row in report.rows))
    told = (
        f"{photos} photos in {styles}; {report.windows} windows of {report.side} pixels painted "
        f"each. Losses are less those with full-size statistics. Model "
        f"{report.model.trunk_id[:12]}, {report.date}."
    )
    return "\n".join([rows, "", told])


def _cells(rows: Sequence[Row]) -> Iterator[list[str]]:
    best = {(row.style, row.photo, row.ratio): row for row in rows if row.way == FULL}
    for ratio in sorted({row.ratio for row in rows}):
        for way in WAYS:
            these = [row for row in rows if (row.ratio, row.way) == (ratio, way)]
            pairs = [(row, best[row.style, row.photo, ratio]) for row in these]
            yield [
                f"{ratio:g}",
                way,
                f"{np.mean([row.means_apart for row in these]):.3f}",
                f"{np.mean([row.deviations_apart for row in these]):.3f}",
                f"{np.mean([row.decibels for row in these if row.decibels is not None]):.1f}",
                f"{np.mean([row.style_loss - whole.style_loss for row, whole in pairs]):+.4f}",
                f"{np.mean([row.content_loss - whole.content_loss for row, whole in pairs]):+.4f}",
            ]


def sheet(report: ThumbnailReport, side: int = 256) -> RGB:
    """The windows side by side: a row for each photo and style, a column for each way.

    Args:
        report: what was measured.
        side: pixels of each window that are shown, from its middle.
    """
    labels = ["photo", FULL, *WAYS]
    wide, high = len(labels) * (side + _GAP) - _GAP, len(report.crops) * (side + _GAP) + _LABEL
    page = Image.new("RGB", (wide, high), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=13)
    for column, label in enumerate(labels):
        draw.text((column * (side + _GAP) + 2, 2), label, "black", font)
        for row, crops in enumerate(report.crops):
            place = column * (side + _GAP), _LABEL + row * (side + _GAP)
            page.paste(Image.fromarray(_middle(crops[column], side)), place)
    return np.asarray(page)


def _middle(pixels: RGB, side: int) -> RGB:
    top, left = (max(0, (length - side) // 2) for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]
