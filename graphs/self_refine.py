"""Self-refine: a member answers, criticises its answer, and writes it again.

Paper: "Self-Refine: Iterative Refinement with Self-Feedback", arXiv 2303.17651.
"""

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    InputError,
    MethodGraph,
    Options,
    PromptLike,
    SampledState,
    State,
    Unpack,
    Update,
    as_members,
    escaped,
    method,
    ok,
)
from manyminds.nodes.tries import earlier, latest


class RefineState(SampledState, total=False):
    """Channels of self-refine; `candidates` are all versions of the answer."""

    feedback: str


@method(
    "self-refine",
    paper="Self-Refine: Iterative Refinement with Self-Feedback, arXiv 2303.17651",
    calls="1 + 2 * refinements",
    use="Texts and code that a model judges better than it writes them at the first try.",
)
def create_self_refine(
    member: Askable,
    *,
    refinements: int = 1,
    feedback: PromptLike = "self_refine/feedback@1",
    prompt: PromptLike = "self_refine/refine@1",
    **options: Unpack[Options],
) -> MethodGraph:
    """Build self-refine: an answer, then feedback and a new version, several times.

    Use it for texts and code that a model judges better than it writes them. On reasoning without
    a check from outside it gains little, and an Agent Forest of equal cost is hard to beat.

    Args:
        member: Member that answers and criticises.
        refinements: Number of refinements k, for 1 + 2k calls.
        feedback: Prompt of the feedback, with the variable `answer`.
        prompt: Prompt of a new version, with the variables `answer` and `feedback`.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    if refinements < 1:
        raise InputError(f"refinements={refinements}: give at least 1")
    (one,) = as_members([member], what="member")
    graph = MethodGraph("self-refine", [one], state=RefineState, output=CandidatesOutput, **options)
    criticise = graph.prompt(feedback, variables={"answer"})
    refine = graph.prompt(prompt, variables={"answer", "feedback"})

    async def solve(state: State, ask: Ask) -> Update:
        version, last = ask.layer, ask.layer == refinements + 1
        if version == 1:
            reply = ask.require(await ask(one))
        else:
            shown = refine.fill(answer=[latest(state)], feedback=escaped(state["feedback"]))
            reply = await ask(one, shown, stream=last)
        if not ok(reply):
            return {"candidates": [reply], **earlier(state, reply, f"try {version}")}
        return {"candidates": [reply], "final": reply if last else None}

    async def give_feedback(state: State, ask: Ask) -> Update:
        reply = await ask(one, criticise.fill(answer=[latest(state)]))
        if not ok(reply):
            return earlier(state, reply, f"the critic of try {ask.layer}")
        return {"feedback": reply["text"]}

    graph.step("solver", solve, opens=True, asks=[one])
    graph.step("critic", give_feedback, asks=[one])
    graph.open("solver", feedback="")
    graph.unless_done("solver", "critic")
    graph.unless_done("critic", "solver")
    return graph.close()
