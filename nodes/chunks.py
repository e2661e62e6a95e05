"""chunks: writes the answer while proposers are at work, a chunk of their answers at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from manyminds.calls.ask import ask, end
from manyminds.limits.quorum import Quorum, layer_deadline
from manyminds.members import Member
from manyminds.nodes.aggregator import most_alike
from manyminds.nodes.channels import usable
from manyminds.nodes.fallback import first_answer
from manyminds.nodes.gate import require
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, escaped, numbered
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate, TokenUsage

_BREAK = "\n\n"


@dataclass(frozen=True)
class Chunks:
    """How the last layer of proposers and the aggregator work side by side.

    Attributes:
        layers: the proposers of each layer; those of the last one are asked here.
        chain: the aggregator, and who takes over when it fails.
        size: proposers in a chunk, in the order in which they were given.
        synthesis: how proposers after the first layer, and the first part, are asked: `answers`.
        following: how later parts are asked: `answers` and what is `written` so far.
        quorum: good answers that the layer needs: a count, or a share such as "75%".
        params: sampling defaults of the proposers.
        context: the builder's settings.
    """

    layers: Sequence[Sequence[Member]]
    chain: Sequence[Member]
    size: int
    synthesis: Prompt
    following: Prompt
    quorum: Quorum
    params: Mapping[str, Any]
    context: Context

    @property
    def parts(self) -> int:
        """Calls of the aggregator where nothing fails."""
        return -(-len(self.layers[-1]) // self.size)

    def before(self, member: Member) -> int:
        """Return in how many of the layers the member proposes."""
        return sum(member in row for row in self.layers)


def chunk_aggregator(how: Chunks, *, method: str) -> Node:
    """Return the node of the last layer and the aggregator.

    All proposers of the layer are asked at once. As soon as the first chunk of them has answered,
    the first part of the answer is written from these, and streamed; each further chunk brings one
    more part, which goes on from what is written. A prompt depends on the order in which the
    members were given, never on who was quick: name the quick ones first.

    Raises:
        QuorumError: while running, if too few answered.
    """

    async def run(state: State) -> Update:
        ctx, row = RunContext.of(state, method, how.context), how.layers[-1]
        references = usable(state)
        if state["layer"] == 0:
            ctx.emit("planned", calls=len(row) + how.parts)
        ctx.emit("layer", layer=len(how.layers))
        spent = ctx.exhausted(len(row) + 1) if references else None
        if spent is not None:
            return await _cut_short(how, references, state, ctx, spent)
        asked = [
            asyncio.ensure_future(_propose(how, member, nth, state, references, ctx))
            for nth, member in enumerate(row)
        ]
        written, tried = list[Candidate](), list[Candidate]()
        got = list[Candidate]()
        try:
            for start in range(0, len(row), how.size):
                got += await asyncio.gather(*asked[start : start + how.size])
                new = [c for c in got[start:] if c["status"] == "ok"]
                if start + how.size >= len(row):
                    require(got, how.quorum)
                if new:
                    tried += await _part(how, got, written, state, ctx)
                    written += [tried[-1]] if tried[-1]["status"] == "ok" else []
        except BaseException:
            await end(asked)
            raise
        update: Update = {"candidates": got, "spent": spent_on([*got, *tried])}
        return {**update, **_joined(got, written, tried), "layer": len(how.layers)}

    return Node(run, "aggregator")


async def _cut_short(
    how: Chunks, references: Sequence[Candidate], state: State, ctx: RunContext, spent: str
) -> Update:
    """Answer from the layer before, because the budget has no room for the last one."""
    tried = await _part(how, references, [], state, ctx)
    update = _joined(references, [one for one in tried if one["status"] == "ok"], tried)
    note = f"{spent} before the last layer: the answer rests on layer {state['layer']}"
    return {**update, "spent": spent_on(tried), "notes": [note, *update["notes"]]}


async def _propose(
    how: Chunks,
    member: Member,
    nth: int,
    state: State,
    references: Sequence[Candidate],
    ctx: RunContext,
) -> Candidate:
    messages = addressed(state["messages"], member)
    if references:
        answers = numbered(candidate["text"] for candidate in references)
        messages = how.synthesis.render(messages, answers=answers)
    return await ask(
        member,
        messages,
        ctx,
        role="proposer",
        index=nth,
        draw=how.before(member) - 1,
        layer=len(how.layers),
        params=how.params,
        deadline=layer_deadline(ctx, len(how.layers), asked=len(how.layers[-1]), quorum=how.quorum),
    )


async def _part(
    how: Chunks,
    got: Sequence[Candidate],
    written: Sequence[Candidate],
    state: State,
    ctx: RunContext,
) -> list[Candidate]:
    answers = numbered(c["text"] for c in got if c["status"] == "ok")
    prompt = how.following if written else how.synthesis
    values = {"answers": answers}
    if written:
        values["written"] = escaped(_text(written))
    done = len(written)
    part, replies = await first_answer(
        how.chain,
        lambda member: prompt.render(addressed(state["messages"], member), **values),
        ctx,
        role="aggregator",
        layer=len(how.layers) + 1 + done,
        draw=lambda member: how.before(member) + done,
        stream=True,
    )
    if written and part is not None:
        ctx.emit("continued", message_id=written[0]["message_id"], by=part["message_id"])
    return replies


def _text(parts: Sequence[Candidate]) -> str:
    return _BREAK.join(part["text"] for part in parts)


def _joined(
    got: Sequence[Candidate], written: Sequence[Candidate], tried: Sequence[Candidate]
) -> Update:
    """Return the answer: all parts under the id of the first, which a stream has shown."""
    if not written:
        note = "no aggregator answered: the answer is one member's own, verbatim"
        return {"final": most_alike([c for c in got if c["status"] == "ok"]), "notes": [note]}
    usage = TokenUsage(
        input_tokens=sum(part["usage"]["input_tokens"] for part in written),
        output_tokens=sum(part["usage"]["output_tokens"] for part in written),
    )
    whole: Candidate = {**written[0], "text": _text(written), "usage": usage}
    if len(written) > 1:
        whole.pop("content", None)
    lost = len(tried) - len(written)
    notes = [f"the aggregator failed {lost} times while it wrote the answer"] if lost else []
    return {"final": whole, "notes": notes}
