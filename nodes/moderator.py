"""moderator: after a layer, says whether another one is worth its cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from manyminds.aio import in_thread
from manyminds.members import Member
from manyminds.nodes.channels import Decision, decide
from manyminds.nodes.node import State, Update
from manyminds.nodes.shown import Shown, agreement, good, kept_shown
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import WORKERS, in_worker
from manyminds.prompts import Prompt
from manyminds.reading.answers import Extractor
from manyminds.reading.schemas import object_schema
from manyminds.reading.verdicts import StopVote, read_stop
from manyminds.runs.context import RunContext

ROLE = "moderator"
GO_ON = "no decision could be read: another layer follows"
STOP_FIELDS: dict[str, object] = {"reason": {"type": "string"}, "stop": {"type": "boolean"}}


@dataclass(frozen=True)
class Standing:
    """How far the layers have come.

    Attributes:
        layer: Layers done.
        layers: Layers of proposers at most.
        agreement: Share of the layer's answers that state the same, from 0 to 1. None: unknown.
    """

    layer: int
    layers: int
    agreement: float | None

    @classmethod
    async def of(
        cls, state: State, layers: int, ctx: RunContext, kind: Extractor | None
    ) -> "Standing":
        """Return how far a run has come. All good answers count, also those that were not kept."""
        answers, question = good(state), state["question"]
        figure = await in_worker(ctx, lambda: agreement(answers, question=question, kind=kind))
        return cls(state["layer"], layers, figure)

    @property
    def values(self) -> dict[str, str]:
        """Variables of a prompt."""
        return {
            "layer": str(self.layer),
            "layers": str(self.layers),
            "agreement": shown_agreement(self.agreement),
        }


def moderator(
    chain: Sequence[Member],
    prompt: Prompt,
    *,
    layers: int,
    calls: int,
    kind: Extractor | None = None,
) -> Run:
    """Return the moderator's step (Sparse Mixture-of-Agents, arXiv 2411.03284).

    It sets `decision`. The moderator reads the answers that were kept, the judge's scores of them,
    how far all answers of the layer agree, and how many layers there were and may be. If no reply
    can be read, another layer follows, and the run is marked as degraded.

    Args:
        chain: Moderator, then the members that take over.
        prompt: Prompt with the variables `agreement`, `answers`, `layer`, `layers` and `scores`.
        layers: Layers of proposers at most.
        calls: Calls of one more layer up to the answer, which the budget must leave room for.
        kind: How to read an answer. Default: by the kind that suits most replies.
    """

    async def run(state: State, ask: Ask) -> Update:
        going = await Standing.of(state, layers, ask.run, kind)
        spent = ask.run.exhausted(1 + calls)
        if spent is not None:
            stop = decide(True, spent, agreement=going.agreement)
            return {"decision": stop, "notes": [f"{spent} after layer {ask.layer} of {layers}"]}
        kept = await in_thread(WORKERS, kept_shown, state, kind)
        scores = ", ".join(_scores(state, kept))
        reply = await ask.verdict(
            chain,
            prompt.fill(**going.values, answers=kept.text, scores=scores),
            parse=read_stop,
            schema=object_schema("decision", STOP_FIELDS),
        )
        return {
            "decision": decided(reply.value, reply.source, going.agreement),
            "notes": reply.notes(ROLE, "another layer followed"),
        }

    return run


def threshold(share: float, layers: int, kind: Extractor | None = None) -> Run:
    """Return a moderator's step without a call: it stops if the answers agree enough.

    Args:
        share: Agreement that is enough, from 0 to 1.
        layers: Layers of proposers at most.
        kind: How to read an answer. Default: by the kind that suits most replies.
    """

    async def run(state: State, ask: Ask) -> Update:
        figure = (await Standing.of(state, layers, ask.run, kind)).agreement
        stop = figure is not None and figure >= share - 1e-9
        reason = f"agreement {shown_agreement(figure)}, and {share:g} is enough"
        return {"decision": decide(stop, reason, agreement=figure)}

    return run


def decided(vote: StopVote | None, source: str, agreement: float | None) -> Decision:
    """Return a decision that was read, or to continue where none could be."""
    if vote is None:
        return decide(False, GO_ON, source="fallback", agreement=agreement)
    return decide(vote.stop, vote.reason, source=source, agreement=agreement)


def shown_agreement(agreement: float | None) -> str:
    """Return an agreement as prompts and reasons give it."""
    return "unknown" if agreement is None else f"{agreement:.2f}"


def _scores(state: State, kept: Shown) -> list[str]:
    """Return the judge's scores of the answers shown; a custom judge may give none."""
    verdict: Mapping[str, Any] = state.get("verdict") or {}
    listed = zip(state["candidates"], verdict.get("scores") or [], strict=False)
    scores = {candidate["index"]: score for candidate, score in listed}
    found = [scores.get(candidate["index"]) for candidate in kept.firsts]
    return ["not scored" if score is None else f"{score:g}" for score in found]
