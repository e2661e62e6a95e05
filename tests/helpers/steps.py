"""Steps of roles on hand-made states, without a graph."""

from collections.abc import Sequence
from typing import Any

from helpers.graphs import a_run
from langchain_core.messages import HumanMessage

from manyminds import Budget, Candidate, Member
from manyminds.calls.ask import blank
from manyminds.nodes.channels import decide
from manyminds.nodes.step import Ask, Run
from manyminds.state import Failure
from manyminds.testing import Answer, Script, ScriptedChatModel

QUESTION = "What is the capital of France?"


def answered(*texts: str | None, layer: int = 1) -> list[Candidate]:
    """Return candidates with these texts; None: a call that failed."""
    member = Member(ScriptedChatModel(), name="m")
    made: list[Candidate] = []
    for index, text in enumerate(texts):
        one = blank(member, a_run(), role="proposer", index=index, draw=0, layer=layer)
        one["member"], one["message_id"] = "abcdefgh"[index], f"id-{index}"
        if text is None:
            one["status"] = "failed"
            one["error"] = Failure(
                kind="error", message="secret", retriable=False, maybe_billed=False
            )
        else:
            one["status"], one["text"] = "ok", text
        made.append(one)
    return made


def layered(*texts: str | None, layer: int = 1, **channels: Any) -> dict[str, Any]:
    """Return the state after a layer of these answers."""
    given: dict[str, Any] = {
        "messages": [HumanMessage(QUESTION)],
        "question": QUESTION,
        "candidates": answered(*texts, layer=layer),
        "layer": layer,
        "kept": [],
        "proposer_roles": [],
        "verdict": None,
        "decision": decide(False, "another layer follows"),
    }
    return given | channels


def says(*replies: Answer, name: str = "judge") -> Member:
    """Return a member that gives these replies one after the other, then the last one again."""
    left = list(replies)

    def script(_messages: object, _data: object) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    return Member(ScriptedChatModel(script), name=name, retries=0)


def scripted(script: Script | Answer, name: str = "judge") -> Member:
    """Return a member with a script."""
    return Member(ScriptedChatModel(script), name=name, retries=0)


async def played(
    run: Run, state: dict[str, Any], *, role: str, calls: int | None = None
) -> tuple[dict[str, Any], Sequence[Candidate]]:
    """Run a step, and return its update and the replies that it got.

    Args:
        run: The step's function.
        state: The state.
        role: Name of the step.
        calls: Budget of the run.
    """
    context = a_run() if calls is None else a_run(budget=Budget(calls=calls))
    ask = Ask(context, state, role, layer=state["layer"])
    return await run(state, ask) or {}, ask.replies
