"""What reports have in common as Markdown: tables."""

from collections.abc import Collection, Iterable, Sequence


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[int] = (0,)
) -> str:
    """A table, or nothing without rows.

    Args:
        headings: of the columns.
        rows: as many cells each; a `|` in one is shown as `/`.
        words: the columns that hold words; those of the others are numbers and end at the right.
    """
    rule = ["---" if column in words else "---:" for column in range(len(headings))]
    cells = [[cell.replace("|", "/") for cell in row] for row in (headings, *rows)]
    lines = ["| " + " | ".join(row) + " |" for row in (cells[0], rule, *cells[1:])]
    return "\n".join(lines) if len(cells) > 1 else ""
