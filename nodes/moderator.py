"""moderator: after a layer, says whether another one is worth its cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from manyminds.members import Member
from manyminds.nodes.channels import Decision, usable
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.panel import METHOD, Agreement, Panel
from manyminds.nodes.persona import addressed
from manyminds.nodes.reply_schema import object_schema
from manyminds.nodes.role_call import ask_role
from manyminds.prompts import Prompt, numbered
from manyminds.reading.answers import Extractor
from manyminds.reading.verdicts import StopVote, read_stop
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.state import Candidate
from manyminds.votes.votes import labels

ROLE = "moderator"
GO_ON = "no decision could be read: another layer follows"
STOP_FIELDS: dict[str, object] = {"stop": {"type": "boolean"}, "reason": {"type": "string"}}


def moderator(chain: Sequence[Member], panel: Panel, *, prompt: Prompt) -> Node:
    """Return the moderator's node (Sparse Mixture-of-Agents, arXiv 2411.03284).

    It sets `decision`. The moderator reads the answers that were kept, the judge's scores of them,
    how far all answers of the layer agree, and how many layers there were and may be. A reply that
    cannot be read is asked for once more, then of the next in the chain; without any the panel goes
    on, and the run is marked as degraded.

    Args:
        chain: the moderator and who takes over when it fails.
        panel: the panel.
        prompt: with the variables `agreement`, `answers`, `layer`, `layers` and `scores`.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, panel.context)
        layer, figure = state["layer"], panel.agreement(_good(state))
        spent = ctx.exhausted(1 + panel.calls)
        if spent is not None:
            stop = Decision(stop=True, reason=spent, source="rule", agreement=figure)
            return {"decision": stop, "notes": [f"{spent} after layer {layer} of {panel.rounds}"]}
        kept = usable(state)
        values = {
            **standing(layer, panel.rounds, figure),
            "answers": numbered(candidate["text"] for candidate in kept),
            "scores": ", ".join(_scores(state, kept)),
        }

        def messages(member: Member) -> list[BaseMessage]:
            return prompt.render(addressed(state["messages"], member), **values)

        reply = await ask_role(
            chain,
            messages,
            ctx,
            parse=read_stop,
            schema=object_schema("decision", STOP_FIELDS),
            role=ROLE,
            layer=layer,
            draw=lambda member: panel.draw(member, ROLE, layer),
        )
        return {
            "decision": decided(reply.value, reply.source, figure),
            "spent": spent_on(reply.asked),
            "notes": reply.notes(ROLE, "another layer followed"),
        }

    return Node(run, ROLE)


def threshold(share: float, agreement: Agreement) -> Node:
    """Return a moderator's node that asks nobody: it stops where the answers agree enough.

    Args:
        share: the agreement that is enough, from 0 to 1.
        agreement: how far the answers of a layer agree.
    """

    async def run(state: State) -> Update:
        figure = agreement(_good(state))
        stop = figure is not None and figure >= share - 1e-9
        reason = f"agreement {_shown(figure)}, and {share:g} is enough"
        return {"decision": Decision(stop=stop, reason=reason, source="rule", agreement=figure)}

    return Node(run, ROLE)


def agreement_of(extract: Extractor) -> Agreement:
    """Return how far the answers of a layer agree, from 0 to 1; None where there are fewer than 2.

    Where half of them or more state an answer that can be read, it is the share of all behind the
    answer that most of them state. Else it is the mean likeness of all pairs, as BLEU. All good
    answers of the layer count, not only those that were kept: of these, repeats have been taken
    out.

    Args:
        extract: how to read an answer out of a reply.
    """

    def agreement(candidates: Sequence[Candidate]) -> float | None:
        texts = [candidate["text"] for candidate in candidates]
        if len(texts) < 2:
            return None
        groups = labels([extract.extract(text) for text in texts], extract)
        counts = Counter(label for label in groups if label is not None)
        if 2 * counts.total() >= len(texts):
            return max(counts.values()) / len(texts)
        from manyminds.votes import similarity  # numpy: not before it is needed

        pairs = similarity.matrix(texts)
        others = len(texts) * (len(texts) - 1)
        return float(pairs.sum() - pairs.trace()) / (100 * others)

    return agreement


def standing(layer: int, layers: int, agreement: float | None) -> dict[str, str]:
    """Return the variables that tell a moderator how far the panel has come."""
    return {"layer": str(layer), "layers": str(layers), "agreement": _shown(agreement)}


def decided(call: StopVote | None, source: str, agreement: float | None) -> Decision:
    """Return a decision that was read, or to go on where none could be."""
    if call is None:
        return Decision(stop=False, reason=GO_ON, source="fallback", agreement=agreement)
    return Decision(stop=call.stop, reason=call.reason, source=source, agreement=agreement)


def _good(state: State) -> list[Candidate]:
    return [candidate for candidate in state["candidates"] if candidate["status"] == "ok"]


def _scores(state: State, kept: Sequence[Candidate]) -> list[str]:
    """Return the judge's scores of the answers that were kept; a host's own judge may give none."""
    verdict: Mapping[str, Any] = state.get("verdict") or {}
    listed = zip(state["candidates"], verdict.get("scores") or [], strict=False)
    scores = {candidate["index"]: score for candidate, score in listed}
    found = [scores.get(candidate["index"]) for candidate in kept]
    return ["not scored" if score is None else f"{score:g}" for score in found]


def _shown(agreement: float | None) -> str:
    return "unknown" if agreement is None else f"{agreement:.2f}"
