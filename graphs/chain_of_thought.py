"""Chain of thought: one member writes down its reasoning before the answer.

Papers: "Chain-of-Thought Prompting Elicits Reasoning in Large Language Models", arXiv 2201.11903;
"Large Language Models are Zero-Shot Reasoners", arXiv 2205.11916.
"""

from collections.abc import Sequence

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
    method,
)

WORKED, EXAMPLES, ZERO_SHOT = "cot/worked@1", "cot/examples@1", "cot/zero_shot@1"


@method(
    "chain-of-thought",
    paper="Chain-of-Thought Prompting Elicits Reasoning in Large Language Models, "
    "arXiv 2201.11903; Large Language Models are Zero-Shot Reasoners, arXiv 2205.11916",
    calls="1",
    use="The baseline of one call; sampled and voted on, it is self-consistency.",
)
def create_chain_of_thought(
    member: Askable,
    *,
    examples: Sequence[tuple[str, str]] | None = None,
    zero_shot: bool = False,
    prompt: PromptLike | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build chain of thought: one call, reasoning first, the answer in the last line.

    Use it as the baseline of a single call, and as the member that an Agent Forest samples:
    `create_agent_forest([create_chain_of_thought(member)], samples=10)` is self-consistency.

    Args:
        member: Member to ask.
        examples: Pairs of a question and its worked answer; default: three of our own.
        zero_shot: Show no examples, only ask for the steps.
        prompt: Prompt in place of both, with the variable `examples` (empty without examples).
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    if zero_shot and examples is not None:
        raise InputError("zero_shot=True shows no examples: leave one of the two out")
    if examples is not None and not examples:
        raise InputError("examples: give at least one, or zero_shot=True")
    (one,) = as_members([member], what="member")
    graph = MethodGraph(
        "chain-of-thought", [one], state=SampledState, output=CandidatesOutput, **options
    )
    default = ZERO_SHOT if zero_shot else WORKED if examples is None else EXAMPLES
    reason = graph.prompt(prompt, default, variables={"examples"}, may_ignore=True)
    shown = reason.fill(examples=written(examples or []))

    async def solve(_state: State, ask: Ask) -> Update:
        ask.run.emit("planned", calls=1)
        reply = ask.require(await ask(one, shown, stream=True))
        return {"candidates": [reply], "final": reply}

    return graph.chain(graph.step(one.name, solve, role="solver", opens=True))


def written(examples: Sequence[tuple[str, str]]) -> str:
    """Return examples as the prompt shows them."""
    return "\n\n".join(f"Question: {question}\n{worked}" for question, worked in examples)
