"""InternLM2's chat: tools and results under a role `environment`, calls between action markers.

The markers are those of InternLM2-Chat's published format: a call follows
`<|action_start|><|plugin|>`, code after `<|action_start|><|interpreter|>`, and `name` says on which
of them a message of the system or of the environment is about. `text_of` writes a row as one text.
Reports say that the model was trained on it, not in which files: the rows, with `loss` for every
turn of the assistant as XTuner reads it, are our own design.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, chat_of, json_text
from manyminds.export.messages import Message, NotHeldError, ToolCall
from manyminds.trajectory import Trajectory

PLUGIN, INTERPRETER = "<|plugin|>", "<|interpreter|>"
START, END = "<|action_start|>", "<|action_end|>"
_TURN, _TURN_END = "<|im_start|>", "<|im_end|>"
_CODE = "execute_"  # tools that run code are called so


class InternlmMessage(TypedDict):
    """A turn; `name` says which kind of tool it is about, `loss` whether it is trained."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["system", "user", "assistant", "environment"]
    content: str
    name: NotRequired[Literal["<|plugin|>", "<|interpreter|>"]]
    loss: NotRequired[bool]


class InternlmRow(TypedDict):
    """A conversation."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    messages: list[InternlmMessage]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a conversation."""
    messages = chat_of(trajectory)
    said = list(_opening(trajectory))
    called: dict[str, str] = {}
    for message in messages[1:] if trajectory.system is not None else messages:
        if any(marker in (message["content"] or "") for marker in (START, END, _TURN, _TURN_END)):
            raise NotHeldError("a text with a marker of the form")
        if message["role"] == "assistant":
            said.append(_spoken(message, called))
        elif message["role"] == "tool":
            kind = called.get(message.get("tool_call_id", ""), PLUGIN)
            said.append({"role": "environment", "name": kind, "content": message["content"] or ""})
        else:
            said.append({"role": message["role"], "content": message["content"] or ""})
    yield {"messages": said}


def text_of(row: Row) -> str:
    """Return a row as the one text that InternLM2 reads."""
    return "\n".join(
        f"{_TURN}{one['role']}{_name(one)}\n{one['content']}{_TURN_END}" for one in row["messages"]
    )


def _name(message: Mapping[str, Any]) -> str:
    return f" name={message['name']}" if "name" in message else ""


def _opening(trajectory: Trajectory) -> Iterator[dict[str, Any]]:
    """Yield the messages of the system: what it says, and the tools."""
    if trajectory.system is not None:
        yield {"role": "system", "content": trajectory.system}
    functions = [tool.get("function", tool) for tool in trajectory.tools]
    plugins = [one for one in functions if not str(one.get("name", "")).startswith(_CODE)]
    if plugins:
        yield {"role": "system", "name": PLUGIN, "content": json_text(plugins)}


def _spoken(message: Message, called: dict[str, str]) -> dict[str, Any]:
    """Return a turn of the assistant; `called` learns of which kind its calls are."""
    text = message["content"] or ""
    for call in message.get("tool_calls", []):
        kind, written = _action(call)
        called[call.get("id", "")] = kind
        text += f"{START}{kind}\n{written}{END}"
    return {"role": "assistant", "content": text, "loss": bool(message.get("train"))}


def _action(call: ToolCall) -> tuple[str, str]:
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    code = arguments.get("code")
    if name.startswith(_CODE) and isinstance(code, str) and len(arguments) == 1:
        return INTERPRETER, f"```{name.removeprefix(_CODE)}\n{code}\n```"
    return PLUGIN, json_text({"name": name, "parameters": arguments})


EXPORTER = Exporter(
    "internlm2", "InternLM2: a role for the environment, calls between markers", InternlmRow, rows,
    take="episodes", paper="arXiv 2403.17297",
)  # fmt: skip
