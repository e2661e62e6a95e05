"""Parts of graphs that several methods share: layers of members, and waves of samples."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from manyminds.limits.quorum import Quorum, layer_deadline
from manyminds.members import Member
from manyminds.method_graph import MethodGraph
from manyminds.nodes.layer import Stop, gate, layer
from manyminds.nodes.node import Route, Update
from manyminds.nodes.sampler import branches, sampler, wave
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.voter import Sampling
from manyminds.state import Candidate

Propose: TypeAlias = Callable[[Any, Ask, Member], Awaitable[Candidate]]
"""How a member answers in a layer: an async function from state, `ask` and member to its reply."""


def layers(
    graph: MethodGraph,
    rows: Sequence[Sequence[Member]],
    propose: Propose,
    *,
    then: str | None,
    first: str = "layer",
    role: str = "proposer",
    quorum: Quorum = 1,
    planned: int = 0,
    reserve: int = 1,
    stop: Stop | None = None,
    **channels: Any,
) -> None:
    """Add `begin`, `layer`, a node for each member, and `gate`, in a state with `LayeredState`.

    Members of a layer answer in parallel. The gate waits for all of them (or for the quorum and the
    grace) and continues to the next layer, or to the step `then`: after the last layer, when `stop`
    says so, or when the budget has no room for another layer.

    Args:
        graph: Graph of the method.
        rows: Members of each layer.
        propose: Async function from state, `ask` and member to the member's reply.
        then: Name of the step that follows the layers. None: the author adds the ways on from
            `gate`, such as to a judge between two layers.
        first: Name of a step before the first layer, which the author adds.
        role: Name under which the report adds up these calls.
        quorum: Good answers that each layer needs: a count, or a share such as "75%".
        planned: Calls of a whole run, for progress displays.
        reserve: Calls of the steps after the layers, which the budget must leave room for.
        stop: Function from the state to the reason to stop after this layer, or None.
        **channels: Channels of the method with their first values.
    """
    graph.open(first, **channels)
    if first != "layer":
        graph.add_edge(first, "layer")
    graph.step("layer", layer(planned=planned), opens=True)
    everyone = {member.name: member for row in rows for member in row}
    for name, member in everyone.items():
        run = _asked(member, rows, propose, quorum)
        graph.step(name, run, role=role, asks=[member], times=len(rows))
        graph.add_edge(name, "gate")
    calls = [len(row) for row in rows]
    graph.step("gate", gate(calls=calls, quorum=quorum, reserve=reserve, stop=stop))
    graph.branch(
        "layer", lambda s: [member.name for member in rows[s["layer"] - 1]], list(everyone)
    )
    if then is None:
        return
    if len(rows) == 1:
        graph.add_edge("gate", then)
    else:
        graph.branch("gate", lambda s: then if s["decision"]["stop"] else "layer", ["layer", then])


def waves(graph: MethodGraph, config: Sampling, *, then: str, **channels: Any) -> None:
    """Add `begin`, `wave` and `sampler`, in a state with `SampledState`.

    `wave` plans as many samples as the stopping rule needs at least, and `sampler` asks for them.
    An edge leads to the step `then`; the author adds the way back to `wave`, if there is one.

    Args:
        graph: Graph of the method.
        config: The sampling.
        then: Name of the step that follows each wave.
        **channels: Channels of the method with their first values.
    """
    graph.open("wave", asked=0, planned=0, **channels)
    graph.add_node("wave", wave(config))
    graph.add_node("sampler", sampler(config))
    graph.asks("sampler", config.members, times=config.draws)
    graph.add_conditional_edges("wave", Route(branches), ["sampler"])
    graph.add_edge("sampler", then)


def _asked(
    member: Member, rows: Sequence[Sequence[Member]], propose: Propose, quorum: Quorum
) -> Run:
    places = [[one.name for one in row].index(member.name) if member in row else -1 for row in rows]

    async def run(state: Any, ask: Ask) -> Update:
        size = len(rows[ask.layer - 1])
        ask.index = places[ask.layer - 1]
        ask.deadline = layer_deadline(ask.run, ask.layer, asked=size, quorum=quorum)
        return {"candidates": [await propose(state, ask, member)]}

    return run
