"""Council: members answer, rank each other's answers without names, and a chair has the last word.

After the LLM Council of A. Karpathy (2025), with points and shuffles against the biases that peer
ranking has: "PRD: Peer Rank and Discussion Improve Large Language Model based Evaluations", arXiv
2307.02762.
"""

from collections.abc import Sequence
from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.authoring import Ask, layers, method
from manyminds.errors import InputError
from manyminds.limits.quorum import Quorum, check_quorum
from manyminds.members import Askable, Member, listed
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.chair import LastWord, custom_role, writer
from manyminds.nodes.channels import LayeredState, MethodOutput, usable
from manyminds.nodes.node import Node, State, is_node
from manyminds.nodes.reviewer import LEAST, METHOD, Review, Reviewing, reviewers
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.prompts import Prompt, load, numbered
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot

RANK_PROMPT = "council/rank@1"
CHAIR_PROMPT = "council/chair@1"


class CouncilState(LayeredState, total=False):
    """Channels of a council."""

    rankings: list[Review]
    ballot: Ballot | None


class CouncilOutput(MethodOutput):
    """The answer, the report, how everyone ranked, the ballot, and all answers."""

    rankings: list[Review]
    ballot: Ballot | None
    candidates: list[Candidate]


@method(
    "council",
    paper="Peer Rank and Discussion, arXiv 2307.02762; LLM Council (A. Karpathy, 2025)",
    calls="2 * members + 1",
    use="Open answers, three or more good models, and no judge whose taste should decide.",
)
def create_council(
    members: Sequence[Askable],
    *,
    chair: RoleArgument = None,
    rank_only: bool = False,
    cut: bool = False,
    rank_prompt: str | Path | ChatPromptTemplate = RANK_PROMPT,
    prompt: str | Path | ChatPromptTemplate = CHAIR_PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a council with anonymous peer ranking.

    Use it for open answers whose quality is a matter of judgement, with members of different model
    families: everyone judges, so no single judge's taste decides. With `rank_only` the best answer
    comes verbatim, for one call less and without a chair that could spoil it.

    Args:
        members: who answers, and then ranks the others' answers; three at least, or nothing can be
            ranked: of two answers, each author could only rank the other's.
        chair: who writes the answer out of all, from the ranking: a member, a fallback chain, or a
            node of your own. Default: the first member. Where all fail, the winner of the ranking
            is the answer, verbatim, and the run is marked.
        rank_only: no chair: the winner of the ranking is the answer, verbatim.
        cut: cut the reviewers in flight once the winner is certain; cut calls may be billed.
        rank_prompt: how to ask for a ranking, with the variable `answers`.
        prompt: how to ask the chair, with the variables `answers` and `ranking`.
        quorum: good answers needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "rankings",
        "ballot", "candidates"}. The report has the rankings too, with who dissents.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if rank_only and chair is not None:
        raise InputError("give a chair or rank_only=True: with rank_only nobody chairs")
    everyone, chain = with_roles([listed(members)], chair)
    if rank_only:
        chain = ()
    if rank_only and len(everyone) < LEAST:
        raise InputError(f"rank_only=True: give at least {LEAST} members, not {len(everyone)}")
    check_quorum(quorum, len(everyone))
    ranking = load(rank_prompt, variables={"answers"})
    synthesis = load(prompt, variables={"answers", "ranking"})
    graph = MethodGraph(
        METHOD,
        [*everyone, *chain],
        state=CouncilState,
        output=CouncilOutput,
        **options,
    )
    graph.draws = 3
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
    how = Reviewing(members=everyone, prompt=ranking, cut=cut, after=after, context=graph.settings)
    graph.add_node("ranker", reviewers(how))
    if not rank_only:
        graph.add_node("chair", _chair(chair, chain, everyone, synthesis, graph))
        graph.add_edge("chair", "finish")
    graph.add_edge("ranker", "finish" if rank_only else "chair")
    graph.close(
        prompts=[ranking, synthesis] if chain else [ranking],
        roles={"chair": chain} if chain else {},
        keys=["ballot", "rankings", "decision"],
    )
    return graph


def _chair(
    given: RoleArgument,
    chain: Sequence[Member],
    everyone: Sequence[Member],
    prompt: Prompt,
    graph: MethodGraph,
) -> Node:
    if is_node(given):
        return custom_role(given, "chair")
    names = {member.name for member in everyone}

    def draws(state: State, member: Member) -> int:
        return 2 if member.name in names else 0

    how = LastWord(
        method=METHOD,
        role="chair",
        chain=chain,
        prompt=prompt,
        draws=draws,
        stream=True,
        overrules=False,
        context=graph.settings,
    )
    return writer(how, _shown)


def _shown(state: State, run: RunContext) -> dict[str, str]:
    """Return the answers in the council's order, and the ranking in the numbers they have there."""
    answers = usable(state)
    return {
        "answers": numbered(candidate["text"] for candidate in answers),
        "ranking": described([candidate["index"] for candidate in answers], state),
    }


def described(order: Sequence[int], state: State) -> str:
    """Write the ranking for the chair: points of each answer, and who sees it differently."""
    ballot, rankings = state["ballot"], state["rankings"]
    if ballot is None:
        return "There is no ranking; the answers are in no particular order."
    number = {index: at for at, index in enumerate(order, 1)}
    lines = [f"Answer {number[index]}: {_points(ballot['scores'][index])}" for index in order]
    for review in rankings:
        if review["dissents"]:
            own = " > ".join(str(number[index]) for index in review["order"])
            lines.append(f"One member dissents and ranks: {own}")
    return "\n".join(lines)


def _points(score: float | None) -> str:
    if score is None:
        return "ranked by nobody"
    return f"{score:.2f} points, from 0 (always last) to 1 (always first)"
