"""reviewer: each member of a council scores the others' answers without knowing whose they are."""

from collections.abc import Sequence

from typing_extensions import TypedDict

from manyminds.calls.ask import together
from manyminds.limits.quorum import layer_deadline
from manyminds.members import Member
from manyminds.nodes.channels import decide
from manyminds.nodes.judge import reader
from manyminds.nodes.node import State, Update
from manyminds.nodes.shown import Shown, good, grouped, shuffle_for
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import most_alike
from manyminds.prompts import Prompt
from manyminds.reading.schemas import object_schema, scored_answers
from manyminds.reading.verdicts import Ranking
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot, Group
from manyminds.votes.peers import dissenting, rank_correlation, settled
from manyminds.votes.ranked import borda

ROLE = "ranker"
LEAST = 3
"""Answers that can be ranked by their authors: of two, each author could only rank the other's."""
_CALLS = 8  # of one reviewer at most, so that no two calls of the role have the same index


class Review(TypedDict):
    """How one member ranked the others' answers.

    `shown` has the indices of candidates as they were numbered for it, of equal answers the first;
    `scores` (0 to 10, None: not scored) and `reasons` go along with it. `order` has the indices of
    all candidates that it ranked, best first (empty: it abstains). `correlation` with the council's
    order goes from -1 to 1, `dissents` says that it is far from that of the others. `source` is
    model (held to the form), parser (read from text) or fallback (nothing could be read).
    """

    member: str
    shown: list[int]
    scores: list[float | None]
    reasons: list[str]
    order: list[int]
    correlation: float | None
    dissents: bool
    source: str


def reviewers(members: Sequence[Member], prompt: Prompt, *, cut: bool, after: int) -> Run:
    """Return the step in which the members rank each other's answers (peer ranking).

    Each member that gave an answer scores the answers of the others, in an order shuffled for it;
    nobody sees its own, so there are no votes for oneself. A member whose reply cannot be read is
    asked once more, then it abstains. The winner by Borda count is `final`, all answers in the
    council's order are `kept`.

    Args:
        members: Members that answered, and now rank.
        prompt: Prompt with the variable `answers`.
        cut: Whether reviews in flight are cut once the winner is certain.
        after: Calls of the roles after it, which the budget must leave room for.
    """
    by_name = {member.name: member for member in members}

    async def run(state: State, ask: Ask) -> Update:
        answers = good(state)
        reason = _why_not(answers, ask.run, after)
        if reason is not None:
            return await _unranked(answers, reason, ask.run)
        groups = await grouped(answers, state["question"], ask.run)
        panel = Panel(answers, groups, ask.run)
        await panel.hear(by_name, prompt, ask, cut=cut, reserve=after)
        if not any(panel.orders.values()):
            return await _unranked(answers, "no ranking could be read", ask.run)
        ballot = panel.ballot()
        leaders = [group["indices"][0] for group in ballot["groups"]]
        common = [*leaders, *(place for place in range(len(answers)) if place not in leaders)]
        said = f"{ballot['voters']} of {len(answers)} members ranked the answers"
        return {
            "ballot": _over_all(ballot, answers, len(state["candidates"])),
            "kept": [answers[place]["index"] for place in common],
            "rankings": panel.reviews(common),
            "final": answers[common[0]],
            "decision": decide(True, said),
        }

    return run


