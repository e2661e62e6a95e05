"""Self-MoA-Seq: sample one model many times, aggregate the samples a window at a time.

Paper: "Rethinking Mixture-of-Agents", arXiv 2502.00674.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.graphs.moa import PROMPT, PROPOSER_PARAMS
from manyminds.limits.quorum import Quorum, check_quorum
from manyminds.members import Askable, Member
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.channels import MethodOutput, SampledState
from manyminds.nodes.finish import unless_done
from manyminds.nodes.node import Route, custom, is_node
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.nodes.sampler import Sampling, branches, sampler, wave
from manyminds.nodes.window import passes, window_aggregator
from manyminds.prompts import load
from manyminds.reading.answers import extractor
from manyminds.settings import Context
from manyminds.state import Candidate
from manyminds.votes import stopping

METHOD = "self-moa-seq"
PARAMS: Mapping[str, Any] = {"temperature": 0.0}


class SeqState(SampledState, total=False):
    """Channels of sequential aggregation: how many samples were merged, and into what."""

    asked: int
    planned: int
    passes: int
    merged: int
    synthesis: Candidate | None


class SeqOutput(MethodOutput):
    """The answer, the report, and all samples."""

    candidates: list[Candidate]


@method(
    "self-moa-seq",
    paper="Rethinking Mixture-of-Agents, arXiv 2502.00674",
    calls="samples + 1 + ceil((samples - window) / (window - reserved))",
    use="One model is clearly the best, and there are more samples than one prompt can hold.",
)
def create_self_moa_seq(
    member: Askable,
    *,
    samples: int = 30,
    window: int = 6,
    reserved: int = 3,
    aggregator: RoleArgument = None,
    prompt: str | Path | ChatPromptTemplate = PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build Self-MoA-Seq: many samples of one model, merged a window at a time.

    Use it where one model is clearly the best and there are more samples than one prompt can
    hold: no prompt has more than `window` answers, and the result is as good as that of reading all
    of them at once.

    Args:
        member: who is sampled.
        samples: how many.
        window: answers in one prompt of the aggregator.
        reserved: of these, how many slots repeat the synthesis so far.
        aggregator: who merges, at temperature 0: a member, a fallback chain of members, or a node
            of your own that sets `answer` from all of `candidates`. Default: the member.
        prompt: the synthesis prompt, with the variable `answers`.
        quorum: good samples needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"};
        samples + 1 + (samples - window) / (window - reserved) calls, rounded up.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if samples < 1 or not 1 <= reserved < window:
        raise InputError(
            f"samples={samples}, window={window}, reserved={reserved}: give at least 1 sample, and "
            "a window with more slots than are reserved, of which there is at least 1"
        )
    check_quorum(quorum, samples)
    (one,), chain = with_roles([[member]], aggregator)
    synthesis = load(prompt, default=PROMPT, variables={"answers"})
    merging = 1 if is_node(aggregator) else passes(samples, window, reserved)
    graph = MethodGraph(
        METHOD,
        [one, *chain],
        state=SeqState,
        output=SeqOutput,
        **options,
    )
    graph.draws = samples + merging
    how = _sampling(one, samples, quorum, graph.settings)
    graph.open("wave", asked=0, planned=0, passes=0, merged=0, synthesis=None)
    graph.add_node("wave", wave(how))
    graph.add_node("sampler", sampler(how))
    graph.add_conditional_edges("wave", Route(branches), ["sampler"])
    graph.add_edge("sampler", "aggregator")
    graph.label("sampler", [one.name])
    if is_node(aggregator):
        graph.add_node("aggregator", custom(aggregator, "aggregator", sets=["answer", "final"]))
        graph.add_edge("aggregator", "finish")
    else:
        merger = window_aggregator(
            chain,
            method=METHOD,
            prompt=synthesis,
            window=window,
            reserved=reserved,
            sampled={one.name: samples},
            quorum=quorum,
            params=PARAMS,
            context=graph.settings,
        )
        graph.add_node("aggregator", merger)
        graph.add_conditional_edges(
            "aggregator", unless_done("aggregator"), ["aggregator", "finish"]
        )
    graph.close(prompts=[synthesis], roles={"aggregator": chain}, keys=["passes", "merged"])
    return graph


def _sampling(member: Member, samples: int, quorum: Quorum, context: Context) -> Sampling:
    return Sampling(
        members=[member],
        method=METHOD,
        prompt=None,
        extract=extractor("text"),
        flags=None,
        rule=stopping.fixed(samples),
        most=samples,
        until=None,
        quorum=quorum,
        params=PROPOSER_PARAMS,
        context=context,
    )
