"""Self-refine: a member answers, criticises its answer, and writes it again.

Paper: "Self-Refine: Iterative Refinement with Self-Feedback", arXiv 2303.17651.
"""

import re

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    Count,
    MethodGraph,
    Options,
    PromptLike,
    SampledState,
    State,
    Unpack,
    Update,
    as_members,
    earlier,
    escaped,
    latest,
    method,
    ok,
)

_NOTHING = re.compile(
    r"\W*(?:no (?:further |more )?changes? (?:are |is )?(?:needed|necessary|required)"
    r"|nothing (?:needs to change|to (?:change|mend|fix|improve)))\W*"
    "|\\W*(?:\u65e0\u9700\u4fee\u6539|\u4e0d\u9700\u8981\u4fee\u6539)\\W*",
    re.IGNORECASE,
)


class RefineState(SampledState, total=False):
    """Channels of self-refine; `candidates` are all versions of the answer."""

    feedback: str


@method(
    "self-refine",
    paper="Self-Refine: Iterative Refinement with Self-Feedback, arXiv 2303.17651",
    calls="1 + 2 * refinements at most",
    use="Texts and code that a model judges better than it writes them at the first try.",
)
def create_self_refine(
    member: Askable,
    *,
    refinements: Count = 1,
    feedback: PromptLike = "self_refine/feedback@2",
    prompt: PromptLike = "self_refine/refine@3",
    **options: Unpack[Options],
) -> MethodGraph:
    """Build self-refine: an answer, then feedback and a new version, several times.

    Use it for texts and code that a model judges better than it writes them. On reasoning without
    a check from outside it gains little, and an Agent Forest of equal cost is hard to beat.

    Args:
        member: Member that answers and criticises.
        refinements: Number of refinements k, at most, for 1 + 2k calls; feedback that finds nothing
            to change ends it.
        feedback: Prompt of the feedback, with the variable `answer`.
        prompt: Prompt of a new version, with the variables `versions` (all so far), `answer` (the
            last one) and `feedback`.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    (one,) = as_members([member], what="member")
    graph = MethodGraph("self-refine", [one], state=RefineState, output=CandidatesOutput, **options)
    criticise = graph.prompt(feedback, variables={"answer"})
    refine = graph.prompt(prompt, variables={"answer", "feedback", "versions"})

    async def solve(state: State, ask: Ask) -> Update:
        version, last = ask.layer, ask.layer == refinements + 1
        if version == 1:
            reply = ask.require(await ask(one))
        else:
            shown = refine.fill(
                answer=[latest(state)],
                versions=[c for c in state["candidates"] if ok(c)],
                feedback=escaped(state["feedback"]),
            )
            reply = await ask(one, shown, stream=last)
        if not ok(reply):
            return {"candidates": [reply], **earlier(state, reply, f"try {version}")}
        return {"candidates": [reply], "final": reply if last else None}

    async def give_feedback(state: State, ask: Ask) -> Update:
        reply = await ask(one, criticise.fill(answer=[latest(state)]))
        if not ok(reply):
            return earlier(state, reply, f"the critic of try {ask.layer}")
        done = _NOTHING.fullmatch(reply["text"]) is not None
        return {"feedback": reply["text"], "final": latest(state) if done else None}

    graph.step("solver", solve, opens=True, asks=[one], times=refinements + 1)
    graph.step("critic", give_feedback, asks=[one], times=refinements)
    graph.open("solver", feedback="")
    graph.unless_done("solver", "critic")
    graph.unless_done("critic", "solver")
    return graph.close()
