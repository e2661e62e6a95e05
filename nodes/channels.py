"""The state that all methods share, and its reducers.

Reducers put candidates in order of asking, whoever finished first, so that numbering in prompts
and ties in votes never depend on timing.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from langgraph.graph import MessagesState
from typing_extensions import TypedDict

from manyminds.errors import InputError
from manyminds.runs.usage import Usage, add_spent
from manyminds.state import Candidate, Report


def latest_layer(old: list[Candidate] | None, new: list[Candidate]) -> list[Candidate]:
    """Merge by index; a new layer's candidates replace those of the layer before."""
    if not new:
        return old or []
    current = (new[-1]["run"], new[-1]["layer"])
    return _merged(c for c in [*(old or []), *new] if (c["run"], c["layer"]) == current)


def all_waves(old: list[Candidate] | None, new: list[Candidate]) -> list[Candidate]:
    """Merge by index and keep the candidates of every wave of the run."""
    if not old or not new:
        return new or old or []
    if old[-1]["run"] == new[0]["run"] and old[-1]["index"] < new[0]["index"]:
        return old + new  # the usual case: branches come in the order in which they were sent
    return _merged(c for c in [*old, *new] if c["run"] == new[-1]["run"])


def _merged(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the last candidate of each index.

    Raises:
        InputError: Two candidates of different calls have one index: one of them would be lost.
    """
    by_index: dict[int, Candidate] = {}
    for one in candidates:
        known = by_index.get(one["index"], one)
        if (known["role"], known["layer"]) != (one["role"], one["layer"]):
            raise InputError(
                f"the replies of {known['role']} in layer {known['layer']} and of {one['role']} in "
                f"layer {one['layer']} both have index {one['index']}: give `ask` another `index=`"
            )
        by_index[one["index"]] = one
    return [by_index[index] for index in sorted(by_index)]


def add_notes(old: list[str] | None, new: list[str]) -> list[str]:
    """Keep each reason for a degraded answer once, in order."""
    return list(dict.fromkeys([*(old or []), *new]))


class Decision(TypedDict):
    """Whether to stop, the source of that (model, rule, parser, fallback), and the reason."""

    stop: bool
    reason: str
    source: str
    agreement: float | None


def decide(
    stop: bool, reason: str, *, source: str = "rule", agreement: float | None = None
) -> Decision:
    """Return a decision."""
    return Decision(stop=stop, reason=reason, source=source, agreement=agreement)


class MethodState(MessagesState, total=False):
    """Channels of every method; a method adds its own.

    `final` is the candidate that becomes the answer; `finish` turns it into the last message.
    `built_with` has a hash of each option of the builder, to notice a resume with other options.
    """

    run: str
    built_with: dict[str, str]
    question: str
    question_id: str
    started: float
    layer: int
    kept: list[int]
    decision: Decision
    spent: Annotated[Usage, add_spent]
    notes: Annotated[list[str], add_notes]
    final: Candidate | None
    answer: str
    report: Report


class LayeredState(MethodState, total=False):
    """State of methods that work in layers or rounds: one layer's candidates at a time.

    `previous` has those of the layer before, should too few answer in this one.
    """

    candidates: Annotated[list[Candidate], latest_layer]
    previous: list[Candidate]


class SampledState(MethodState, total=False):
    """State of methods that sample: the candidates of all waves."""

    candidates: Annotated[list[Candidate], all_waves]


class MethodInput(TypedDict):
    """Input of every method: a conversation that ends with the question."""

    messages: list[Any]


class MethodOutput(MessagesState):
    """Output of every method; `messages` is the conversation with the answer appended."""

    answer: str
    report: Report


class CandidatesOutput(MethodOutput):
    """Output of a method that also returns its candidates."""

    candidates: list[Candidate]


def excerpt(reply: Candidate, answer: str) -> Candidate:
    """Return the answer that was read out of a reply, as a candidate; its message is a new one."""
    part: Candidate = {**reply, "text": answer, "message_id": None}
    part.pop("content", None)
    return part


def usable(state: Any) -> list[Candidate]:
    """Return the good candidates: those that were kept, in that order, else all of the layer."""
    good = {c["index"]: c for c in state.get("candidates", []) if c["status"] == "ok"}
    kept = [good[index] for index in state.get("kept") or [] if index in good]
    return kept or list(good.values())


def latest(state: Any) -> Candidate:
    """Return the last good candidate: the last good try of one answer."""
    good: list[Candidate] = [c for c in state["candidates"] if c["status"] == "ok"]
    return good[-1]


def earlier(state: Any, failed: Candidate, what: str) -> dict[str, Any]:
    """Return the update that ends a run with its last good try, because something failed.

    Args:
        state: The state, with the tries as `candidates`.
        failed: The call that failed.
        what: Name of the failed step, for the note.
    """
    error = failed["error"]
    kind = "no answer" if error is None else error["kind"]
    kept = latest(state)
    note = f"{what} failed ({kind}): the answer is that of try {kept['layer']}"
    return {"final": kept, "notes": [note]}
