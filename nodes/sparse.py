"""sparse: gate and aggregator where a judge chooses what is handed on from layer to layer."""

from collections.abc import Sequence

from manyminds.members import Member
from manyminds.nodes.aggregator import most_alike
from manyminds.nodes.chair import LastWord, writer
from manyminds.nodes.channels import usable
from manyminds.nodes.gate import gate
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.panel import METHOD, Panel
from manyminds.prompts import Prompt, numbered
from manyminds.runs.context import RunContext


def sparse_gate(panel: Panel) -> Node:
    """Return the node that closes a layer which a judge is to look at.

    What was kept of the layer before is forgotten, unless the budget ended in the middle of this
    one: then that is what the answer rests on, and it has been judged already.

    Args:
        panel: the panel.
    """
    # Another layer begins with the judge's and the moderator's calls after this one.
    calls = [panel.calls - 1 + panel.judging + panel.moderating] * panel.rounds
    closing = gate(METHOD, calls=calls, quorum=panel.quorum, context=panel.context)

    async def run(state: State) -> Update:
        update = await closing.ainvoke({**state, "kept": []})
        if "candidates" in update:
            return update
        # Failures stay among them: the verdict's scores go along with all candidates.
        return {**update, "previous": state["candidates"], "kept": [], "verdict": None}

    return Node(run, "gate")


def sparse_aggregator(chain: Sequence[Member], panel: Panel, *, prompt: Prompt) -> Node:
    """Return the node that writes the answer out of what was kept.

    Should all fail, the best answer that was kept is taken verbatim, and the run is marked.

    Args:
        chain: the aggregator and who takes over when it fails.
        panel: the panel.
        prompt: the synthesis prompt, with the variable `answers`.
    """

    def draws(state: State, member: Member) -> int:
        return panel.draw(member, "aggregator", state["layer"])

    def values(state: State, _run: RunContext) -> dict[str, str]:
        return {"answers": numbered(candidate["text"] for candidate in usable(state))}

    word = LastWord(
        METHOD, "aggregator", chain, prompt, draws, stream=True, overrules=False,
        context=panel.context,
    )  # fmt: skip
    writing = writer(word, values)

    async def run(state: State) -> Update:
        best = most_alike(usable(state)[:1])
        return {"final": best, **await writing.ainvoke(state)}

    return Node(run, "aggregator")
