"""reply_schema: JSON schemas of role replies, and how a member's requests carry them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableSequence
from langchain_core.runnables.base import RunnableBindingBase

from manyminds.members import Member
from manyminds.models.openai import OPENAI_URL, EndpointModel
from manyminds.state import Candidate

Schema: TypeAlias = Mapping[str, Any]

# OpenAI's models before structured output.
_TOO_OLD = ("gpt-3", "gpt-4-", "chatgpt")


def object_schema(title: str, fields: Mapping[str, object]) -> Schema:
    """Return the JSON schema of an object with exactly these fields, in this order."""
    return {
        "title": title,
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def pick_schema(count: int) -> Schema:
    """Return the schema of a choice among so many answers, the reason first."""
    return object_schema("pick", {"reason": {"type": "string"}, "choice": number_field(count)})


def score_schema(title: str, *, most: int = 10, key: str = "score") -> Schema:
    """Return the schema of a whole number from 0 to `most`, the reason first."""
    score = {"type": "integer", "enum": list(range(most + 1))}
    return object_schema(title, {"reason": {"type": "string"}, key: score})


def number_field(count: int) -> Schema:
    """Return the schema of an answer's number: one of those that the prompt shows."""
    return {"type": "integer", "enum": list(range(1, count + 1))}


def scored_answers(count: int) -> Schema:
    """Return the schema of a list with number, reason and score (0 to 10) of each answer shown."""
    fields = {
        "number": number_field(count),
        "reason": {"type": "string"},
        "score": {"type": "integer", "enum": list(range(11))},
    }
    length = {"minItems": count, "maxItems": count}  # without them, grammars allow any length
    return {"type": "array", "items": object_schema("scored", fields), **length}


def request_params(schema: Schema, member: Member) -> Mapping[str, Any]:
    """Return the request parameters that ask a member for a reply of this schema.

    Empty for a member without structured output. An endpoint gets the schema as
    `response_format`. A chat model has structured output if its class overrides
    `with_structured_output` and its profile, if any, does not deny it.
    """
    model: object = member.model
    if isinstance(model, EndpointModel):
        old = model.base_url == OPENAI_URL and (
            model.model == "gpt-4" or model.model.startswith(_TOO_OLD)
        )
        return {} if old else _response_format(schema)
    if not isinstance(model, BaseChatModel):
        return {}
    if type(model).with_structured_output is BaseChatModel.with_structured_output:
        return {}
    profile: Mapping[str, Any] = model.profile or {}
    if profile and not (profile.get("structured_output") or profile.get("tool_calling")):
        return {}
    try:
        structured: Runnable[Any, Any] = model.with_structured_output(dict(schema))
    except (NotImplementedError, ValueError):  # the class offers it, this model does not
        return {}
    # The bound model comes first, LangChain's parser after it. Ours reads more forms, and a call
    # needs the model itself for its limits and usage.
    bound = structured.first if isinstance(structured, RunnableSequence) else structured
    return dict(bound.kwargs) if isinstance(bound, RunnableBindingBase) else {}


def reply_text(reply: Candidate, schema: Schema | None) -> str:
    """Return a reply's text, or the arguments of the tool call that stands for the schema."""
    for call in reply.get("tool_calls", []) if schema else []:
        if schema and call.get("name") == schema["title"]:
            return json.dumps(call.get("args"), default=str)
    return reply["text"]


def follows(text: str, schema: Schema) -> bool:
    """Tell whether a reply is a JSON object with the schema's keys and nothing else."""
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict) and set(schema["required"]) == parsed.keys()


def described(schema: Schema) -> str:
    """Describe a schema in words, for a model that must write its reply again."""
    keys: Sequence[str] = schema["required"]
    listed = ", ".join(f'"{key}"' for key in keys)
    return f"one JSON object with the {'key' if len(keys) == 1 else 'keys'} {listed}"


def _response_format(schema: Schema) -> Mapping[str, Any]:
    form = {"name": schema["title"], "schema": dict(schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": form}}
