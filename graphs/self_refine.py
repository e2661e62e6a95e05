"""Self-refine: a member answers, criticises its answer, and writes it anew.

Paper: "Self-Refine: Iterative Refinement with Self-Feedback", arXiv 2303.17651.
"""

from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.errors import InputError
from manyminds.graphs.method_graph import MethodGraph, Options, builder
from manyminds.members import Askable
from manyminds.members import members as as_members
from manyminds.nodes.channels import MethodOutput, SampledState
from manyminds.nodes.critic import critic
from manyminds.nodes.finish import unless_done
from manyminds.nodes.node import State, Update
from manyminds.nodes.solver import latest, solver
from manyminds.prompts import escaped, load, numbered
from manyminds.runs.context import RunContext
from manyminds.state import Candidate

METHOD = "self-refine"
FEEDBACK, REFINE = "self_refine/feedback@1", "self_refine/refine@1"


class RefineState(SampledState, total=False):
    """Channels of self-refine; `candidates` are all versions of the answer."""

    feedback: str


class RefineOutput(MethodOutput):
    """The answer, the report, and all versions of the answer."""

    candidates: list[Candidate]


@builder
def create_self_refine(
    member: Askable,
    *,
    refinements: int = 1,
    feedback: str | Path | ChatPromptTemplate = FEEDBACK,
    prompt: str | Path | ChatPromptTemplate = REFINE,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build self-refine: an answer, then feedback and a new version, so many times.

    Use it for texts and code that a model judges better than it writes them; on reasoning without
    any check from outside it gains little, and an Agent Forest of equal cost is hard to beat.

    Args:
        member: who answers and criticises.
        refinements: k, for 1 + 2k calls.
        feedback: the prompt of the feedback, with the variable `answer`.
        prompt: the prompt of a new version, with the variables `answer` and `feedback`.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if refinements < 1:
        raise InputError(f"refinements={refinements}: give at least 1")
    (one,) = as_members([member], what="member")
    criticised = load(feedback, default=FEEDBACK, variables={"answer"})
    refined = load(prompt, default=REFINE, variables={"answer", "feedback"})
    tries = refinements + 1
    graph = MethodGraph(
        RefineState,
        method=METHOD,
        members=[one],
        draws=2 * tries,
        supersteps=2 * tries + 2,
        output=RefineOutput,
        **options,
    )
    graph.open("solver", feedback="")
    solving = solver(
        one,
        method=METHOD,
        prompt=refined,
        shown=_refining,
        tries=tries,
        settles=True,
        context=graph.settings,
    )
    judging = critic(
        one,
        name="critic",
        method=METHOD,
        prompt=criticised,
        shown=_answer,
        taken=_taken,
        tries=tries,
        context=graph.settings,
    )
    graph.add_node("solver", solving)
    graph.add_node("critic", judging)
    graph.label("solver", [one.name])
    graph.label("critic", [one.name])
    graph.add_conditional_edges("solver", unless_done("critic"), ["critic", "finish"])
    graph.add_conditional_edges("critic", unless_done("solver"), ["solver", "finish"])
    graph.close(prompts=[criticised, refined])
    return graph


def _answer(state: State) -> dict[str, str]:
    return {"answer": numbered([latest(state)["text"]])}


def _refining(state: State) -> dict[str, str]:
    if not state["feedback"]:
        return {}
    return {**_answer(state), "feedback": escaped(state["feedback"])}


async def _taken(_state: State, _run: RunContext, text: str) -> Update:
    return {"feedback": text}
