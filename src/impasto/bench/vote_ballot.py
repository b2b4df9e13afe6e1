"""Which question comes next: balanced over pairs, in random order, never twice for one voter."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from impasto.bench.vote_set import Mode, Question, VoteSet
from impasto.bench.vote_store import Draw, VoteStore

AHEAD = 2
"""Questions that a page holds: the one that is asked, and the next, whose pictures it loads."""


@dataclass(frozen=True)
class Standing:
    """Where a voter is."""

    draws: tuple[Draw, ...]
    """What to ask now and what after it; empty when everything was asked."""
    answered: int
    total: int
    """How many questions there are."""


class Ballot:
    """Asks the questions of a set and keeps the answers in a store."""

    def __init__(self, pictures: VoteSet, store: VoteStore) -> None:
        self.pictures = pictures
        self.store = store
        self.questions: dict[Mode, list[Question]] = {
            "compare": pictures.questions("compare"),
            "rate": pictures.questions("rate"),
        }
        # Nobody shall be able to tell what comes, or which side a method is on.
        self._random = random.SystemRandom()

    def standing(self, voter: int, mode: Mode) -> Standing:
        """Return what a voter is asked now, drawing what is missing.

        Raises `InputError` for a voter that is not known.
        """
        self.store.check_voter(voter)
        questions = self.questions[mode]
        with self.store.writing():
            # A painting may have gone since it was drawn.
            draws = [d for d in self.store.open_draws(voter, mode) if self._known(d)]
            draws += self._drawn(voter, mode, questions, AHEAD - len(draws))
            answered = self.store.answered(voter, mode)
        return Standing(tuple(draws[:AHEAD]), answered, len(questions))

    def answer(
        self, voter: int, mode: Mode, draw: int, choice: str, seconds: float | None = None
    ) -> Standing:
        """Keep an answer and return what comes next; raises as `VoteStore.add_answer`."""
        with self.store.writing():
            self.store.add_answer(voter, draw, choice, seconds)
        return self.standing(voter, mode)

    def undo(self, voter: int, mode: Mode) -> Standing:
        """Ask again what was answered last."""
        with self.store.writing():
            self.store.take_back(voter, mode)
        return self.standing(voter, mode)

    def as_dict(self, standing: Standing) -> dict[str, Any]:
        """What a page is told: numbers and ids of pictures, and no name."""
        return {
            "answered": standing.answered,
            "total": standing.total,
            "questions": [self._as_dict(draw) for draw in standing.draws],
        }

    def _known(self, draw: Draw) -> bool:
        methods = self.pictures.paintings.get((draw.style, draw.photo), {})
        return all(method in methods for method in draw.question.methods)

    def _as_dict(self, draw: Draw) -> dict[str, Any]:
        by_method = self.pictures.paintings[draw.style, draw.photo]
        shown = [draw.left] if draw.right is None else [draw.left, draw.right]
        return {
            "draw": draw.id,
            "photo": self.pictures.photos[draw.photo].id,
            "style": self.pictures.styles[draw.style].id,
            "paintings": [by_method[method].id for method in shown],
        }

    def _drawn(self, voter: int, mode: Mode, questions: list[Question], many: int) -> list[Draw]:
        seen, shown = self.store.counts(mode, voter), self.store.counts(mode)
        draws = []
        for _ in range(many):
            question = least_shown((q for q in questions if q not in seen), shown, self._random)
            if question is None:
                break
            order = tuple(self._random.sample(question.methods, len(question.methods)))
            draws.append(self.store.add_draw(voter, mode, question, order))
            seen[question] += 1
            shown[question] += 1
        return draws


def least_shown(
    questions: Iterable[Question], shown: Mapping[Question, int], chance: random.Random
) -> Question | None:
    """Return the question whose methods were shown least together, and of those the rarest itself.

    Among equals chance decides. None if there is no question.
    """
    together: Counter[tuple[str, ...]] = Counter()
    for question, count in shown.items():
        together[question.methods] += count
    return min(
        questions,
        key=lambda question: (
            together[question.methods],
            shown.get(question, 0),
            chance.random(),
        ),
        default=None,
    )
