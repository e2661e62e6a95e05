"""role_call: asks a chain of members in a role until a reply can be read."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from manyminds.aio import in_thread
from manyminds.calls.ask import ask
from manyminds.calls.response import without_middle
from manyminds.fence import FENCE, with_short_blocks, without_fence
from manyminds.limits.deadline import Deadline
from manyminds.members import Member
from manyminds.models.structured_output import request_params
from manyminds.nodes.tally import WORKERS
from manyminds.reading.loose_json import objects
from manyminds.reading.schemas import Schema, described, follows
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, Failure, calls_were_read

S = TypeVar("S")
T = TypeVar("T")
MakePrompt = Callable[[Member], list[BaseMessage]]
Source = Literal["model", "parser", "fallback"]

VERDICT_PARAMS: Mapping[str, Any] = {"temperature": 0.0}
"""Sampling parameters of a verdict."""

UNREADABLE = "the reply could not be read"
ECHO = "the reply repeats the example of the instructions"
_QUICK = 4_000  # characters of a verdict and its prompt that are read on the event loop
_MOST_READ = 20_000  # characters of a verdict's beginning, and of its end
_EXAMPLE = re.compile(r'^\{".*\}$', re.MULTILINE)  # in a prompt, on a line of its own
_SENTENCE = re.compile(r'"[^"]*\w \w[^"]*"(?!\s*:)')
_QUOTED = 4_000  # characters of an unreadable reply that its author sees again
# Members whose endpoint refused a schema without naming it; valid for the process.
_no_schema: set[str] = set()


class Unreadable(ValueError):
    """A parser raises this to say what is wrong with a reply; the next request repeats it."""


@dataclass(frozen=True)
class RoleReply(Generic[T]):
    """The outcome of a role call.

    Attributes:
        value: Value that was read. None: no reply could be read, use the fallback.
        source: "model" for a reply that follows its JSON schema, "parser" for one read from text,
            "fallback" without a value.
        reply: The reply that was read.
        asked: All calls, for the ledger. Empty if the budget had no room.
    """

    value: T | None
    source: Source
    reply: Candidate | None
    asked: list[Candidate]

    @property
    def why(self) -> str:
        """The kind of the last failure; "budget" if there was no call."""
        error = self.asked[-1]["error"] if self.asked else None
        return "budget" if error is None else error["kind"]

    def notes(self, role: str, instead: str) -> list[str]:
        """Return the report's notes: the fallback in use, or the member that took over.

        Args:
            role: Name of the role.
            instead: Name of the fallback, such as "the first draft stands".
        """
        if self.reply is None:
            return [f"no {role} was usable ({self.why}): {instead}"]
        last = self.reply["member"]
        failed = any(one["member"] != last for one in self.asked)
        return [f"{last} took over as {role} after another failed"] if failed else []


async def ask_role(
    chain: Sequence[Member],
    prompt: MakePrompt,
    ctx: RunContext,
    *,
    role: str,
    layer: int,
    parse: Callable[[str], T | None],
    parse_calls: Callable[[Sequence[Mapping[str, Any]]], T | None] | None = None,
    schema: Schema | None = None,
    attempts: int = 2,
    draw: Callable[[Member], int] = lambda _member: 0,
    index: int = 0,
    params: Mapping[str, Any] = VERDICT_PARAMS,
    stream: bool = False,
    reserve: int = 1,
    deadline: Deadline | None = None,
) -> RoleReply[T]:
    """Ask the members of a chain in order until a reply can be read.

    The first request to a member carries the schema if the member takes one. After an unreadable
    reply the same member is asked again with a message that says what was wrong, and without the
    schema unless the reply was of its form. After a failed call the next member is asked. An
    endpoint that refuses the schema is asked again without it, and not offered it again.
    Unreadable replies are flagged.

    Args:
        chain: The member that plays the role, and those that take over.
        prompt: Messages for a member. They say in words what form the reply has.
        ctx: The run.
        role: Name of the role in the report.
        layer: Layer or round, from 1.
        parse: Reads a reply. None, or `Unreadable` with a reason, if it cannot be read.
        parse_calls: Reads the tool calls of a reply that has some, instead of its text.
        schema: JSON schema of the reply, with a title. None: the role writes text.
        attempts: Requests to one member at most.
        draw: Number of earlier requests to a member in this run.
        index: Index of the first request among all in this role and layer.
        params: Sampling defaults of the role.
        stream: Passes tokens on to the caller: only for a method's last role.
        reserve: Calls that the budget must have left after this one, for the answer itself.
        deadline: Ends a call that is late. None: the role waits.

    Returns:
        The value with its source, and all calls that were made.
    """
    asked: list[Candidate] = []
    for member in chain:
        original = messages = prompt(member)
        unread, first, in_form = 0, len(asked), True
        while unread < attempts and not _is_over(asked, ctx, deadline, reserve):
            held = _held(schema if in_form else None, member)
            reply = await ask(
                member,
                messages,
                ctx,
                role=role,
                index=index + len(asked),
                draw=draw(member) + len(asked) - first,
                layer=layer,
                params={**params, **held},
                stream=stream,
                deadline=deadline,
            )
            asked.append(cut_echo(reply, messages))
            if reply["status"] != "ok" and held and _remember_refusal(member, reply):
                continue  # a refused schema is no attempt: nothing was written
            if reply["status"] != "ok":
                break
            text = without_middle(reply_text(reply, schema), _MOST_READ)
            shown = original if schema else []
            value, wrong = await _read_off_loop(reply, text, shown, parse, parse_calls)
            in_form = bool(held and schema and follows(text, schema))
            if value is not None:
                return _read(value, reply, asked, schema, in_form=in_form)
            _flag(reply, wrong, ctx, dropped=stream)
            messages, unread = _asked_again(messages, text, wrong, schema), unread + 1
    return _fallback(asked, schema)


def reply_text(reply: Candidate, schema: Schema | None) -> str:
    """Return a reply's text, or the arguments of the tool call that stands for the schema."""
    for call in reply.get("tool_calls", []) if schema else []:
        if schema and call.get("name") == schema["title"]:
            return json.dumps(call.get("args"), default=str)
    return reply["text"]


