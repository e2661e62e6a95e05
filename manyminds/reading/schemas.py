"""JSON schemas of role replies, which the readers of these replies read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]


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


def follows(text: str, schema: Schema) -> bool:
    """Return whether a reply is a JSON object with the schema's keys and nothing else."""
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
