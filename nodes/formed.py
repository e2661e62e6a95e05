"""formed: a reply that must have a form is asked for, held to it, read, and asked for once more."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableSequence
from langchain_core.runnables.base import RunnableBindingBase

from manyminds.calls.ask import ask
from manyminds.members import Member
from manyminds.models.openai import OPENAI_URL, EndpointModel
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, Failure

T = TypeVar("T")
Schema = Mapping[str, Any]
UNREADABLE = "the reply could not be read"

_REFUSED = "invalid_request"
# Endpoints that take a JSON schema whatever the model; of OpenAI's models, the old ones do not.
_HOLDING = ("ollama", "vllm", "lmstudio")
_TOO_OLD = ("gpt-3", "gpt-4-", "chatgpt")


@dataclass(frozen=True)
class Formed(Generic[T]):
    """What came of asking.

    Attributes:
        value: what was read; None where nobody's reply could be.
        source: "model" where the model was held to the form, "parser" where it was only asked to
            keep it, "fallback" where there is no value.
        asked: everything that was asked, for the ledger; what could not be read is flagged. Empty
            where the budget had no room.
    """

    value: T | None
    source: Literal["model", "parser", "fallback"]
    asked: list[Candidate]

    def notes(self, role: str, instead: str) -> list[str]:
        """Return what a report must say: that somebody took over, or what was done instead."""
        if self.value is None:
            error = self.asked[-1]["error"] if self.asked else None
            kind = "budget" if error is None else error["kind"]
            return [f"no {role} was of use ({kind}): {instead}"]
        last = self.asked[-1]["member"]
        failed = [one["member"] for one in self.asked if one["member"] != last]
        return [f"{last} took over as {role} after another failed"] if failed else []


async def ask_formed(
    chain: Sequence[Member],
    messages: Callable[[Member], list[BaseMessage]],
    read: Callable[[str], T | None],
    run: RunContext,
    *,
    schema: Schema,
    role: str,
    layer: int,
    draw: Callable[[Member], int],
) -> Formed[T]:
    """Ask the members of a chain in order until one's reply can be read.

    A model that offers structured output is held to the schema. One whose reply cannot be read, or
    who refuses the schema, is asked once more without it; one who fails is not. Then comes the next
    in the chain. Nobody is asked where a budget would then have no room for the answer itself.

    Args:
        chain: who is asked, and who takes over.
        messages: from a member to its prompt, which says in words what form the reply has.
        read: from a reply to what it says, None where it cannot be read.
        run: the run that the calling node serves.
        schema: JSON schema of the reply, with a title.
        role: in which role; the report adds up by it.
        layer: layer or round, from 1.
        draw: how often a member was asked before in this run; it may be asked twice here.
    """
    asked: list[Candidate] = []
    for nth, member in enumerate(chain):
        for again in (0, 1):
            # The last call that a budget has room for is the one that writes the answer.
            if run.exhausted(2) is not None:
                return Formed(None, "fallback", asked)
            held = {} if again else held_to(schema, member)
            reply = await ask(
                member,
                messages(member),
                run,
                role=role,
                index=2 * nth + again,
                draw=draw(member) + again,
                layer=layer,
                params=held,
            )
            asked.append(reply)
            if reply["status"] == "ok":
                value = read(said(reply, schema))
                if value is not None:
                    return Formed(value, "model" if held else "parser", asked)
                reply["status"] = "flagged"
                reply["error"] = Failure(
                    kind="malformed", message=UNREADABLE, retriable=True, maybe_billed=False
                )
            elif not held or reply["error"] is None or reply["error"]["kind"] != _REFUSED:
                break
    return Formed(None, "fallback", asked)


def object_schema(title: str, fields: Mapping[str, object]) -> Schema:
    """Return the JSON schema of an object with exactly these fields."""
    return {
        "title": title,
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def held_to(schema: Schema, member: Member) -> Mapping[str, Any]:
    """Return the request parameters that hold a member to a schema; none where it has no such.

    A chat model has, whose class brings a `with_structured_output` of its own and whose profile, if
    it has one, does not deny it; an endpoint of ours has, where it takes a schema for any model.
    """
    model: object = member.model
    if isinstance(model, EndpointModel):
        return _response_format(schema) if _holds(model) else {}
    if not isinstance(model, BaseChatModel):
        return {}
    if type(model).with_structured_output is BaseChatModel.with_structured_output:
        return {}
    profile: Mapping[str, Any] = model.profile or {}
    if profile and not (profile.get("structured_output") or profile.get("tool_calling")):
        return {}
    try:
        structured: Runnable[Any, Any] = model.with_structured_output(dict(schema))
    except (NotImplementedError, ValueError):  # the class could, this model cannot
        return {}
    # The model with its parameters bound comes first, the parser after it. Ours reads more, and
    # asking needs the model itself: for its limits, usage, silence.
    bound = structured.first if isinstance(structured, RunnableSequence) else structured
    return dict(bound.kwargs) if isinstance(bound, RunnableBindingBase) else {}


def said(reply: Candidate, schema: Schema) -> str:
    """Return a reply's text, or what it gave to the tool that stands for the schema."""
    for call in reply.get("tool_calls", []):
        if call.get("name") == schema["title"]:
            return json.dumps(call.get("args"), default=str)
    return reply["text"]


def _holds(model: EndpointModel) -> bool:
    if model.base_url == OPENAI_URL:
        return model.model != "gpt-4" and not model.model.startswith(_TOO_OLD)
    return model.provider in _HOLDING


def _response_format(schema: Schema) -> Mapping[str, Any]:
    form = {"name": schema["title"], "schema": dict(schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": form}}
