"""Mixture-of-Agents: layers of proposers that read the layer before, and one aggregator.

Paper: "Mixture-of-Agents Enhances Large Language Model Capabilities", arXiv 2406.04692.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.members import Askable, Member
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.aggregator import aggregator as aggregator_node
from manyminds.nodes.channels import LayeredState, MethodOutput
from manyminds.nodes.chunks import Chunks, chunk_aggregator
from manyminds.nodes.gate import check_quorum, gate
from manyminds.nodes.layer import layer
from manyminds.nodes.node import Route, custom, is_node
from manyminds.nodes.proposer import proposer
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.prompts import Prompt, load
from manyminds.state import Candidate

METHOD = "moa"
PROMPT, CONTINUE = "moa/synthesis@1", "moa/continue@1"
PROPOSER_PARAMS: Mapping[str, Any] = {"temperature": 0.7}


class MoaOutput(MethodOutput):
    """The answer, the report, and the last layer's candidates."""

    candidates: list[Candidate]


@method(
    "moa",
    paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
    calls="proposers * (layers - 1) + 1",
    use="Open answers, several good models: the aggregator writes one answer out of all.",
)
def create_moa(
    proposers: Sequence[Askable] | Sequence[Sequence[Askable]],
    *,
    aggregator: RoleArgument = None,
    layers: int = 3,
    chunk: int | None = None,
    prompt: str | Path | ChatPromptTemplate = PROMPT,
    quorum: float = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a Mixture-of-Agents.

    Use it for open answers where several models each see a part: the aggregator writes one answer
    out of all. Good proposers may be poor aggregators, so choose that one with care.

    Args:
        proposers: who proposes in every layer; or one list for each layer but the last. A Path is a
            file that `manyminds select` wrote, whose members stand in its place.
        aggregator: who writes the answer: a member, a fallback chain of members, or a node of your
            own. Default: the first proposer; the report names it.
        layers: counted with the aggregator's, as in the paper: n proposers make
            n * (layers - 1) + 1 calls. Ignored where proposers are given layer by layer.
        chunk: begin the answer as soon as so many proposers of the last layer have answered, and go
            on with it chunk by chunk: the first token comes as early as the slowest of the first
            chunk (name the quick ones first), for one call of the aggregator a chunk. What has
            been written is corrected in what follows, not taken back. Default: all at once.
        prompt: the synthesis prompt, with the variable `answers`.
        quorum: good answers that each layer needs: a count, or a share if below 1.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if chunk is not None and (chunk < 1 or is_node(aggregator)):
        raise InputError("chunk: give at least 1, and a member as the aggregator")
    *rows, chain = with_roles(_rows(proposers, layers), aggregator)
    check_quorum(quorum, min(len(row) for row in rows))
    synthesis = load(prompt, default=PROMPT, variables={"answers"})
    graph = MethodGraph(
        METHOD,
        [*(member for row in rows for member in row), *chain],
        state=LayeredState,
        output=MoaOutput,
        **options,
    )
    graph.draws = len(rows) + (1 if chunk is None else len(rows[-1]))
    context, prompts = graph.settings, [synthesis]
    if is_node(aggregator):
        node = custom(aggregator, "aggregator", sets=["answer", "final"])
    elif chunk is None:
        node = aggregator_node(
            chain, method=METHOD, prompt=synthesis, params={}, context=context, layers=rows
        )
    else:
        prompts.append(load(CONTINUE))
        params = PROPOSER_PARAMS
        how = Chunks(rows, chain, chunk, synthesis, prompts[1], quorum, params, context)
        node = chunk_aggregator(how, method=METHOD)
    graph.add_node("aggregator", node)
    graph.add_edge("aggregator", "finish")
    _add_layers(graph, rows if chunk is None else rows[:-1], rows, synthesis, quorum)
    graph.close(prompts=prompts, roles={"aggregator": chain})
    return graph


def _add_layers(
    graph: MethodGraph,
    asked: Sequence[Sequence[Member]],
    rows: Sequence[Sequence[Member]],
    synthesis: Prompt,
    quorum: float,
) -> None:
    """Add the proposers that are nodes of their own, and what leads to the aggregator."""
    if not asked:
        graph.open("aggregator")
        return
    everyone = {member.name: member for row in asked for member in row}
    planned = sum(len(row) for row in rows) + 1
    graph.open("layer")
    graph.add_node("layer", layer(METHOD, planned=planned, context=graph.settings))
    for name, member in everyone.items():
        node = proposer(
            member,
            method=METHOD,
            layers=rows,
            prompt=synthesis,
            params=PROPOSER_PARAMS,
            quorum=quorum,
            context=graph.settings,
        )
        graph.add_node(name, node)
        graph.add_edge(name, "gate")
    calls = [len(row) for row in asked]
    graph.add_node("gate", gate(METHOD, calls=calls, quorum=quorum, context=graph.settings))

    def this_layer(state: LayeredState) -> list[str]:
        return [member.name for member in asked[state["layer"] - 1]]

    def after_gate(state: LayeredState) -> str:
        return "aggregator" if state["decision"]["stop"] else "layer"

    graph.add_conditional_edges("layer", Route(this_layer), list(everyone))
    graph.add_conditional_edges("gate", Route(after_gate), ["layer", "aggregator"])


@method(
    "moa-lite",
    paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
    calls="proposers + 1",
    use="Open answers, and moa takes too long or costs too much: one layer of proposers fewer.",
)
def create_moa_lite(
    proposers: Sequence[Askable], *, aggregator: Askable | None = None, **options: Unpack[Options]
) -> MethodGraph:
    """Build the paper's MoA-Lite: one layer of proposers and the aggregator, n + 1 calls.

    Args:
        proposers: who proposes.
        aggregator: who writes the answer. Default: the first proposer.
        options: see `Options`.
    """
    return create_moa(proposers, aggregator=aggregator, layers=2, **options)


@method(
    "self-moa",
    paper="Rethinking Mixture-of-Agents, arXiv 2502.00674",
    calls="samples * (layers - 1) + 1",
    use="Open answers where one model is clearly better than the others you have.",
)
def create_self_moa(
    member: Askable,
    *,
    samples: int = 6,
    aggregator: Askable | None = None,
    layers: int = 2,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build the single-proposer form: one model sampled several times, then aggregated.

    Better than a mixture where one model is clearly the strongest (Self-MoA, arXiv 2502.00674).

    Args:
        member: who is sampled.
        samples: how many answers in each layer.
        aggregator: who writes the answer. Default: the member.
        layers: counted with the aggregator's: samples * (layers - 1) + 1 calls.
        options: see `Options`.
    """
    return create_moa([member] * samples, aggregator=aggregator, layers=layers, **options)


def _rows(
    proposers: Sequence[Askable] | Sequence[Sequence[Askable]], layers: int
) -> Sequence[Sequence[Askable]]:
    if isinstance(proposers, str) or not isinstance(proposers, Sequence):
        raise InputError("proposers: give a list such as ['openai:gpt-4o-mini', 'ollama:llama3.1']")
    if proposers and all(isinstance(row, list | tuple) for row in proposers):
        return cast("Sequence[Sequence[Askable]]", proposers)
    if layers < 2:
        raise InputError(f"layers={layers}: give at least 2, the last of which is the aggregator")
    return [cast("Sequence[Askable]", proposers)] * (layers - 1)
