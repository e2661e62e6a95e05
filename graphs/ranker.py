"""LLM ranker: everyone answers, and one member picks the answer that is passed on.

The baseline of "Mixture-of-Agents Enhances Large Language Model Capabilities", arXiv 2406.04692.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    RoleArgument,
    Run,
    State,
    Unpack,
    Update,
    check_quorum,
    layers,
    listed,
    method,
    with_roles,
)
from manyminds.nodes.judge import picked
from manyminds.nodes.shown import Shown, good, grouped, shuffle_for
from manyminds.nodes.tally import most_alike

PROMPT = "ranker/pick@2"
PARAMS: Mapping[str, Any] = {"temperature": 0.7}
INSTEAD = "the answer is the one most like the others"


@method(
    "ranker",
    paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
    calls="members + 1",
    use="One member's own answer is wanted, verbatim: the baseline that moa has to beat.",
)
def create_ranker(
    members: Askable | Sequence[Askable],
    *,
    ranker: RoleArgument = None,
    prompt: PromptLike = PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build the LLM ranker: n answers, and one pick among them.

    Use it where an answer must be one member's own, verbatim, and as the baseline that a
    Mixture-of-Agents has to beat: what it gains over this is the synthesis.

    Args:
        members: Members that answer, each once.
        ranker: Model that picks: a member, a fallback chain of members, or a custom node that sets
            `final` to one of `candidates`. Default: the first member; the report names it.
        prompt: Prompt of the pick, with the variable `answers`.
        quorum: Good answers needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"};
        n + 1 calls.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    everyone, chain = with_roles([listed(members)], ranker)
    check_quorum(quorum, len(everyone))
    graph = MethodGraph(
        "ranker", [*everyone, *chain], state=LayeredState, output=CandidatesOutput, **options
    )
    picking = graph.prompt(prompt, variables={"answers"})

    async def propose(_state: LayeredState, ask: Ask, member: Member) -> Candidate:
        return await ask(member, params=PARAMS)

    planned = len(everyone) + 1
    layers(graph, [everyone], propose, then="ranker", quorum=quorum, planned=planned)
    graph.role("ranker", chain, _picker(chain, picking), given=ranker, sets=["final", "answer"])
    return graph.close(after="ranker")


def _picker(chain: Sequence[Member], prompt: Prompt) -> Run:
    """Return the ranker's step (LLM-ranker baseline of Mixture-of-Agents, arXiv 2406.04692).

    Equal answers are shown once, with the number of members that gave them, in an order that
    follows from the seed and the question. If no choice can be read, the answer most like the
    others is taken, and the run is marked as degraded.
    """

    async def run(state: State, ask: Ask) -> Update:
        answers = good(state)
        groups = await grouped(answers, state["question"], ask.run)
        shown = Shown(shuffle_for(groups, ask.run, "shown"), len(answers))
        question = prompt.fill(answers=shown.text)
        reply = await picked(ask, chain, question, len(groups), layer=ask.layer + 1)
        notes = reply.notes("ranker", INSTEAD)
        if reply.value is not None:
            return {"final": shown.firsts[reply.value], "notes": notes}
        final, capped = await most_alike(ask.run, answers)
        return {"final": final, "notes": [*notes, *capped]}

    return run
