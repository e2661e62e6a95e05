"""Methods of a single call: one member answers alone, in the way that a prompt says."""

from collections.abc import Callable, Mapping
from typing import Any

from manyminds.graphs.method_graph import MethodGraph
from manyminds.members import Askable
from manyminds.members import members as as_members
from manyminds.nodes.channels import MethodOutput, SampledState
from manyminds.nodes.solo import solo
from manyminds.prompts import Prompt
from manyminds.state import Candidate


class SoloOutput(MethodOutput):
    """The answer, the report, and the whole reply."""

    candidates: list[Candidate]


def solo_graph(
    member: Askable,
    *,
    method: str,
    prompt: Prompt,
    values: Mapping[str, str],
    read: Callable[[str], str | None] | None = None,
    options: Mapping[str, Any],
) -> MethodGraph:
    """Build the graph of a method that is one call.

    Args:
        member: who is asked.
        method: name of the method.
        prompt: how to ask.
        values: of the prompt's variables.
        read: from the reply to the answer that is in it; without it the reply is the answer.
        options: see `Options`.
    """
    (solver,) = as_members([member], what="member")
    graph = MethodGraph(
        SampledState,
        method=method,
        members=[solver],
        draws=1,
        supersteps=3,
        output=SoloOutput,
        **options,
    )
    node = solo(
        solver, method=method, prompt=prompt, values=values, read=read, context=graph.settings
    )
    graph.open(solver.name)
    graph.add_node(solver.name, node)
    graph.add_edge(solver.name, "finish")
    graph.close(prompts=[prompt], composed=read is not None)
    return graph
