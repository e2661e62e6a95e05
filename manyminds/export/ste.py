"""STE, simulated trial and error: one row for the call of a tool, one for the answer after it.

As the paper does, only the last call of a trajectory is used, and of the trials of `create_ste`
only those that its judge approved. Tool names are marked as the added
tokens `<tool_NAME>`. A thought before the answer is left out, as published. The wording of the
system message is our own.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, chat_of, json_text, tool_lines
from manyminds.export.messages import NotHeldError
from manyminds.export.react import question_of, with_calls
from manyminds.trajectory import MessageAction, Trajectory

SYSTEM = (
    "Answer the user's query with one of the tools below. Reply with a line `Action:` and a line "
    "`Action Input:`; after the observation, reply with `Final Answer:`."
)


class SteMessage(TypedDict):
    """A message of the dialogue so far."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["system", "user", "assistant"]
    content: str


class SteRow(TypedDict):
    """A dialogue and the response to train."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    dialog_history: list[SteMessage]
    response: str


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the call and, where an answer follows its result, the answer."""
    if trajectory.method == "ste" and not trajectory.details.get("approved"):
        raise NotHeldError("a trial that the judge did not approve")
    acting = with_calls(trajectory)
    messages = chat_of(acting)
    called = [n for n, one in enumerate(messages) if one.get("tool_calls") and one.get("train")]
    if not called:
        raise NotHeldError("no tool call")
    last = called[-1]
    calls = messages[last].get("tool_calls", [])
    if len(calls) > 1:
        raise NotHeldError("several tool calls in one turn")
    function = calls[0]["function"]
    system = "\n".join(part for part in (SYSTEM, tool_lines(trajectory.tools)) if part)
    history = [
        {"role": "system", "content": system},
        {"role": "user", "content": question_of(trajectory)},
    ]
    call = f"Action: <tool_{function['name']}>\nAction Input: {json_text(function['arguments'])}"
    yield {"dialog_history": history, "response": call}
    seen = next((one for one in messages[last + 1 :] if one["role"] != "assistant"), None)
    if seen is not None and messages[-1].get("train") and len(messages) - 1 > last:
        history = [
            *history,
            {"role": "assistant", "content": call},
            {"role": "user", "content": f"Observation: {seen['content'] or ''}"},
        ]
        said = [step.content for step in acting.content if isinstance(step, MessageAction)]
        yield {"dialog_history": history, "response": f"Final Answer: {said[-1]}"}


EXPORTER = Exporter(
    "ste", "STE: the call of a tool, and the answer after it", SteRow, rows,
    take="episodes", layout="array", paper="arXiv 2403.04746",
)  # fmt: skip