def cut_echo(reply: Candidate, messages: Sequence[BaseMessage]) -> Candidate:
    """Cut our fence from a reply that repeats it, if the prompt had one; return the reply."""
    if reply["status"] != "ok" or not any(FENCE in message.text for message in messages):
        return reply
    text = without_fence(reply["text"])
    if text and text != reply["text"]:
        reply["text"] = text
        reply.pop("content", None)  # the same text in blocks
    return reply


def _read(
    value: T, reply: Candidate, asked: list[Candidate], schema: Schema | None, *, in_form: bool
) -> RoleReply[T]:
    """Return a reply that was read; the call says how, for the report."""
    source: Source = "model" if in_form else "parser"
    if schema is not None:
        reply["read"] = source
    return RoleReply(value, source, reply, asked)


def _fallback(asked: list[Candidate], schema: Schema | None) -> RoleReply[Any]:
    """Return a reply without a value; the last call says so, for the report."""
    if asked and schema is not None:
        asked[-1]["read"] = "fallback"
    return RoleReply(None, "fallback", None, asked)


def _held(schema: Schema | None, member: Member) -> Mapping[str, Any]:
    """Return the request parameters of a schema; none for a member that has refused one."""
    if schema is None or member.identity in _no_schema:
        return {}
    return request_params(schema, member.model)


def _remember_refusal(member: Member, reply: Candidate) -> bool:
    """Remember that the endpoint refused a schema; False if the failure has another cause."""
    error = reply["error"]
    if error is None or error["kind"] != "invalid_request":
        return False
    _no_schema.add(member.identity)
    return True


def forget_all() -> None:
    """Forget which endpoints refused a schema, as a new process would."""
    _no_schema.clear()


