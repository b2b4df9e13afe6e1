"""What a call tells about its results."""

from pathlib import Path

import pytest

from impasto.cli.report import Report, Result


def told(*results: Result) -> str:
    """The summary of a report with these results."""
    report = Report(len(results))
    for result in results:
        report.add(result)
    return report.summary()


def test_summary_says_where_results_went(tmp_path: Path) -> None:
    """One result is named, several by the folder they share, standard output not at all."""
    one, two = (Result("a", "painted", str(tmp_path / name)) for name in ("x/a.jpg", "x/y/b.jpg"))
    assert told(one).endswith(f" s to {tmp_path / 'x' / 'a.jpg'}")
    assert told(one, two).endswith(f" s to {tmp_path / 'x'}")
    assert told(Result("a", "painted", "-")).endswith(" s")


def test_summary_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """Only what happened is counted, and painted always is."""
    failed = Result("a", "failed", error="no")
    assert told(failed, Result("b", "skipped")).startswith("0 painted, 1 skipped, 1 failed in ")
    assert told().startswith("0 painted in ")


def test_a_failure_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    """An error that tells the name itself does not get it in front again."""
    told(Result("a.jpg", "failed", error="cannot read a.jpg: it is empty"))
    told(Result("b.jpg", "failed", error="no such file"))
    assert capsys.readouterr().err.splitlines() == [
        "impasto: cannot read a.jpg: it is empty",
        "impasto: b.jpg: no such file",
    ]


def test_standard_input_needs_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    """The only input of a pipe is not called `-` in front of its error."""
    told(Result("-", "failed", error="standard input is empty"))
    assert capsys.readouterr().err == "impasto: standard input is empty\n"


def test_one_failure_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The failure of an only input is not summed up once more; of several it is."""
    failed = Result("a.jpg", "failed", error="a.jpg is empty")
    with Report(1) as report:
        report.add(failed)
    assert capsys.readouterr().err == "impasto: a.jpg is empty\n"
    with Report(2) as report:
        report.add(failed)
    assert "1 failed" in capsys.readouterr().err.splitlines()[-1]
