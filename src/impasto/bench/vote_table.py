"""The report of votes as Markdown, for people and for docs."""

from collections.abc import Iterator

from impasto.bench.vote_report import Estimate, MethodVotes, VoteReport

HEADINGS = ("method", "comparisons", "score", "chosen", "ratings", "mean rating")


def markdown(report: VoteReport) -> str:
    """A table with a row for each method, the strongest first, and lines on the votes."""
    rule = ["---"] + ["---:"] * (len(HEADINGS) - 1)
    rows = [HEADINGS, rule, *(cells(row) for row in report.methods)]
    table = ["| " + " | ".join(row) + " |" for row in rows] if report.methods else []
    return "\n".join([*table, *([""] if table else []), *lines(report)])


def cells(row: MethodVotes) -> list[str]:
    """The row of a method, below `HEADINGS`."""
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