def _is_over(
    asked: Sequence[Candidate], ctx: RunContext, deadline: Deadline | None, reserve: int
) -> bool:
    """Say whether nobody may be asked any more: it is too late, or the budget has no room."""
    return bool(asked and _late(deadline)) or bool(reserve and ctx.exhausted(1 + reserve))


def _late(deadline: Deadline | None) -> bool:
    return deadline is not None and deadline.reached.is_set()


async def _read_off_loop(
    reply: Candidate,
    text: str,
    shown: Sequence[BaseMessage],
    parse: Callable[[str], T | None],
    parse_calls: Callable[[Sequence[Mapping[str, Any]]], T | None] | None,
) -> tuple[T | None, str]:
    """Return the same as `_understood`; what is long is read in a worker thread."""
    read = partial(_understood, reply, text, shown, parse, parse_calls)
    size = len(text) + sum(len(message.text) for message in shown)
    return await in_thread(WORKERS, read) if size > _QUICK else read()


def _understood(
    reply: Candidate,
    text: str,
    shown: Sequence[BaseMessage],
    parse: Callable[[str], T | None],
    parse_calls: Callable[[Sequence[Mapping[str, Any]]], T | None] | None,
) -> tuple[T | None, str]:
    """Return what a reply says, or what is wrong with it; note that its tool calls were read.

    Args:
        reply: The reply.
        text: Its text, or the arguments of the call that stands for the schema.
        shown: The prompt, which a reply must not repeat.
        parse: Reads a text.
        parse_calls: Reads tool calls, where they count instead of the text.
    """
    calls = reply.get("tool_calls")
    if parse_calls and calls:
        found = _parsed(parse_calls, calls)
    else:
        found = (None, ECHO) if _echoes(text, shown) else _parsed(parse, text)
    if found[0] is not None or parse_calls:
        calls_were_read(reply)
    return found


def _parsed(parse: Callable[[S], T | None], said: S) -> tuple[T | None, str]:
    """Return the value that was read, and the reason where it is None."""
    try:
        return parse(said), UNREADABLE
    except Unreadable as error:
        return None, str(error) or UNREADABLE


def _echoes(text: str, messages: Sequence[BaseMessage]) -> bool:
    """Return whether a reply is the example that its prompt shows; small models copy it.

    An example without a sentence, such as {"score": 7}, can be a member's own verdict. What members
    wrote, inside our fence, is no example.
    """
    whole = "\n".join(message.text for message in messages if message.type != "ai")
    prompt = with_short_blocks(whole, 0)
    shown = [line for line in _EXAMPLE.findall(prompt) if _SENTENCE.search(line)]
    said = objects(text) if shown else []
    return bool(said) and any(said[-1] == one for line in shown for one in objects(line))


def _flag(reply: Candidate, wrong: str, ctx: RunContext, *, dropped: bool) -> None:
    reply["status"] = "flagged"
    reply["error"] = Failure(kind="malformed", message=wrong, retriable=True, maybe_billed=False)
    if dropped:
        ctx.emit("dropped", member=reply["member"], message_id=reply["message_id"])


def _asked_again(
    messages: Sequence[BaseMessage], text: str, wrong: str, schema: Schema | None
) -> list[BaseMessage]:
    """Return the prompt with the unreadable reply and a user turn that says what was wrong."""
    form = "" if schema is None else f" It must be {described(schema)}, and nothing else."
    reason = f"Your last reply cannot be used: {wrong}.{form} Write it again, in full."
    if wrong == ECHO:  # what is no longer shown, a small model does not copy again
        return [*map(_without_example, messages), HumanMessage(reason)]
    return [*messages, AIMessage(text[:_QUOTED] or "(empty)"), HumanMessage(reason)]


def _without_example(message: BaseMessage) -> BaseMessage:
    if not isinstance(message.content, str) or message.type == "ai":
        return message
    return message.model_copy(update={"content": _EXAMPLE.sub("", message.content)})
