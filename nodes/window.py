"""window: aggregates many answers a few at a time, each time with what it has made so far."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from manyminds.limits.quorum import Quorum
from manyminds.members import Member
from manyminds.nodes.aggregator import most_alike
from manyminds.nodes.fallback import first_answer
from manyminds.nodes.gate import require
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate


def passes(samples: int, window: int, reserved: int) -> int:
    """Return how many windows so many samples take."""
    return 1 + ceil(max(0, samples - window) / (window - reserved))


def window_aggregator(
    chain: Sequence[Member],
    *,
    method: str,
    prompt: Prompt,
    window: int,
    reserved: int,
    sampled: Mapping[str, int],
    quorum: Quorum,
    params: Mapping[str, Any],
    context: Context,
) -> Node:
    """Return the sequential aggregator's node (Self-MoA-Seq, arXiv 2502.00674).

    The first pass reads `window` samples. Every later one reads the synthesis so far, repeated in
    the reserved slots so that it weighs as much as several samples, and new samples in the others.
    A pass that fails ends the run with the synthesis so far, marked.

    Args:
        chain: the aggregator and who takes over when it fails.
        method: name of the method.
        prompt: the synthesis prompt, with the variable `answers`.
        window: answers that a prompt holds at most.
        reserved: of these, slots for the synthesis so far.
        sampled: how often each member is sampled before.
        quorum: good samples needed: a count, or a share such as "75%".
        params: sampling defaults of the role.
        context: the builder's settings.

    Raises:
        QuorumError: while running, if too few samples are good.
    """

    async def run(state: State) -> Update:
        require(state["candidates"], quorum)
        good: list[Candidate] = [c for c in state["candidates"] if c["status"] == "ok"]
        so_far: Candidate | None = state["synthesis"]
        done, read = state["passes"], state["merged"]
        room = window if so_far is None else window - reserved
        new = good[read : read + room]
        texts = [] if so_far is None else [so_far["text"]] * reserved
        answers = numbered([*texts, *(candidate["text"] for candidate in new)])
        last = read + len(new) >= len(good)
        made, tried = await first_answer(
            chain,
            lambda member: prompt.render(addressed(state["messages"], member), answers=answers),
            RunContext.of(state, method, context),
            role="aggregator",
            layer=state["layer"] + 1,
            draw=lambda member: sampled.get(member.name, 0) + done,
            params=params,
            stream=last,
        )
        update: Update = {"spent": spent_on(tried), "layer": state["layer"] + 1}
        if made is None:
            note = f"the aggregator failed after {read} of {len(good)} samples"
            return {**update, "final": so_far or most_alike(good), "notes": [note]}
        return {
            **update,
            "passes": done + 1,
            "merged": read + len(new),
            "synthesis": made,
            "final": made if last else None,
            "notes": [f"{made['member']} aggregated after another failed"] if tried[1:] else [],
        }

    return Node(run, "aggregator")
