"""Council: members answer, rank each other's answers without names, and a chair has the last word.

After the LLM Council of A. Karpathy (2025), with points and shuffles against the biases that peer
ranking has: "PRD: Peer Rank and Discussion Improve Large Language Model based Evaluations", arXiv
2307.02762.
"""

from collections.abc import Sequence

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    FilledPrompt,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    RoleArgument,
    State,
    Unpack,
    check_quorum,
    layers,
    listed,
    method,
    with_roles,
)
from manyminds.fence import in_one_line
from manyminds.nodes.aggregator import Fill, aggregator
from manyminds.nodes.reviewer import LEAST, Review, reviewers
from manyminds.nodes.shown import Shown, kept_shown
from manyminds.votes.ballots import Ballot

RANK_PROMPT = "council/rank@2"
CHAIR_PROMPT = "council/chair@2"


class CouncilState(LayeredState, total=False):
    """Channels of a council."""

    rankings: list[Review]
    ballot: Ballot | None


class CouncilOutput(CandidatesOutput):
    """The answer, the report, how everyone ranked, the ballot, and all answers."""

    rankings: list[Review]
    ballot: Ballot | None


@method(
    "council",
    paper="Peer Rank and Discussion, arXiv 2307.02762; LLM Council (A. Karpathy, 2025)",
    calls="2 * members + 1 at most",
    use="Open answers, three or more good models, and no judge whose taste should decide.",
)
def create_council(
    members: Sequence[Askable],
    *,
    chair: RoleArgument = None,
    rank_only: bool = False,
    cut: bool = False,
    rank_prompt: PromptLike = RANK_PROMPT,
    prompt: PromptLike = CHAIR_PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a council with anonymous peer ranking.

    Use it for open answers whose quality is a matter of judgement, with members of different model
    families: everyone judges, so no single judge's taste decides. With `rank_only` the best answer
    comes verbatim, for one call less and without a chair that could spoil it.

    Args:
        members: Members that answer, and then rank the others' answers; three at least, or nothing
            can be ranked: of two answers, each author could only rank the other's.
        chair: Model that writes the answer from all answers and their ranking: a member, a fallback
            chain, or a custom node. Default: the first member. If all fail, the winner of the
            ranking is the answer, verbatim, and the run is marked as degraded.
        rank_only: Whether the winner of the ranking is the answer, verbatim, without a chair.
        cut: Whether reviews in flight are cut once the winner is certain; they may be billed.
        rank_prompt: Prompt of a ranking, with the variable `answers`.
        prompt: Prompt of the chair, with the variables `answers` and `ranking`.
        quorum: Good answers needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "rankings",
        "ballot", "candidates"}. Each ranking says whether it dissents.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    everyone, chain = with_roles([listed(members)], chair)
    if rank_only:
        chain = ()
        _check_rank_only(everyone, chair)
    check_quorum(quorum, len(everyone))
    graph = MethodGraph(
        "council", [*everyone, *chain], state=CouncilState, output=CouncilOutput, **options
    )
    ranking = graph.prompt(rank_prompt, variables={"answers"})
    size, after = len(everyone), int(bool(chain))

    async def answer(_state: State, ask: Ask, member: Member) -> Candidate:
        return await ask(member)

    layers(
        graph,
        [everyone],
        answer,
        then="ranker",
        quorum=quorum,
        planned=2 * size + after,
        rankings=[],
        ballot=None,
    )
    graph.step("ranker", reviewers(everyone, ranking, cut=cut, after=after))
    if not rank_only:
        synthesis = graph.prompt(prompt, variables={"answers", "ranking"})
        write = aggregator(chain, _filled(synthesis), last_resort=lambda state: state["final"])
        graph.role("chair", chain, write, given=chair, sets=["answer", "final"])
        graph.add_edge("ranker", "chair")
    last = "ranker" if rank_only else "chair"
    return graph.close(after=last, keys=["ballot", "rankings", "decision"])


def _check_rank_only(members: Sequence[Member], chair: RoleArgument) -> None:
    if chair is not None:
        raise InputError("give a chair or rank_only=True: with rank_only nobody chairs")
    if len(members) < LEAST:
        raise InputError(f"rank_only=True: give at least {LEAST} members, not {len(members)}")


def _filled(prompt: Prompt) -> Fill:
    """Return how the chair's prompt is filled: with the answers and how they were ranked."""

    def fill(state: State) -> FilledPrompt:
        shown = kept_shown(state)
        return prompt.fill(answers=shown.text, ranking=described(shown, state))

    return fill


def described(shown: Shown, state: State) -> str:
    """Write the ranking for the chair: points of each answer, its reviews, and dissent.

    Args:
        shown: Answers as the chair sees them.
        state: State of the council.
    """
    ballot, rankings = state["ballot"], state["rankings"]
    if ballot is None:
        return "There is no ranking; the answers are in no particular order."
    number = {c["index"]: at for at, group in enumerate(shown.groups, 1) for c in group}
    lines: list[str] = []
    for at, first in enumerate(shown.firsts, 1):
        lines.append(f"Answer {at}: {_points(ballot['scores'][first['index']])}")
        lines += _remarks(at, number, rankings)
    for review in rankings:
        if review["dissents"]:
            own = dict.fromkeys(number[index] for index in review["order"])
            lines.append(f"One member dissents and ranks: {' > '.join(map(str, own))}")
    return "\n".join(lines)


def _remarks(at: int, number: dict[int, int], rankings: Sequence[Review]) -> list[str]:
    """Return the reviews of an answer, a line each, without the names of the reviewers."""
    lines: list[str] = []
    for review in rankings:
        said = zip(review["shown"], review["scores"], review["reasons"], strict=True)
        for index, score, reason in said:
            if number.get(index) == at and reason.strip():
                mark = "" if score is None else f"{score:g} of 10: "
                lines.append(f"- {mark}{in_one_line(reason)}")
    return lines


def _points(score: float | None) -> str:
    if score is None:
        return "ranked by nobody"
    return f"{score:.2f} points, from 0 (always last) to 1 (always first)"
