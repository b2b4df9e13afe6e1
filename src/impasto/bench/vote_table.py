"""The report of votes as Markdown, for people and for docs."""

from collections.abc import Iterator

from impasto.bench.markdown import table
from impasto.bench.vote_report import Estimate, MethodVotes, VoteReport

HEADINGS = ("method", "comparisons", "score", "chosen", "ratings", "mean rating")


def markdown(report: VoteReport) -> str:
    """A table with a row for each method, the strongest first, and lines on the votes."""
    rows = table(HEADINGS, map(cells, report.methods))
    return "\n".join([*([rows, ""] if rows else []), *lines(report)])


def cells(row: MethodVotes) -> list[str]:
    """The row of a method, below `HEADINGS`."""
    return [
        row.method,
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


def lines(report: VoteReport) -> Iterator[str]:
    """What is to be said of all votes."""
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
