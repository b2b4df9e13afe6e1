"""What follows from rows: ratios, equal content, weak styles, and the table."""

from dataclasses import replace

import pytest

from impasto.bench.losses_report import (
    IMPASTO,
    PEER,
    PHOTO,
    LossRow,
    above_median,
    equal_contents,
    weak_styles,
)


def row(method: str, content: float, loss: float, **more: object) -> LossRow:
    """A row of the style udnie; the judge's distance is ten times the style loss."""
    strength = 1.0 if method == IMPASTO else None
    made = LossRow("udnie", method, strength, loss, content, 0.5, 0.5, None, 10 * loss, "")
    return replace(made, **more)  # type: ignore[arg-type]


def not_run(made: LossRow) -> LossRow:
    """The same without numbers."""
    return replace(made, content=None, style_loss=None, judge=None)


CURVE = [
    row(IMPASTO, 0.2, 0.8, strength=0.5),
    row(IMPASTO, 0.6, 0.4, strength=1.0),
    row(IMPASTO, 0.4, 0.5, strength=0.75),
]


def test_rows_are_normalised_by_the_photo() -> None:
    """The photo beside itself is 1; a row without a photo's, or of a style unseen, is None."""
    photo = row(PHOTO, 0.0, 2.0)
    assert photo.beside(photo).style_normalised == photo.beside(photo).judge_normalised == 1
    assert row(IMPASTO, 0.3, 0.5).beside(photo).style_normalised == 0.25
    assert row(IMPASTO, 0.3, 0.5).beside(None).style_normalised is None
    assert row(PEER, 0.3, 0.5, style_loss=None).beside(photo).style_normalised is None


def test_equal_content_lies_between_strengths() -> None:
    """Half way between two content losses everything is half way."""
    (found,) = equal_contents([*CURVE, row(PEER, 0.5, 0.9)])
    assert found.content == 0.5
    assert found.strength == pytest.approx(0.875)
    assert found.style_loss == pytest.approx(0.45)
    assert found.style_ratio == pytest.approx(0.5)
    assert found.judge_ratio == pytest.approx(0.5)


def test_content_beyond_the_strengths() -> None:
    """A peer further from the photo meets full strength; one nearer than all meets nothing."""
    (beyond,) = equal_contents([*CURVE, row(PEER, 0.7, 0.8)])
    assert (beyond.strength, beyond.style_ratio) == (1.0, 0.5)
    (nearer,) = equal_contents([*CURVE, row(PEER, 0.1, 0.8)])
    assert (nearer.strength, nearer.style_ratio, nearer.judge_ratio) == (None, None, None)


def test_peers_without_a_match_are_left_out() -> None:
    """Another painting, a peer that was not run, and a style of ours that was not."""
    assert equal_contents([*CURVE, row(PEER, 0.5, 0.9, style="candy")]) == []
    ours, peer = row(IMPASTO, 0.5, 0.9), row(PEER, 0.5, 0.9)
    assert equal_contents([*CURVE, not_run(peer)]) == []
    assert equal_contents([not_run(ours), peer]) == []


def test_equal_content_without_a_judge() -> None:
    """The style's ratio is there, the judge's is not."""
    rows = [replace(each, judge=None) for each in [*CURVE, row(PEER, 0.5, 0.9)]]
    (found,) = equal_contents(rows)
    assert found.style_ratio == pytest.approx(0.5)
    assert found.judge_ratio is None


def test_weak_styles_are_named() -> None:
    """At full strength, more than 1.5 times the median; the others' rows do not count."""
    values = {"a": 0.1, "b": 0.1, "c": 0.12, "d": 0.4, "e": 0.14}
    rows = [row(IMPASTO, 0.3, 1, style=k, style_normalised=v) for k, v in values.items()]
    rows += [row(IMPASTO, 0.3, 1, style="f", strength=0.5, style_normalised=0.9)]
    rows += [row(PHOTO, 0.0, 1, style="a", style_normalised=1.0)]
    assert weak_styles(rows) == {"d": pytest.approx(3.333)}
    assert above_median({}, 1.5) == {}
