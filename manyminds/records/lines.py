"""Lines of a record, made of a run's events: plain data, without keys."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import BaseMessage
from langgraph.types import Overwrite

from manyminds.models.redact import without_secrets
from manyminds.records.schema import CallLine, MessageLine, Reading
from manyminds.runs.usage import Usage, totals
from manyminds.state import Candidate

Redact = Callable[[str], str]

# Channels that have lines of their own, or that grow with every node.
_TOLD_ELSEWHERE = frozenset(
    {
        *("messages", "question", "question_id", "run", "started", "layer", "report", "spent"),
        *("candidates", "previous", "transcript", "task_state", "episodes", "episode"),
    }
)
_PLACE = ("role", "member", "layer", "index", "draw")
_READ = ("where", "confidence", "scores", "hedged_by")
_NAMES = frozenset({"type", "run", "hash", "prompt", "parent", "path", "graph", "library"})


def message_line(message: BaseMessage) -> MessageLine:
    """Return a message as a line, named by a hash of all that it has."""
    line: dict[str, Any] = {"role": message.type, "content": message.content}
    for name in ("name", "tool_calls", "tool_call_id"):
        value = getattr(message, name, None)
        if value:
            line[name] = value
    text = json.dumps(line, default=str)
    named = {"type": "message", "hash": hashlib.sha256(text.encode()).hexdigest()[:24], **line}
    return cast("MessageLine", named)


def call_line(candidate: Candidate, prompt: str, params: Mapping[str, Any]) -> CallLine:
    """Return a call that has ended as a line; a nested run's ledger is left to its own lines."""
    line = {"type": "call", **candidate, "prompt": prompt, "params": without_secrets(params)}
    nested = line.pop("nested", None)
    if nested and totals(cast("Usage", nested))["simulated"]:
        line["simulated"] = True
    return cast("CallLine", line)


def outcome(update: Mapping[str, Any]) -> dict[str, Any]:
    """Return the decisions of a node: its update, with candidates replaced by their places.

    `read` says of each role that the node asked how its verdicts were read.
    """
    decided = [(key, _placed(value)) for key, value in update.items() if key not in _TOLD_ELSEWHERE]
    spent = update.get("spent")
    rows = cast("Usage", spent).values() if isinstance(spent, Mapping) else []
    read = {row["role"]: row["read"] for row in rows if "read" in row}
    decided.append(("read", read))
    return {key: value for key, value in decided if value not in (None, "", [], {})}


def readings(update: Mapping[str, Any]) -> list[Reading]:
    """Return the values that a node read out of the answers in its update."""
    return [
        cast(
            "Reading",
            {
                **{key: candidate[key] for key in (*_PLACE, "status", "answer", "error")},
                **{key: candidate[key] for key in _READ if key in candidate},
            },
        )
        for candidate in _candidates(update)
        if candidate["answer"] is not None
        or candidate["status"] == "flagged"
        or any(key in candidate for key in (*_READ, "hedges"))
    ]


def redacted(line: Mapping[str, Any], redact: Redact) -> dict[str, Any]:
    """Return a line with every text changed but the names by which lines find each other."""
    return {
        name: value if name in _NAMES or _is_hashes(name, line) else _changed(value, redact)
        for name, value in line.items()
    }


def _candidates(update: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    given = update.get("candidates")
    listed = given.value if isinstance(given, Overwrite) else given
    for one in cast("Sequence[object]", listed or ()):
        if isinstance(one, Mapping) and "status" in one:
            yield cast("dict[str, Any]", one)


def _placed(value: object) -> object:
    if isinstance(value, Overwrite):
        return cast("object", value.value)
    if isinstance(value, Mapping) and "attempts" in value:
        one = cast("Mapping[str, object]", value)
        return {key: one[key] for key in _PLACE if key in one}
    return value


def _is_hashes(name: str, line: Mapping[str, Any]) -> bool:
    return name == "messages" and line["type"] in ("run", "prompt")


def _changed(value: object, redact: Redact) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {name: _changed(one, redact) for name, one in items}
    if isinstance(value, list | tuple):
        return [_changed(one, redact) for one in cast("Sequence[object]", value)]
    return value
