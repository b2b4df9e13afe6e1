"""Votes in SQLite: kept at once, from several processes, and refused where they make no sense."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from impasto.bench.vote_set import Question
from impasto.bench.vote_store import VoteStore, read_answers
from impasto.core.errors import InputError, OutputError

PAIR = Question("scream", "coffee", ("alpha", "beta"))
ONE = Question("scream", "coffee", ("alpha",))
WRITER = """
import sys
from pathlib import Path
from impasto.bench.vote_set import Question
from impasto.bench.vote_store import VoteStore

store = VoteStore(Path(sys.argv[1]))
voter = store.voter(sys.argv[2])
for number in range(40):
    with store.writing():
        question = Question("scream", f"photo {number}", ("alpha", "beta"))
        draw = store.add_draw(voter, "compare", question, ("alpha", "beta"))
        store.add_answer(voter, draw.id, "left", 0.5)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where votes are kept."""
    return tmp_path / "votes.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[VoteStore]:
    """An empty store."""
    with closing(VoteStore(path)) as store:
        yield store


def test_an_answer_is_in_the_file_before_the_store_is_closed(path: Path, store: VoteStore) -> None:
    """Another process reads an answer, with who stood where, as soon as it was given."""
    voter = store.voter("Ada")
    draw = store.add_draw(voter, "compare", PAIR, ("beta", "alpha"))
    store.add_answer(voter, draw.id, "right", 1.25)
    (answer,) = read_answers(path)
    assert (answer.voter, answer.mode, answer.choice) == (voter, "compare", "right")
    assert (answer.draw.left, answer.draw.right) == ("beta", "alpha")
    assert answer.draw.question == PAIR
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("SELECT seconds FROM answer").fetchone() == (1.25,)


def test_two_processes_write_at_once(path: Path) -> None:
    """Nothing is lost and nothing is told to fail when two programs vote into one file."""
    words = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*words, name], stderr=subprocess.PIPE) for name in ("Ada", "Bob")]
    errors = [writer.communicate(timeout=60)[1] for writer in writers]
    assert errors == [b"", b""]
    answers = read_answers(path)
    assert sorted(answer.voter for answer in answers) == [1] * 40 + [2] * 40


def test_open_draws_are_what_was_not_answered(store: VoteStore) -> None:
    """Draws wait for their answer, each voter's and mode's apart, the earliest first."""
    ada, bob = store.voter("Ada"), store.voter("Bob")
    first = store.add_draw(ada, "compare", PAIR, PAIR.methods)
    second = store.add_draw(ada, "compare", PAIR, PAIR.methods)
    store.add_draw(ada, "rate", ONE, ONE.methods)
    assert store.open_draws(ada, "compare") == [first, second]
    assert store.open_draws(bob, "compare") == []
    store.add_answer(ada, first.id, "tie", None)
    assert store.open_draws(ada, "compare") == [second]
    assert (store.answered(ada, "compare"), store.answered(ada, "rate")) == (1, 0)
    assert store.counts("compare") == {PAIR: 2}
    assert store.counts("compare", bob) == {}


def test_the_first_answer_stays_until_it_is_taken_back(path: Path, store: VoteStore) -> None:
    """A call that is sent again changes nothing; undo goes back answer by answer."""
    voter = store.voter("Ada")
    draws = [store.add_draw(voter, "compare", PAIR, PAIR.methods) for _ in range(2)]
    for draw, choice in ((draws[0], "left"), (draws[0], "right"), (draws[1], "tie")):
        store.add_answer(voter, draw.id, choice, None)
    assert [answer.choice for answer in store.answers()] == ["left", "tie"]
    assert store.take_back(voter, "rate") is None
    assert store.take_back(voter, "compare") == draws[1].id
    assert store.take_back(voter, "compare") == draws[0].id
    assert store.take_back(voter, "compare") is None
    assert store.open_draws(voter, "compare") == draws


@pytest.mark.parametrize(
    ("mode", "choice"), [("compare", "3"), ("compare", ""), ("rate", "left"), ("rate", "6")]
)
def test_an_answer_must_fit_its_question(store: VoteStore, mode: str, choice: str) -> None:
    """What cannot be said to a question is refused, and the question stays open."""
    voter, question = store.voter("Ada"), PAIR if mode == "compare" else ONE
    draw = store.add_draw(voter, mode, question, question.methods)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="must be one of"):
        store.add_answer(voter, draw.id, choice, None)
    assert store.answers() == []


def test_nobody_answers_for_another(store: VoteStore) -> None:
    """A draw of one voter is not taken from another, nor one that nobody was asked."""
    ada, bob = store.voter("Ada"), store.voter("Bob")
    draw = store.add_draw(ada, "compare", PAIR, PAIR.methods)
    for number in (draw.id, draw.id + 1):
        with pytest.raises(InputError, match=f"voter {bob} was not asked question {number}"):
            store.add_answer(bob, number, "left", None)


def test_names_find_their_voter_again(store: VoteStore) -> None:
    """Case, blanks around and the way an accent is written make no new voter."""
    number = store.voter("Zoë  Q")
    assert store.voter(" zoe\u0308 q ") == number
    assert store.voter("Ada") != number
    for name in ("", "  ", "x" * 41, "a\x07b"):
        with pytest.raises(InputError, match="1 to 40 printable"):
            store.voter(name)


def test_what_fails_in_a_block_leaves_nothing(store: VoteStore) -> None:
    """A draw is not kept if what belongs to it fails."""
    voter = store.voter("Ada")

    def fail() -> None:
        with store.writing():
            draw = store.add_draw(voter, "compare", PAIR, PAIR.methods)
            store.add_answer(voter, draw.id, "nonsense", None)

    with pytest.raises(InputError, match="nonsense"):
        fail()
    assert store.counts("compare") == {}


def test_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    """No file of votes, another database, a later version and a missing file are each one line."""
    with pytest.raises(InputError, match=r"no votes at .*votes\.sqlite"):
        read_answers(path)
    path.write_bytes(b"hello, this is no database at all" * 100)
    with pytest.raises(InputError, match="holds no votes"):
        VoteStore(path)
    for name, statement in (("other", "CREATE TABLE a (b)"), ("later", "PRAGMA user_version = 9")):
        with closing(sqlite3.connect(tmp_path / name)) as database:
            database.execute(statement)
        with pytest.raises(InputError, match="no votes that this impasto can read"):
            VoteStore(tmp_path / name)
    with pytest.raises(OutputError, match="cannot write"):
        VoteStore(tmp_path / "none/votes.sqlite")
