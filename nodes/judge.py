"""judge: scores and orders the answers of a layer, so that only the best are handed on."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage
from typing_extensions import TypedDict

from manyminds.members import Member
from manyminds.nodes.chair import shuffle_for
from manyminds.nodes.moderator import GO_ON, STOP_FIELDS, decided, standing
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.panel import METHOD, Panel
from manyminds.nodes.persona import addressed
from manyminds.nodes.reply_schema import object_schema
from manyminds.nodes.role_call import ask_role
from manyminds.prompts import Prompt, numbered
from manyminds.reading.answers import text_key
from manyminds.reading.verdicts import Ranking, StopVote, read_ranking, read_stop
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.state import Candidate
from manyminds.votes.votes import consensus

ROLE = "judge"
INSTEAD = "the answers were ordered by likeness to the others"
_FIELDS: dict[str, object] = {
    "order": {"type": "array", "items": {"type": "integer"}},
    "scores": {"type": "array", "items": {"type": "number"}},
    "reasons": {"type": "array", "items": {"type": "string"}},
}


class Verdict(TypedDict):
    """What a judge found in a layer.

    `order` has the indices of the good candidates, best first, repeats of an answer last. `scores`
    (0 to 10, None: not scored) and `reasons` go along with the candidates. `source` is model (held
    to the form), parser (read from text) or fallback (likeness to the others; nobody scored).
    """

    order: list[int]
    scores: list[float | None]
    reasons: list[str]
    source: str


def judge(
    chain: Sequence[Member], panel: Panel, *, prompt: Prompt, combined: Prompt | None = None
) -> Node:
    """Return the judge's node (Sparse Mixture-of-Agents, arXiv 2411.03284).

    It sets `verdict` and `kept`. Equal answers (but for case, spacing and a last full stop) are
    shown once, and a repeat is kept only where no other answer is left. The answers are shown in an
    order that is drawn from the seed, the question and the layer. A reply that cannot be read is
    asked for once more, then of the next in the chain; in the end the answers are ordered by their
    likeness to the others, and the run is marked as degraded.

    Args:
        chain: the judge and who takes over when it fails.
        panel: the panel.
        prompt: with the variables `answers` and `keep`.
        combined: with the variables `agreement`, `layer` and `layers` besides; after a layer that
            another may follow, this is asked instead, and the reply sets `decision` as well.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, panel.context)
        good = [c for c in state["candidates"] if c["status"] == "ok"]
        groups, layer = alike(good), state["layer"]
        shown = shuffle_for([group[0] for group in groups], ctx, f"{ROLE}:{layer}")
        values = {
            "answers": numbered(candidate["text"] for candidate in shown),
            "keep": str(panel.keep),
        }
        deciding = None if state["decision"]["stop"] else combined
        if deciding is not None:
            values |= standing(layer, panel.rounds, panel.agreement(good))

        def messages(member: Member) -> list[BaseMessage]:
            return (deciding or prompt).render(addressed(state["messages"], member), **values)

        def read(text: str) -> tuple[Ranking, StopVote | None] | None:
            ranking = read_ranking(text, len(shown))
            return None if ranking is None else (ranking, read_stop(text))

        reply = await ask_role(
            chain,
            messages,
            ctx,
            parse=read,
            schema=object_schema("verdict", _FIELDS | (STOP_FIELDS if deciding else {})),
            role=ROLE,
            layer=layer,
            draw=lambda member: panel.draw(member, ROLE, layer),
        )
        ranked, call = reply.value or (None, None)
        verdict = _verdict(state["candidates"], groups, shown, ranked, reply.source)
        update: Update = {
            "verdict": verdict,
            "kept": verdict["order"][: panel.keep],
            "spent": spent_on(reply.asked),
            "notes": reply.notes(ROLE, INSTEAD),
        }
        if deciding is not None:
            update["decision"] = decided(call, reply.source, panel.agreement(good))
            if ranked is not None and call is None:
                update["notes"] = [*update["notes"], GO_ON]
        return update

    return Node(run, ROLE)


def alike(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Group candidates whose answers are the same but for case, spacing and a last full stop."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(text_key(candidate["text"]), []).append(candidate)
    return list(groups.values())


def by_likeness(candidates: Sequence[Candidate]) -> list[int]:
    """Return the places of candidates, the one most like all the others first."""
    scores = consensus([candidate["text"] for candidate in candidates])["scores"]
    return sorted(range(len(candidates)), key=lambda place: (-(scores[place] or 0.0), place))


def _verdict(
    candidates: Sequence[Candidate],
    groups: Sequence[Sequence[Candidate]],
    shown: Sequence[Candidate],
    ranked: Ranking | None,
    source: str,
) -> Verdict:
    """Map a ranking of what was shown back to all candidates of the layer."""
    good = [candidate for candidate in candidates if candidate["status"] == "ok"]
    usual = [good[place]["index"] for place in by_likeness(good)]
    judged = [shown[number]["index"] for number in ranked.order] if ranked else []
    firsts = {candidate["index"] for candidate in shown}
    order = [*judged, *(i for i in usual if i in firsts and i not in judged)]
    first_of = {c["index"]: group[0]["index"] for group in groups for c in group}
    repeats = [i for first in order for i in usual if first_of[i] == first and i != first]
    scores: dict[int, float] = {}
    reasons: dict[int, str] = {}
    if ranked is not None:
        scores = {shown[number]["index"]: score for number, score in ranked.scores.items()}
        reasons = {shown[number]["index"]: reason for number, reason in ranked.reasons.items()}
    own = [first_of.get(candidate["index"], -1) for candidate in candidates]
    return Verdict(
        order=[*order, *repeats],
        scores=[scores.get(first) for first in own],
        reasons=[reasons.get(first, "") for first in own],
        source=source,
    )
