"""The report of losses as Markdown, for people and for docs."""

from collections.abc import Iterator

from impasto.bench.losses_report import EqualContent, LossReport, LossRow
from impasto.bench.markdown import table

_HEADINGS = ("style", "method", "style loss", "content", "SSIM", "edges", "lines", "judge")


def markdown(report: LossReport) -> str:
    """A table with a row for each method in each style, and lines of what follows from it.

    Style loss and judge are divided by those of the unchanged photos.
    """
    rows = table(_HEADINGS, map(_cells, report.rows), words=(0, 1))
    return "\n".join([rows, "", *_lines(report)])


def _cells(row: LossRow) -> list[str]:
    strength = "" if row.strength in (None, 1.0) else f", strength {row.strength:g}"
    note = f" ({row.note})" if row.note else ""
    numbers = (
        row.style_normalised,
        row.content,
        row.ssim,
        row.edges,
        row.lines,
        row.judge_normalised,
    )
    method = f"{row.method}{strength}{note}"
    return [row.style, method, *("" if each is None else f"{each:.3f}" for each in numbers)]


def _lines(report: LossReport) -> Iterator[str]:
    crops = f"{report.crops} crops a method" if report.crops else "no judge"
    yield (
        f"{report.photos} photos at long side {report.size}, lines on {report.straight_photos} "
        f"of them, {crops}."
    )
    identity = report.identity
    decibels = f"{identity.mean_db:.1f} dB in the mean, {identity.least_db:.1f} dB at least"
    yield f"Identity code: {decibels}."
    yield from (_beside(each) for each in report.equal_content)
    for name, times in report.weak.items():
        yield f"Weak: {name}, {times:.2f} times the median of the normalised style losses."
    commit, model = report.commit, report.model
    dirty = " with changes" if commit and commit.dirty else ""
    where = f"commit {commit.id[:12]}{dirty}" if commit else "not from a checkout"
    yield f"Model {model.name} {model.trunk_id[:12]} ({model.recipe}), {where}, {report.date}."


def _beside(each: EqualContent) -> str:
    start = f"{each.style} at the content loss of pytorch/examples ({each.content:.3f})"
    if each.strength is None or each.style_ratio is None:
        return f"{start}: impasto has a higher one at every strength measured."
    judge = "" if each.judge_ratio is None else f", judge {each.judge_ratio:.3f}"
    return (
        f"{start}: strength {each.strength:.2f}, "
        f"style loss {each.style_ratio:.3f} of its{judge} of its."
    )
