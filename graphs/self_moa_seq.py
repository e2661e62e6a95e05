"""Self-MoA-Seq: sample one model many times, aggregate the samples a window at a time.

Paper: "Rethinking Mixture-of-Agents", arXiv 2502.00674.
"""

from collections.abc import Sequence
from math import ceil

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    FilledPrompt,
    InputError,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    RoleArgument,
    Run,
    SampledState,
    Several,
    State,
    Unpack,
    Update,
    check_quorum,
    method,
    require,
    waves,
    with_roles,
)
from manyminds.graphs.moa import PROMPT, PROPOSER_PARAMS
from manyminds.nodes.overflow import fitting
from manyminds.nodes.role_call import VERDICT_PARAMS
from manyminds.nodes.tally import most_alike
from manyminds.nodes.voter import Sampling
from manyminds.reading.answers import extractor
from manyminds.settings import Context
from manyminds.votes import stopping

METHOD = "self-moa-seq"


class SeqState(SampledState, total=False):
    """Channels of sequential aggregation: how many samples were merged, and into what."""

    asked: int
    planned: int
    passes: int
    merged: int
    synthesis: Candidate | None


@method(
    "self-moa-seq",
    paper="Rethinking Mixture-of-Agents, arXiv 2502.00674",
    calls="samples + 1 + ceil((samples - window) / (window - reserved))",
    use="One model is clearly the best, and there are more samples than one prompt can hold.",
)
def create_self_moa_seq(
    member: Askable,
    *,
    samples: Count = 30,
    window: Several = 6,
    reserved: Count = 3,
    aggregator: RoleArgument = None,
    prompt: PromptLike = PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build Self-MoA-Seq: many samples of one model, merged a window at a time.

    Use it where one model is clearly the best and there are more samples than one prompt can
    hold: no prompt has more than `window` answers, and the result is as good as that of reading all
    of them at once.

    Args:
        member: Member to sample.
        samples: Number of samples.
        window: Number of answers in one prompt of the aggregator.
        reserved: Number of these that repeat the synthesis so far.
        aggregator: Model that merges, at temperature 0: a member, a fallback chain of members, or a
            custom node that sets `answer` from all of `candidates`. Default: the member.
        prompt: Prompt of the synthesis, with the variable `answers`.
        quorum: Good samples needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"};
        samples + 1 + (samples - window) / (window - reserved) calls, rounded up.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    if reserved >= window:
        raise InputError(f"window={window}: give more than the {reserved} that are reserved")
    check_quorum(quorum, samples)
    (one,), chain = with_roles([[member]], aggregator)
    graph = MethodGraph(METHOD, [one, *chain], state=SeqState, output=CandidatesOutput, **options)
    synthesis = graph.prompt(prompt, PROMPT, variables={"answers"})
    config = _sampling(one, samples, quorum, graph.settings)
    waves(graph, config, then="aggregator", passes=0, merged=0, synthesis=None)
    merge = merger(chain, synthesis, window=window, reserved=reserved, quorum=quorum)
    graph.role("aggregator", chain, merge, given=aggregator, sets=["answer", "final"])
    if chain:  # its draws are numbered after the samples
        graph.asks("aggregator", chain, role="sampler", times=passes(samples, window, reserved))
        graph.unless_done("aggregator", "aggregator")
    return graph.close(after=None if chain else "aggregator", keys=["passes", "merged"])


def passes(samples: int, window: int, reserved: int) -> int:
    """Return the number of windows that the samples take."""
    return 1 + ceil(max(0, samples - window) / (window - reserved))


def merger(
    chain: Sequence[Member], prompt: Prompt, *, window: int, reserved: int, quorum: Quorum
) -> Run:
    """Return the step that merges one window of samples into the synthesis so far.

    The first pass reads `window` samples. Every later one reads the synthesis so far, repeated in
    the reserved slots so that it weighs as much as several samples, and new samples in the others.
    A pass that fails ends the run with the synthesis so far, marked.

    Args:
        chain: Member that merges, then those that take over.
        prompt: Synthesis prompt, with the variable `answers`.
        window: Answers in one prompt.
        reserved: Slots of these for the synthesis so far.
        quorum: Good samples needed: a count, or a share such as "75%".
    """

    async def run(state: State, ask: Ask) -> Update:
        samples: list[Candidate] = state["candidates"]
        require(samples, quorum)
        usable = [sample for sample in samples if sample["status"] == "ok"]
        so_far: Candidate | None = state["synthesis"]
        done, read = state["passes"], state["merged"]
        repeated = [] if so_far is None else [so_far] * reserved
        new = usable[read : read + window - len(repeated)]
        last = read + len(new) >= len(usable)

        def fill(shown: State) -> FilledPrompt:
            return prompt.fill(answers=[*repeated, *shown["candidates"]])

        shown, fitted = await fitting({**state, "candidates": new}, ask, chain[0], fill)
        reply = await ask.writer(
            chain,
            fill(shown),
            layer=ask.layer + 1,
            draw=len(samples) + done,
            params=VERDICT_PARAMS,
            stream=last,
        )
        update: Update = {"layer": ask.layer + 1}
        if reply.reply is None:
            note = f"the aggregator failed after {read} of {len(usable)} samples ({reply.why})"
            if so_far is not None:
                return {**update, "final": so_far, "notes": [note]}
            final, capped = await most_alike(ask.run, usable)
            return {**update, "final": final, "notes": [note, *capped]}
        return {
            **update,
            "passes": done + 1,
            "merged": read + len(new),
            "synthesis": reply.reply,
            "final": reply.reply if last else None,
            "notes": [*fitted, *reply.notes("aggregator", "")],
        }

    return run


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
