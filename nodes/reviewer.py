"""reviewer: each member of a council ranks the others' answers without knowing whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage
from typing_extensions import TypedDict

from manyminds.calls.ask import ask_all, blank
from manyminds.limits.deadline import Deadline
from manyminds.limits.quorum import layer_deadline
from manyminds.members import Member
from manyminds.nodes.aggregator import most_alike
from manyminds.nodes.chair import shuffle_for
from manyminds.nodes.channels import decide
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.reading.verdicts import read_order
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot, Group
from manyminds.votes.peers import dissenting, rank_correlation, settled
from manyminds.votes.ranked import borda

METHOD = "council"
LEAST = 3
"""Answers that can be ranked by their authors: of two, each author could only rank the other's."""


class Review(TypedDict):
    """How one member ranked the others' answers.

    `shown` and `order` are indices of candidates: as they were numbered for it, and best first
    (empty: it abstains). `correlation` with the council's order goes from -1 to 1, `dissents` says
    that it is far from that of the others.
    """

    member: str
    shown: list[int]
    order: list[int]
    correlation: float | None
    dissents: bool


@dataclass(frozen=True)
class Reviewing:
    """How a council ranks.

    Attributes:
        members: who answers, and then ranks.
        prompt: how to ask for a ranking, with the variable `answers`.
        cut: whether reviews in flight are cut once the winner is certain.
        after: calls of the roles after it, which the budget must leave room for.
        context: the builder's settings.
    """

    members: Sequence[Member]
    prompt: Prompt
    cut: bool
    after: int
    context: Context


def reviewers(how: Reviewing) -> Node:
    """Return the node in which the members rank each other's answers (peer ranking).

    Whoever gave an answer ranks the answers of the others, in an order shuffled for each reviewer;
    nobody sees its own, so there are no votes for oneself. A ranking that cannot be read abstains.
    The winner by Borda count is `final`, all answers in the council's order are `kept`.

    Args:
        how: the council.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, how.context)
        good = [c for c in state["candidates"] if c["status"] == "ok"]
        reason = _why_not(good, how, ctx)
        if reason is not None:
            return _unranked(good, reason)
        panel = Panel(good, how, state, ctx)
        await panel.hear()
        update: Update = {"spent": spent_on(panel.replies)}
        if not any(panel.orders.values()):
            return {**update, **_unranked(good, "no ranking could be read")}
        ballot = panel.ballot()
        leaders = [group["indices"][0] for group in ballot["groups"]]
        common = [*leaders, *(place for place in range(len(good)) if place not in leaders)]
        reason = f"{ballot['voters']} of {len(good)} members ranked the answers"
        return {
            **update,
            "ballot": _over_all(ballot, good, len(state["candidates"])),
            "kept": [good[place]["index"] for place in common],
            "rankings": panel.reviews(common),
            "final": good[common[0]],
            "decision": decide(True, reason),
        }

    return Node(run, "ranker")


class Panel:
    """The reviewers of one run; answers are known by their place among the good ones.

    Attributes:
        shown: to each reviewer (by the place of its own answer) the others, in its own order.
        orders: what each reviewer that was heard makes of them, best first; empty: it abstains.
        replies: what was asked and came back.
    """

    def __init__(
        self, good: Sequence[Candidate], how: Reviewing, state: State, run: RunContext
    ) -> None:
        self.good, self.how, self.state, self.run = good, how, state, run
        self.shown = [self._shuffled(own) for own in range(len(good))]
        self.orders: dict[int, list[int]] = {}
        self.replies: list[Candidate] = []

    def _shuffled(self, own: int) -> list[int]:
        others = [place for place in range(len(self.good)) if place != own]
        return shuffle_for(others, self.run, f"ranker:{self.good[own]['member']}")

    async def hear(self) -> None:
        """Ask everyone at once; where the council may, cut who cannot change the winner."""
        by_name = {member.name: member for member in self.how.members}
        batches: list[tuple[Member, list[Candidate], list[BaseMessage]]] = []
        layer = self.state["layer"] + 1
        for own, answer in enumerate(self.good):
            member = by_name.get(answer["member"])
            if member is None:  # of a run that was resumed with other members: it ranks nobody
                continue
            reply = blank(member, self.run, role="ranker", index=own, draw=1, layer=layer)
            self.replies.append(reply)
            batches.append((member, [reply], self._messages(own, member)))

        watch = self._clock(layer)

        def heard(batch: Sequence[Candidate]) -> None:
            for reply in batch:
                shown, text = self.shown[reply["index"]], reply["text"]
                order = read_order(text, len(shown)) if reply["status"] == "ok" else []
                self.orders[reply["index"]] = [shown[number] for number in order]
            if watch is not None:
                watch.add(batch)

        await ask_all(batches, self.run, on_answered=heard, deadline=watch)

    def _clock(self, layer: int) -> Deadline | None:
        """Return the clock that ends the ranking early where the council may end it."""

        def certain(_seen: Sequence[Candidate]) -> bool:
            rankings = [self.orders.get(own) for own in range(len(self.good))]
            return settled(rankings, range(len(rankings)), len(rankings))

        rule = certain if self.how.cut else None
        return layer_deadline(
            self.run, layer, asked=len(self.good), quorum=len(self.good), rule=rule
        )

    def _messages(self, own: int, member: Member) -> list[BaseMessage]:
        answers = numbered(self.good[place]["text"] for place in self.shown[own])
        return self.how.prompt.render(addressed(self.state["messages"], member), answers=answers)

    def ballot(self) -> Ballot:
        """Count the rankings."""
        rankings = [self.orders.get(own, []) for own in range(len(self.good))]
        return borda(rankings, len(rankings), authors=range(len(rankings)))

    def reviews(self, common: Sequence[int]) -> list[Review]:
        """Return how each reviewer ranked, and how that compares with the common order."""
        orders = [self.orders.get(own, []) for own in range(len(self.good))]
        correlations = [rank_correlation(order, common) for order in orders]
        return [
            Review(
                member=self.good[own]["member"],
                shown=[self.good[place]["index"] for place in self.shown[own]],
                order=[self.good[place]["index"] for place in order],
                correlation=correlation,
                dissents=dissents,
            )
            for own, (order, correlation, dissents) in enumerate(
                zip(orders, correlations, dissenting(correlations), strict=True)
            )
        ]


def _why_not(good: Sequence[Candidate], how: Reviewing, ctx: RunContext) -> str | None:
    if len(good) < LEAST:
        return f"{len(good)} answers cannot be ranked by their authors, it takes {LEAST}"
    return ctx.exhausted(len(good) + how.after)


def _unranked(good: Sequence[Candidate], reason: str) -> Update:
    first = most_alike(good)
    rest = [candidate["index"] for candidate in good if candidate is not first]
    return {
        "kept": [first["index"], *rest],
        "final": first,
        "decision": decide(True, reason),
        "notes": [f"nothing was ranked: {reason}"],
    }


def _over_all(ballot: Ballot, good: Sequence[Candidate], n: int) -> Ballot:
    """Return a ballot over the good candidates as one over all of them."""
    at = [candidate["index"] for candidate in good]
    scores: list[float | None] = [None] * n
    for place, score in enumerate(ballot["scores"]):
        scores[at[place]] = score
    groups = [
        Group(
            answer=None, indices=[at[place] for place in group["indices"]], weight=group["weight"]
        )
        for group in ballot["groups"]
    ]
    winner = None if ballot["winner"] is None else at[ballot["winner"]]
    return {**ballot, "winner": winner, "scores": scores, "groups": groups}
