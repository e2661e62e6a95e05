"""What passes between Inspect and a method: messages, tools, sampling parameters, usage."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelCost,
    ModelOutput,
    ModelUsage,
    ServedModelUsage,
    StopReason,
    messages_to_openai,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolFunction, ToolInfo
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages

REPORT = "manyminds"
"""Key of the report in the metadata of an output and of a sample."""
_PARAMS = {
    "max_tokens": "max_tokens",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop_seqs": "stop",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}


async def to_langchain(messages: Sequence[ChatMessage]) -> list[BaseMessage]:
    """Return Inspect's messages as LangChain's."""
    return convert_to_messages(cast("Any", await messages_to_openai(list(messages))))


def to_tools(tools: Sequence[ToolInfo]) -> list[dict[str, Any]]:
    """Return Inspect's tools in the form that `bind_tools` takes."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters.model_dump(exclude_none=True),
            },
        }
        for tool in tools
    ]


def to_binding(choice: ToolChoice) -> dict[str, Any]:
    """Return the further arguments of `bind_tools` that a tool choice stands for."""
    if isinstance(choice, ToolFunction):
        return {"tool_choice": choice.name}
    return {"tool_choice": "any"} if choice == "any" else {}


def to_params(config: GenerateConfig) -> dict[str, object]:
    """Return the sampling parameters of a task for the members of a method.

    A temperature of 0, which many tasks set, would make all samples of a member equal. It is left
    out: members keep the temperatures of their roles.
    """
    params = {ours: getattr(config, theirs) for theirs, ours in _PARAMS.items()}
    params["temperature"] = config.temperature or None
    return {name: value for name, value in params.items() if value is not None}


def to_output(name: str, state: Mapping[str, Any], inspected: set[str]) -> ModelOutput:
    """Return the result of a run as Inspect's output, with the report in its metadata.

    Args:
        name: Name of the model that answered, as Inspect knows it.
        state: Result of the run.
        inspected: Members that Inspect calls, which counts their usage itself.
    """
    answer, report = cast("AIMessage", state["messages"][-1]), state["report"]
    calls = [
        ToolCall(id=call["id"] or str(n), function=call["name"], arguments=call["args"])
        for n, call in enumerate(answer.tool_calls)
    ]
    message = ChatMessageAssistant(
        content=answer.text, tool_calls=calls or None, model=name, source="generate"
    )
    own = {n: row for n, row in report["members"].items() if n not in inspected}
    return ModelOutput(
        model=name,
        choices=[ChatCompletionChoice(message=message, stop_reason=_stop_reason(answer))],
        usage=_usage([row["tokens"] for row in own.values()]),
        metadata={REPORT: {**json.loads(json.dumps(report, default=str)), "asked_here": list(own)}},
    )


def served(output: ModelOutput) -> list[ServedModelUsage] | None:
    """Return the usage of each member with what it cost; None where a price is unknown."""
    report: Mapping[str, Any] = (output.metadata or {}).get(REPORT) or {}
    rows: Mapping[str, Any] = report.get("members") or {}
    found: list[ServedModelUsage] = []
    for name in report.get("asked_here", ()):
        usage, cost = _usage([rows[name]["tokens"]]), rows[name]["cost"]
        if cost is None:
            return None
        # One rate for all tokens of the member gives what it cost, whatever its prices are.
        rate = 1e6 * cost / (usage.total_tokens or 1)
        price = ModelCost(input=rate, output=rate, input_cache_write=rate, input_cache_read=rate)
        found.append(ServedModelUsage(model=name, usage=usage, cost=price))
    return found


def _usage(rows: Sequence[Mapping[str, int]]) -> ModelUsage:
    given, written = sum(row["input"] for row in rows), sum(row["output"] for row in rows)
    return ModelUsage(input_tokens=given, output_tokens=written, total_tokens=given + written)


def _stop_reason(answer: AIMessage) -> StopReason:
    if answer.tool_calls:
        return "tool_calls"
    cut = answer.response_metadata.get("finish_reason") == "length"
    return "max_tokens" if cut else "stop"
