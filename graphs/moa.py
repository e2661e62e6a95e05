"""Mixture-of-Agents: layers of proposers that read the layer before, and one aggregator.

Paper: "Mixture-of-Agents Enhances Large Language Model Capabilities", arXiv 2406.04692.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    PromptLike,
    Quorum,
    RoleArgument,
    Unpack,
    check_quorum,
    is_node,
    method,
    usable,
    with_roles,
)
from manyminds.authoring import layers as add_layers
from manyminds.nodes.aggregator import aggregator as aggregator_node
from manyminds.nodes.chunks import Chunks, chunk_aggregator

PROMPT, CONTINUE = "moa/synthesis@1", "moa/continue@1"
PROPOSER_PARAMS: Mapping[str, Any] = {"temperature": 0.7}
_CONTINUED = ("answers", "written")


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
    prompt: PromptLike = PROMPT,
    quorum: Quorum = 1,
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
        quorum: good answers that each layer needs: a count, or a share such as "75%".
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
    everyone = [*(member for row in rows for member in row), *chain]
    graph = MethodGraph("moa", everyone, state=LayeredState, output=CandidatesOutput, **options)
    synthesis = graph.prompt(prompt, variables={"answers"})

    async def propose(state: LayeredState, ask: Ask, member: Member) -> Candidate:
        question = synthesis.fill(answers=usable(state)) if ask.layer > 1 else None
        return await ask(member, question, params=PROPOSER_PARAMS)

    context = graph.settings
    if chunk is None:
        asked, node = (
            rows,
            aggregator_node(
                chain, method="moa", prompt=synthesis, params={}, context=context, layers=rows
            ),
        )
    else:
        following, params = graph.prompt(CONTINUE, variables=_CONTINUED), PROPOSER_PARAMS
        how = Chunks(rows, chain, chunk, synthesis, following, quorum, params, context)
        asked, node = rows[:-1], chunk_aggregator(how, method="moa")
    own = aggregator if is_node(aggregator) else None
    graph.role("aggregator", chain, node, custom_node=own, sets=["answer", "final"])
    planned = sum(len(row) for row in rows) + 1
    if asked:
        add_layers(graph, asked, propose, then="aggregator", quorum=quorum, planned=planned)
    else:
        graph.open("aggregator")
    return graph.close(after="aggregator")


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
    if isinstance(proposers, str) or not isinstance(proposers, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError("proposers: give a list such as ['openai:gpt-4o-mini', 'ollama:llama3.1']")
    if proposers and all(isinstance(row, list | tuple) for row in proposers):
        return cast("Sequence[Sequence[Askable]]", proposers)
    if layers < 2:
        raise InputError(f"layers={layers}: give at least 2, the last of which is the aggregator")
    return [cast("Sequence[Askable]", proposers)] * (layers - 1)
