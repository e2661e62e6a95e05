"""LLM ranker: everyone answers, and one member picks the answer that is passed on.

The baseline of "Mixture-of-Agents Enhances Large Language Model Capabilities", arXiv 2406.04692.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.authoring import method
from manyminds.members import Askable, listed
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.channels import LayeredState, MethodOutput
from manyminds.nodes.gate import check_quorum, gate
from manyminds.nodes.layer import layer
from manyminds.nodes.node import Route, custom, is_node
from manyminds.nodes.proposer import proposer
from manyminds.nodes.ranker import ranker as ranker_node
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.prompts import load
from manyminds.state import Candidate

METHOD = "ranker"
PROMPT = "ranker/pick@1"
PARAMS: Mapping[str, Any] = {"temperature": 0.7}


class RankerOutput(MethodOutput):
    """The answer, the report, and all answers that could be picked."""

    candidates: list[Candidate]


@method(
    "ranker",
    paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
    calls="members + 1",
    use="One member's own answer is wanted, word for word: the baseline that moa has to beat.",
)
def create_ranker(
    members: Askable | Sequence[Askable],
    *,
    ranker: RoleArgument = None,
    prompt: str | Path | ChatPromptTemplate = PROMPT,
    quorum: float = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build the LLM ranker: n answers, and one pick among them.

    Use it where an answer must be one member's own, word for word, and as the baseline that a
    Mixture-of-Agents has to beat: what it gains over this is the synthesis.

    Args:
        members: who answers, each once.
        ranker: who picks: a member, a fallback chain of members, or a node of your own that sets
            `final` to one of `candidates`. Default: the first member; the report names it.
        prompt: how to pick, with the variable `answers`.
        quorum: good answers needed: a count, or a share if below 1.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"};
        n + 1 calls.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    everyone, chain = with_roles([listed(members)], ranker)
    check_quorum(quorum, len(everyone))
    picking = load(prompt, default=PROMPT, variables={"answers"})
    graph = MethodGraph(
        METHOD,
        [*everyone, *chain],
        state=LayeredState,
        output=RankerOutput,
        **options,
    )
    graph.draws = 3
    context = graph.settings
    graph.open("layer")
    graph.add_node("layer", layer(METHOD, planned=len(everyone) + 1, context=context))
    for member in everyone:
        node = proposer(
            member,
            method=METHOD,
            layers=[everyone],
            prompt=picking,
            params=PARAMS,
            quorum=quorum,
            context=context,
        )
        graph.add_node(member.name, node)
        graph.add_edge(member.name, "gate")
    graph.add_node("gate", gate(METHOD, calls=[len(everyone)], quorum=quorum, context=context))
    graph.add_node(
        "ranker",
        custom(ranker, "ranker")
        if is_node(ranker)
        else ranker_node(chain, method=METHOD, prompt=picking, proposers=everyone, context=context),
    )
    names = [member.name for member in everyone]

    def all_members(_state: LayeredState) -> list[str]:
        return names

    graph.add_conditional_edges("layer", Route(all_members), names)
    graph.add_edge("gate", "ranker")
    graph.add_edge("ranker", "finish")
    graph.close(prompts=[picking], roles={"ranker": chain})
    return graph
