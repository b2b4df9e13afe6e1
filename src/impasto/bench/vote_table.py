"""The report of votes as Markdown, for people and for docs."""

from collections.abc import Iterator

from impasto.bench.vote_report import Estimate, MethodVotes, VoteReport

_HEADINGS = ("method", "comparisons", "score", "chosen", "ratings", "mean rating")


def markdown(report: VoteReport) -> str:
    """A table with a row for each method, the strongest first, and lines on the votes."""
    rule = ["---"] + ["---:"] * (len(_HEADINGS) - 1)
    rows = [_HEADINGS, rule, *(_cells(row) for row in report.methods)]
    lines = ["| " + " | ".join(cells) + " |" for cells in rows] if report.methods else []
    return "\n".join([*lines, *([""] if lines else []), *_lines(report)])


def _cells(row: MethodVotes) -> list[str]:
    return [
        row.method.replace("|", "/"),
        str(row.comparisons),
        _number(row.score, "{:+.2f}"),
        _number(row.share, "{:.0%}"),
        str(row.ratings),
        _number(row.rating, "{:.2f}"),
    ]


def _number(estimate: Estimate | None, form: str) -> str:
    if estimate is None:
        return ""
    value, low, high = (form.format(x) for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def _lines(report: VoteReport) -> Iterator[str]:
    left = "" if report.left is None else f", the left was chosen in {report.left:.0%} of the rest"
    skipped = f". Skipped: {report.skipped}" if report.skipped else ""
    yield (
        f"Voters: {report.voters}. Comparisons: {report.comparisons}, ties: {report.ties}{left}. "
        f"Ratings: {report.ratings}{skipped}."
    )
    yield (
        "Score: logarithm of the Bradley-Terry strength, ties as half wins. Chosen: over another "
        f"method, by the scores. In brackets: 95 %, {report.resamples} resamples of voters and of "
        "their votes."
    )
    yield from (f"Careful: {note}." for note in report.notes)
