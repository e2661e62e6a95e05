"""Chain of thought: one member is asked to write down its reasoning before the answer.

Papers: "Chain-of-Thought Prompting Elicits Reasoning in Large Language Models", arXiv 2201.11903;
"Large Language Models are Zero-Shot Reasoners", arXiv 2205.11916.
"""

from collections.abc import Sequence
from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.errors import InputError
from manyminds.graphs.method_graph import MethodGraph, Options, builder
from manyminds.graphs.solo import solo_graph
from manyminds.members import Askable
from manyminds.prompts import load

METHOD = "chain-of-thought"
WORKED, EXAMPLES, ZERO_SHOT = "cot/worked@1", "cot/examples@1", "cot/zero_shot@1"


@builder
def create_chain_of_thought(
    member: Askable,
    *,
    examples: Sequence[tuple[str, str]] | None = None,
    zero_shot: bool = False,
    prompt: str | Path | ChatPromptTemplate | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build chain of thought: one call, reasoning first, the answer in the last line.

    Use it as the baseline of a single call, and as what an Agent Forest samples:
    `create_agent_forest([create_chain_of_thought(member)], samples=10)` is self-consistency.

    Args:
        member: who is asked.
        examples: pairs of a question and its worked answer; default: three of our own.
        zero_shot: show no examples at all, only ask for the steps.
        prompt: instead of either, with the variable `examples` (empty where none are given).
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if zero_shot and examples is not None:
        raise InputError("zero_shot=True shows no examples: leave one of the two away")
    if examples is not None and not examples:
        raise InputError("examples: give at least one, or zero_shot=True")
    default = ZERO_SHOT if zero_shot else WORKED if examples is None else EXAMPLES
    asked = load(prompt, default=default, variables={"examples"})
    values = {"examples": written(examples or [])}
    return solo_graph(member, method=METHOD, prompt=asked, values=values, options=options)


def written(examples: Sequence[tuple[str, str]]) -> str:
    """Write examples as the prompt shows them."""
    return "\n\n".join(f"Question: {question}\n{worked}" for question, worked in examples)
