"""Which question comes next."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.bench.vote_ballot import Ballot, least_shown
from impasto.bench.vote_set import Question, read_set
from impasto.bench.vote_store import VoteStore
from impasto.core.errors import InputError

from ..votes import save_votes_folder

QUESTIONS = [
    Question(style, photo, methods)
    for style in "st"
    for photo in "pqr"
    for methods in (("a", "b"), ("a", "c"), ("b", "c"))
]
counts = st.dictionaries(st.sampled_from(QUESTIONS), st.integers(0, 5))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three methods, two styles, two photos."""
    return save_votes_folder(tmp_path)


@pytest.fixture
def ballot(folder: Path) -> Iterator[Ballot]:
    """Nobody has voted."""
    with closing(VoteStore(folder / "votes.sqlite")) as store:
        yield Ballot(read_set(folder), store)


@given(counts, st.randoms(use_true_random=False))
def test_the_least_shown_comes_next(shown: dict[Question, int], chance: random.Random) -> None:
    """No pair of methods was shown less together, and no question of that pair less itself."""
    chosen = least_shown(QUESTIONS, shown, chance)
    assert chosen is not None
    together = Counter[tuple[str, ...]]()
    for question in QUESTIONS:
        together[question.methods] += shown.get(question, 0)
    assert together[chosen.methods] == min(together.values())
    same = [question for question in QUESTIONS if question.methods == chosen.methods]
    assert shown.get(chosen, 0) == min(shown.get(question, 0) for question in same)


def test_chance_decides_among_equals() -> None:
    """With nothing shown, every question may come; with none there is none."""
    chance = random.Random(1)  # noqa: S311
    assert {least_shown(QUESTIONS, {}, chance) for _ in range(200)} == set(QUESTIONS)
    assert least_shown([], {}, chance) is None


def test_voters_share_the_pairs_evenly(ballot: Ballot) -> None:
    """After any number of answers pairs were asked equally often, but for one; sides vary."""
    voters = [ballot.store.voter(name) for name in ("Ada", "Bob", "Eve")]
    for _ in range(10):
        for voter in voters:
            draw = ballot.standing(voter, "compare").draws[0]
            ballot.answer(voter, "compare", draw.id, "tie")
    shown = Counter(q.methods for q in ballot.store.counts("compare").elements())
    assert max(shown.values()) - min(shown.values()) <= 1
    draws = [answer.draw for answer in ballot.store.answers()]
    assert len(draws) == 30
    sides = Counter(draw.left == draw.question.methods[0] for draw in draws)
    assert min(sides[True], sides[False]) >= 1  # all 30 on one side: once in 500 million


def test_nobody_is_asked_twice(ballot: Ballot) -> None:
    """A voter is asked every question once; then there are no more, and others still get all."""
    for mode, total in (("compare", 12), ("rate", 12)):
        voter, asked = ballot.store.voter("Ada"), []
        standing = ballot.standing(voter, mode)  # type: ignore[arg-type]
        while standing.draws:
            asked.append(standing.draws[0].question)
            choice = "left" if mode == "compare" else "4"
            standing = ballot.answer(voter, mode, standing.draws[0].id, choice)  # type: ignore[arg-type]
        assert standing.answered == standing.total == len(set(asked)) == len(asked) == total
    assert len(ballot.standing(ballot.store.voter("Bob"), "compare").draws) == 2


def test_a_question_waits_for_its_voter(folder: Path, ballot: Ballot) -> None:
    """Who comes back, also to another process, is asked the same, with the same sides."""
    voter = ballot.store.voter("Ada")
    before = ballot.standing(voter, "compare")
    with closing(VoteStore(folder / "votes.sqlite")) as store:
        again = Ballot(read_set(folder), store).standing(store.voter("Ada"), "compare")
    assert again == before


def test_undo_asks_again(ballot: Ballot) -> None:
    """What was answered last comes first again; at the beginning nothing happens."""
    voter = ballot.store.voter("Ada")
    first = ballot.standing(voter, "compare")
    assert ballot.undo(voter, "compare") == first
    second = ballot.answer(voter, "compare", first.draws[0].id, "left")
    assert second.draws[0] == first.draws[1]
    assert second.answered == 1
    assert ballot.undo(voter, "compare") == first
    assert ballot.store.answers() == []


def test_a_painting_that_has_gone_is_not_asked_about(folder: Path, ballot: Ballot) -> None:
    """A question that waits is passed over once one of its paintings was removed."""
    voter = ballot.store.voter("Ada")
    waiting = ballot.standing(voter, "compare").draws[0]
    (folder / "pictures" / waiting.left / waiting.style / f"{waiting.photo}.png").unlink()
    later = Ballot(read_set(folder), ballot.store).standing(voter, "compare")
    assert waiting not in later.draws
    assert len(later.draws) == 2


def test_what_a_page_is_told_names_nothing(ballot: Ballot) -> None:
    """Ids of pictures and no name of anything, with left and right as they were drawn."""
    voter = ballot.store.voter("Ada")
    standing = ballot.standing(voter, "compare")
    told = ballot.as_dict(standing)
    for name in (*ballot.pictures.methods, *ballot.pictures.styles, *ballot.pictures.photos):
        assert name not in repr(told)
    draw = standing.draws[0]
    shown = [ballot.pictures.by_id()[id].path.parts[-3] for id in told["questions"][0]["paintings"]]
    assert shown == [draw.left, draw.right]


def test_an_unknown_voter_is_asked_nothing(ballot: Ballot) -> None:
    """Numbers that were never given out are refused."""
    with pytest.raises(InputError, match="no voter 7"):
        ballot.standing(7, "compare")