class Panel:
    """The reviewers of one run. Answers are known by their place among the good ones.

    Attributes:
        shown: Answers that each reviewer (by the place of its own answer) is shown.
        rankings: Ranking that was read of each reviewer, by the places shown.
        orders: Order of each reviewer that has answered, best first. Empty: it abstains.
        sources: How each reply was read.
    """

    def __init__(
        self, answers: Sequence[Candidate], groups: Sequence[Sequence[Candidate]], run: RunContext
    ) -> None:
        self.answers = answers
        self._places = {answer["index"]: place for place, answer in enumerate(answers)}
        self.shown = [self._for(own, groups, run) for own in answers]
        self.rankings: dict[int, Ranking] = {}
        self.orders: dict[int, list[int]] = {}
        self.sources: dict[int, str] = {}

    def _for(self, own: Candidate, groups: Sequence[Sequence[Candidate]], run: RunContext) -> Shown:
        """Return the answers of the others, equal ones once."""
        others = [[one for one in group if one is not own] for group in groups]
        shuffled = shuffle_for(list(filter(None, others)), run, f"{ROLE}:{own['member']}")
        return Shown(shuffled, len(self.answers) - 1)

    async def hear(
        self, members: dict[str, Member], prompt: Prompt, ask: Ask, *, cut: bool, reserve: int
    ) -> None:
        """Ask every reviewer at once; with `cut`, end when the rest cannot change the winner."""
        layer, size = ask.layer + 1, len(self.answers)

        def certain(_seen: Sequence[Candidate]) -> bool:
            rankings = [self.orders.get(own) for own in range(size)]
            return settled(rankings, range(size), size)

        watch = layer_deadline(
            ask.run, layer, asked=size, quorum=size, rule=certain if cut else None
        )
        asking = ask.playing(ROLE, layer=layer, deadline=watch)

        async def review(own: int, member: Member) -> None:
            shown = self.shown[own]
            reply = await asking.verdict(
                [member],
                prompt.fill(answers=shown.text),
                parse=lambda text: _ranking(text, len(shown.groups)),
                schema=object_schema("review", {"answers": scored_answers(len(shown.groups))}),
                index=_CALLS * own,
                reserve=reserve,
            )
            self._note(own, reply.value, reply.source)
            if watch is not None:
                watch.add([])  # the ranking counts only now that it has been read

        # A run that was resumed with other members has answers whose authors rank none.
        asked = [
            (own, members[answer["member"]])
            for own, answer in enumerate(self.answers)
            if answer["member"] in members
        ]
        await together(*(review(own, member) for own, member in asked))
        ask.replies.sort(key=lambda reply: reply["index"])

    def _note(self, own: int, ranking: Ranking | None, source: str) -> None:
        self.sources[own], self.orders[own] = source, []
        if ranking is None:
            return
        self.rankings[own] = ranking
        groups = self.shown[own].groups
        scores = ranking.scores if len(ranking.scores) == len(groups) else {}
        order = ranking.order
        if scores:  # of answers with the same score, what more members gave comes first
            order = sorted(order, key=lambda at: (-scores[at], -len(groups[at]), at))
        self.orders[own] = [self._places[one["index"]] for at in order for one in groups[at]]

    def ballot(self) -> Ballot:
        """Count the rankings."""
        rankings = [self.orders.get(own, []) for own in range(len(self.answers))]
        return borda(rankings, len(rankings), authors=range(len(rankings)))

    def reviews(self, common: Sequence[int]) -> list[Review]:
        """Return how each reviewer ranked, and how that compares with the common order."""
        orders = [self.orders.get(own, []) for own in range(len(self.answers))]
        correlations = [rank_correlation(order, common) for order in orders]
        dissents = dissenting(correlations)
        return [
            Review(
                member=answer["member"],
                shown=[first["index"] for first in self.shown[own].firsts],
                scores=[ranking.scores.get(at) for at in range(len(self.shown[own].groups))],
                reasons=[ranking.reasons.get(at, "") for at in range(len(self.shown[own].groups))],
                order=[self.answers[place]["index"] for place in orders[own]],
                correlation=correlations[own],
                dissents=dissents[own],
                source=self.sources.get(own, "fallback"),
            )
            for own, answer in enumerate(self.answers)
            for ranking in [self.rankings.get(own, Ranking([], {}, {}))]
        ]


def _ranking(text: str, shown: int) -> Ranking | None:
    found = reader(shown, 1)(text)
    return None if found is None else found[0]


def _why_not(answers: Sequence[Candidate], ctx: RunContext, after: int) -> str | None:
    if len(answers) < LEAST:
        return f"{len(answers)} answers cannot be ranked by their authors, it takes {LEAST}"
    return ctx.exhausted(len(answers) + after)


async def _unranked(answers: Sequence[Candidate], reason: str, ctx: RunContext) -> Update:
    first, notes = await most_alike(ctx, answers)
    rest = [candidate["index"] for candidate in answers if candidate is not first]
    return {
        "kept": [first["index"], *rest],
        "final": first,
        "decision": decide(True, reason),
        "notes": [f"nothing was ranked: {reason}", *notes],
    }


def _over_all(ballot: Ballot, answers: Sequence[Candidate], n: int) -> Ballot:
    """Return a ballot over the good candidates as one over all of them."""
    at = [candidate["index"] for candidate in answers]
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
