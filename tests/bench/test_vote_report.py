"""What is said of votes, and when it is said that they are too few."""

import json

import pytest

from impasto.bench.vote_report import report_votes
from impasto.bench.vote_store import Answer
from impasto.bench.vote_table import markdown

from ..votes import said


def many() -> list[Answer]:
    """Three voters; alpha mostly beats beta, which mostly beats gamma; alpha is rated well."""
    answers = []
    for voter in (1, 2, 3):
        for number in range(12):
            usual, seldom = ("left", "right") if number % 4 else ("right", "left")
            answers += [
                said(usual, "alpha", "beta", voter),
                said(seldom, "gamma", "beta", voter),
                said("tie" if number == 0 else usual, "alpha", "gamma", voter),
                *(said(str(4 + number % 2), "alpha", None, voter) for _ in range(1)),
                said("2", "beta", None, voter),
                said("1", "gamma", None, voter),
            ]
    return answers


def test_the_better_method_has_the_higher_score() -> None:
    """Methods come strongest first, with intervals around their scores, shares and ratings."""
    report = report_votes(many(), times=200)
    assert [row.method for row in report.methods] == ["alpha", "beta", "gamma"]
    assert (report.voters, report.comparisons, report.ties, report.ratings) == (3, 108, 3, 108)
    assert report.notes == ()
    for row in report.methods:
        assert (row.comparisons, row.ratings) == (72, 36)
        for each in (row.score, row.share, row.rating):
            assert each is not None
            assert each.low <= each.value <= each.high
    best, worst = report.methods[0], report.methods[-1]
    assert best.rating is not None
    assert best.rating.value == pytest.approx(4.5)
    assert best.score is not None
    assert worst.score is not None
    assert best.score.low > worst.score.high


def test_sides_are_told_apart() -> None:
    """A choice of the right is one for the method that stood there."""
    answers = [said("right", "beta", "alpha")] * 5 + [said("left", "alpha", "beta")] * 5
    report = report_votes(answers, times=20)
    assert [row.method for row in report.methods] == ["alpha", "beta"]
    assert report.left == 0.5
    assert report.methods[0].score is not None
    assert report.methods[0].score.value > 1


def test_a_choice_of_sides_is_told() -> None:
    """Who always presses the same key is noticed; a few times the same is chance."""
    for many, told in ((200, True), (6, False)):
        answers = [said("left", *(("a", "b") if n % 2 else ("b", "a"))) for n in range(many)]
        notes = report_votes(answers, times=20).notes
        assert any(f"left was chosen {many} of {many} times" in note for note in notes) is told


def test_skipped_questions_count_nowhere() -> None:
    """A picture that could not be shown says nothing of its method."""
    report = report_votes([said("skip", "alpha", "beta"), said("skip", "alpha")], times=20)
    assert (report.comparisons, report.ratings, report.skipped, report.methods) == (0, 0, 2, ())


def test_too_few_votes_are_told() -> None:
    """Few voters, few comparisons, few ratings, and groups that never met are each named."""
    answers = [said("left", "alpha", "beta"), said("left", "gamma", "delta"), said("3", "alpha")]
    notes = report_votes(answers, times=20).notes
    assert any("too few voters: 1" in note for note in notes)
    assert any("too few comparisons" in note and "gamma 1" in note for note in notes)
    assert any("too few ratings" in note and "alpha 1" in note for note in notes)
    assert any("not all methods were compared" in note for note in notes)


def test_no_votes_are_a_report_too() -> None:
    """Before the first vote everything is 0, and it is told that this is too little."""
    report = report_votes([], times=20)
    assert (report.voters, report.left, report.methods) == (0, None, ())
    assert any("too few voters: 0" in note for note in report.notes)
    assert "Voters: 0." in markdown(report)


def test_only_ratings() -> None:
    """Without comparisons there are means and no scores, and no complaint about comparisons."""
    report = report_votes([said(stars, "alpha") for stars in "345"], times=50)
    (row,) = report.methods
    assert (row.score, row.share, row.comparisons) == (None, None, 0)
    assert row.rating is not None
    assert row.rating.value == 4
    assert not any("comparisons" in note for note in report.notes)


def test_tables_and_json_tell_the_same() -> None:
    """Each method is a row of the table and an object of the JSON; nothing in either is NaN."""
    report = report_votes(many(), times=100)
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert told["benchmark"] == "votes"
    table = markdown(report)
    for row in told["methods"]:
        assert f"| {row['method']} | 72 | {row['score']['value']:+.2f} (" in table
    assert "Careful" not in table
    assert "Careful: too few voters" in markdown(report_votes(many()[:3], times=20))
