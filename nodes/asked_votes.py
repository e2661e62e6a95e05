"""Votes for which somebody is asked: a judge picks the most consistent answer, a rater scores each.

Both fall back on a vote without calls when the reply cannot be read, and say so.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage

from manyminds.calls.ask import ask, ask_all, blank
from manyminds.fence import numbered
from manyminds.limits.quorum import layer_deadline
from manyminds.members import Member
from manyminds.nodes.node import State
from manyminds.nodes.voter import similar
from manyminds.prompts import Prompt
from manyminds.reading.roles import read_rating
from manyminds.reading.verdicts import read_choice
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import best_of


@dataclass(frozen=True)
class Universal:
    """Universal self-consistency (arXiv 2311.17311): a judge picks the most consistent answer.

    It is shown the answers in a seeded random order and replies with a number only, so the answer
    is one of the candidates, verbatim. Asked once more where the reply has no number; then
    the most similar candidate wins.

    Attributes:
        members: the judge, and who takes over when it fails.
        prompt: with the variable `answers`.
    """

    members: Sequence[Member]
    prompt: Prompt
    name: str = "universal"

    async def hold(
        self, candidates: Sequence[Candidate], state: State, run: RunContext
    ) -> tuple[Ballot, list[Candidate]]:
        """Hold the vote."""
        shown = [n for n, c in enumerate(candidates) if c["status"] == "ok"]
        random.Random(f"{run.seed}:{run.question_id}:shown").shuffle(shown)
        answers = numbered(candidates[n]["text"] for n in shown)
        messages = self.prompt.render(state["messages"], answers=answers)
        asked: list[Candidate] = []
        for nth, member in enumerate(member for member in self.members for _ in range(2)):
            reply = await ask(member, messages, run, role="judge", index=nth, draw=nth)
            asked.append(reply)
            chosen = read_choice(reply["text"], len(shown)) if reply["status"] == "ok" else None
            if chosen is not None:
                scores = [None if c["status"] != "ok" else 0.0 for c in candidates]
                scores[shown[chosen]] = 1.0
                return {**best_of(scores), "vote": self.name}, asked
        return similar(candidates, "bleu", whole=True), asked


@dataclass(frozen=True)
class Rated:
    """Best of n: a rater scores every answer by itself from 0 to 10, and the best one wins.

    Attributes:
        members: the rater; all answers are rated by the same one.
        prompt: with the variable `answers`.
    """

    members: Sequence[Member]
    prompt: Prompt
    name: str = "rated"

    async def hold(
        self, candidates: Sequence[Candidate], state: State, run: RunContext
    ) -> tuple[Ballot, list[Candidate]]:
        """Hold the vote."""
        rater = self.members[0]
        ratings = [
            blank(rater, run, role="rater", index=n, draw=n, layer=0)
            for n in range(len(candidates))
        ]
        batches = [
            (rater, [rating], self._prompt(candidate, state))
            for rating, candidate in zip(ratings, candidates, strict=True)
            if candidate["status"] == "ok"
        ]
        clock = layer_deadline(run, 0, asked=len(batches), quorum=len(batches))
        heard = None if clock is None else clock.add
        await ask_all(batches, run, on_answered=heard, deadline=clock)
        asked = [rating for _, (rating,), _ in batches]
        scores = [read_rating(r["text"]) if r["status"] == "ok" else None for r in ratings]
        if all(score is None for score in scores):
            return similar(candidates, "bleu", whole=True), asked
        return {**best_of(scores), "vote": self.name}, asked

    def _prompt(self, candidate: Candidate, state: State) -> list[BaseMessage]:
        return self.prompt.render(state["messages"], answers=numbered([candidate["text"]]))
