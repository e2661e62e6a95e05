"""Mixture-of-Agents: layers of proposers that read the layer before, and one aggregator.

Paper: "Mixture-of-Agents Enhances Large Language Model Capabilities", arXiv 2406.04692.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain as flattened
from typing import Any, cast

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Propose,
    Quorum,
    RoleArgument,
    Several,
    Unpack,
    Update,
    check_quorum,
    escaped,
    is_node,
    method,
    ok,
    require,
    usable,
    with_roles,
)
from manyminds.authoring import layers as add_layers
from manyminds.calls.ask import end
from manyminds.limits.quorum import layer_deadline
from manyminds.nodes.aggregator import aggregator as aggregator_node
from manyminds.nodes.tally import most_alike
from manyminds.presets import Preset, PresetReport, panel_and_writer, preset_report
from manyminds.runs.context import RunContext
from manyminds.state import TokenUsage

PROMPT, CONTINUE = "moa/synthesis@1", "moa/continue@1"
PROPOSER_PARAMS: Mapping[str, Any] = {"temperature": 0.7}
_CONTINUED = ("answers", "written")


class MoaState(LayeredState, total=False):
    """Channels of a Mixture-of-Agents."""

    preset: PresetReport | None


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
    layers: Several = 3,
    chunk: Count | None = None,
    prompt: PromptLike = PROMPT,
    quorum: Quorum = 1,
    preset: Preset | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a Mixture-of-Agents.

    Use it for open answers where several models each see a part: the aggregator writes one answer
    out of all. Good proposers may be poor aggregators, so choose that one with care.

    Args:
        proposers: Members that propose in every layer; or a list of them for each layer but the
            last. A Path is a file that `manyminds select` wrote: its members take its place.
        aggregator: Model that writes the answer: a member, a fallback chain of members, or a custom
            node. Default: the first proposer; the report names it.
        layers: Number of layers, the aggregator's included, as in the paper: n proposers make
            n * (layers - 1) + 1 calls. Ignored where proposers are given layer by layer.
        chunk: Number of proposers of the last layer after whose answers the aggregator begins to
            write. It continues after each further chunk, so the first token comes as early as the
            slowest of the first chunk (name the quick ones first), for one call of the aggregator
            a chunk. Later parts correct what earlier ones say. Default: all at once.
        prompt: Prompt of the synthesis, with the variable `answers`.
        quorum: Good answers that each layer needs: a count, or a share such as "75%".
        preset: Proposers and aggregator from the members' prices, which must be known. "quality":
            all members propose, and the most expensive one aggregates; "balanced": the cheaper
            half, at least two, and the most expensive one of all; "budget": the cheaper half only.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    said: PresetReport | None = None
    if preset is not None:
        chosen, best = panel_and_writer(list(flattened.from_iterable(_rows(proposers, 2))), preset)
        proposers, aggregator = chosen, aggregator or best
        said = preset_report(preset, chosen, {"aggregator": best})
    if chunk is not None and is_node(aggregator):
        raise InputError("chunk: give a member as the aggregator; a custom node writes in one go")
    *rows, chain = with_roles(_rows(proposers, layers), aggregator)
    check_quorum(quorum, min(len(row) for row in rows))
    everyone = [*(member for row in rows for member in row), *chain]
    graph = MethodGraph("moa", everyone, state=MoaState, output=CandidatesOutput, **options)
    synthesis = graph.prompt(prompt, variables={"answers"})

    async def propose(state: LayeredState, ask: Ask, member: Member) -> Candidate:
        question = synthesis.fill(answers=usable(state)) if ask.layer > 1 else None
        return await ask(member, question, params=PROPOSER_PARAMS)

    asked = rows
    write = aggregator_node(chain, lambda state: synthesis.fill(answers=usable(state)))
    if chunk is not None:
        asked = rows[:-1]
        following = graph.prompt(CONTINUE, variables=_CONTINUED)
        write = Chunks(rows[-1], len(rows), chain, chunk, propose, synthesis, following, quorum).run
    graph.role("aggregator", chain, write, given=aggregator, sets=["answer", "final"])
    if chunk is not None:
        graph.asks("aggregator", rows[-1], role="proposer")
    planned = sum(len(row) for row in rows) + 1
    if asked:
        more: dict[str, Any] = {"quorum": quorum, "planned": planned, "preset": said}
        add_layers(graph, asked, propose, then="aggregator", **more)
    else:
        graph.open("aggregator", preset=said)
    return graph.close(after="aggregator", keys=["preset"] if said else [])


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
        proposers: Members that propose.
        aggregator: Model that writes the answer. Default: the first proposer.
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
    samples: Count = 6,
    aggregator: Askable | None = None,
    layers: Several = 2,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build the single-proposer form: one model sampled several times, then aggregated.

    Better than a mixture where one model is clearly the strongest (Self-MoA, arXiv 2502.00674).

    Args:
        member: Member to sample.
        samples: Number of answers in each layer.
        aggregator: Model that writes the answer. Default: the member.
        layers: Number of layers, the aggregator's included: samples * (layers - 1) + 1 calls.
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
    return [cast("Sequence[Askable]", proposers)] * (layers - 1)


@dataclass(frozen=True)
class Chunks:
    """The last layer of proposers and the aggregator, side by side.

    All proposers of the layer are asked at once. As soon as the first chunk of them has answered,
    the first part of the answer is written from these, and streamed; each further chunk brings one
    more part, which continues from what is written. A prompt depends on the order in which the
    members were given, never on which was quick: name the quick ones first.

    Attributes:
        row: Proposers of the last layer.
        layer: Number of that layer, from 1.
        chain: Aggregator, then the members that take over.
        size: Proposers in a chunk, in the order in which they were given.
        propose: Function from state, `ask` and member to the member's answer.
        synthesis: Prompt of the first part, with the variable `answers`.
        following: Prompt of later parts, with `answers` and what is `written` so far.
        quorum: Good answers that the layer needs: a count, or a share such as "75%".
    """

    row: Sequence[Member]
    layer: int
    chain: Sequence[Member]
    size: int
    propose: Propose
    synthesis: Prompt
    following: Prompt
    quorum: Quorum

    async def run(self, state: LayeredState, ask: Ask) -> Update:
        """Ask the proposers, and write as they answer.

        Raises:
            QuorumError: Too few proposers answered.
        """
        references = usable(state)
        if ask.layer == 0:
            ask.run.emit("planned", calls=len(self.row) - (-len(self.row) // self.size))
        ask.run.emit("layer", layer=self.layer)
        spent = ask.run.exhausted(len(self.row) + 1) if references else None
        if spent is not None:
            parts = [await self._part(ask, references, [])]
            note = f"{spent} before the last layer: the answer rests on layer {ask.layer}"
            return await _joined(ask.run, references, parts, [note])
        asked = [
            asyncio.ensure_future(self._propose(state, ask, nth)) for nth in range(len(self.row))
        ]
        parts, got = list[Candidate | None](), list[Candidate]()
        try:
            for start in range(0, len(self.row), self.size):
                got += await asyncio.gather(*asked[start : start + self.size])
                if start + self.size >= len(self.row):
                    require(got, self.quorum)
                if any(ok(candidate) for candidate in got[start:]):
                    parts.append(await self._part(ask, got, parts))
        except BaseException:
            await end(asked)
            raise
        return {"candidates": got, **await _joined(ask.run, got, parts, []), "layer": self.layer}

    async def _propose(self, state: LayeredState, ask: Ask, nth: int) -> Candidate:
        size, quorum = len(self.row), self.quorum
        deadline = layer_deadline(ask.run, self.layer, asked=size, quorum=quorum)
        proposer = ask.playing("proposer", layer=self.layer, deadline=deadline)
        proposer.index = nth
        return await self.propose(state, proposer, self.row[nth])

    async def _part(
        self, ask: Ask, got: Sequence[Candidate], parts: Sequence[Candidate | None]
    ) -> Candidate | None:
        """Write the next part, from all answers so far; None if no member could."""
        answers = [candidate for candidate in got if ok(candidate)]
        written = [part for part in parts if part is not None]
        prompt = self.synthesis.fill(answers=answers)
        if written:
            prompt = self.following.fill(answers=answers, written=escaped(_text(written)))
        layer = self.layer + 1 + len(written)
        part = (await ask.writer(self.chain, prompt, layer=layer, stream=True)).reply
        if written and part is not None:
            first, by = written[0]["message_id"], part["message_id"]
            ask.run.emit("continued", message_id=first, by=by)
        return part


def _text(parts: Sequence[Candidate]) -> str:
    return "\n\n".join(part["text"] for part in parts)


async def _joined(
    ctx: RunContext,
    got: Sequence[Candidate],
    parts: Sequence[Candidate | None],
    notes: Sequence[str],
) -> Update:
    """Return the answer: all parts under the id of the first, which a stream has shown."""
    written = [part for part in parts if part is not None]
    if not written:
        note = "no aggregator answered: the answer is one member's own, verbatim"
        final, capped = await most_alike(ctx, [c for c in got if ok(c)])
        return {"final": final, "notes": [*notes, note, *capped]}
    usage = TokenUsage(
        input_tokens=sum(part["usage"]["input_tokens"] for part in written),
        output_tokens=sum(part["usage"]["output_tokens"] for part in written),
    )
    whole: Candidate = {**written[0], "text": _text(written), "usage": usage}
    if len(written) > 1:
        whole.pop("content", None)
    lost = len(parts) - len(written)
    failed = [f"the aggregator failed {lost} times while it wrote the answer"] if lost else []
    return {"final": whole, "notes": [*notes, *failed]}
