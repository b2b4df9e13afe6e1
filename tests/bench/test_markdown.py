"""Markdown tables of reports."""

from impasto.bench.markdown import table


def test_a_table_has_a_rule_and_a_line_for_each_row() -> None:
    """Columns of words begin on the left, the others end at the right; a bar cannot break a row."""
    found = table(("name", "ms"), [["a|b", "1.5"], ["c", ""]])
    assert found.splitlines() == ["| name | ms |", "| --- | ---: |", "| a/b | 1.5 |", "| c |  |"]


def test_a_table_without_rows_is_nothing() -> None:
    """No headings stand over nothing."""
    assert table(("name", "ms"), []) == ""
