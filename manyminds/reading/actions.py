r"""The action in a reply of the form Thought, Action, Observation, in the ways models write it.

    read_action("Thought: add them.\nAction: calculate[2 + 3]", ["calculate", "finish"])
    -> Move("add them.", Action("calculate", "2 + 3"), "")

Read are `tool[argument]` and `tool(argument)`, `Action:` with `Action Input:`, a JSON object,
`tool argument`, a code block, and `Final Answer:`; and tool calls that an endpoint returned beside
the text. What a model writes after its first action, such as an observation that it made up, is
left out. Where the action is in doubt, none is read.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from manyminds.reading import loose_json
from manyminds.reading.answers import extractor
from manyminds.reading.call_arguments import KEYWORD, keywords
from manyminds.reading.reasoning import split

FINISH = "finish"
"""Name of the tool that ends an episode with an answer."""
_LONGEST = 50_000
_HEADING = re.compile(
    r"^[ \t>*#_`-]{0,8}(thought|action[ _]?input|action|observation|final[ ]answer"
    "|\u601d\u8003|\u884c\u52a8\u8f93\u5165|\u52a8\u4f5c\u8f93\u5165|\u884c\u52a8|\u52a8\u4f5c|\u89c2\u5bdf|\u6700\u7ec8\u7b54\u6848)"
    r"[ ]?\d{0,3}[*_` ]{0,4}[:\uff1a][*_]{0,3}",
    re.IGNORECASE | re.MULTILINE,
)
_CHINESE = {
    **{
        "\u601d\u8003": "thought",
        "\u89c2\u5bdf": "observation",
        "\u6700\u7ec8\u7b54\u6848": "finalanswer",
    },
    **{"\u884c\u52a8": "action", "\u52a8\u4f5c": "action"},
    **{"\u884c\u52a8\u8f93\u5165": "actioninput", "\u52a8\u4f5c\u8f93\u5165": "actioninput"},
}
_NO_ACTION = re.compile(r"(?:none|n/?a|no action\b.{0,40}|-*)[.!]?", re.IGNORECASE)
_FENCE = re.compile(r"```[\w+-]{0,20}[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d"}
_NAMES = ("action", "tool", "name", "function", "tool_name")
_ARGUMENTS = ("action_input", "actioninput", "arguments", "args", "input", "parameters")


class Action(NamedTuple):
    """A tool and the text that it is given."""

    tool: str
    argument: str

    def __str__(self) -> str:
        """Write the action in its one canonical form: `tool[argument]`."""
        return f"{self.tool}[{self.argument}]"


class Move(NamedTuple):
    """What a reply does in one step.

    Attributes:
        thought: The reasoning before the action; may be empty.
        action: The action; None where none can be read.
        wrong: Why no action can be read, for the model that wrote the reply.
    """

    thought: str
    action: Action | None
    wrong: str


def read_action(
    reply: str,
    tools: Sequence[str],
    *,
    calls: Sequence[Mapping[str, Any]] = (),
    objects: Collection[str] = (),
) -> Move:
    """Return the thought and the first action of a reply.

    Args:
        reply: Text of the reply.
        tools: Names of the tools; a name may have several words, such as `go to`.
        calls: Tool calls that the endpoint returned, each with `name` and `args`.
        objects: Tools whose argument is a JSON object. The argument of any other tool is the value
            where a model wrote an object with one.
    """
    hidden, text = split(reply[:_LONGEST])
    parts = _parts(text)
    thought = next((body for name, body in parts if name == "thought" and body), "")
    thought = thought or next((body for name, body in parts if not name and body), "") or hidden
    if calls:
        action, wrong = _of_calls(calls, tools)
    elif any(name == "action" for name, _ in parts):
        action, wrong = _after_heading(parts, tools)
    else:
        action, wrong = _without_heading(text, parts, tools)
    if action is not None and f"\n{action}" in thought:
        thought = thought.partition(f"\n{action}")[0]
    return Move(thought.strip(), action and _unwrapped(action, objects), wrong)


def _parts(text: str) -> list[tuple[str, str]]:
    """Split at the headings; "" names the beginning. A turn that the model made up is cut off."""
    parts: list[tuple[str, str]] = []
    name, begin = "", 0
    for heading in [*_HEADING.finditer(text), None]:
        body = text[begin : len(text) if heading is None else heading.start()].strip()
        if body or name:
            parts.append((name, body))
        if heading is None:
            break
        said = re.sub(r"[ _]", "", heading[1].casefold())
        name, begin = _CHINESE.get(said, said), heading.end()
        acted = any(each == "action" and not _NO_ACTION.fullmatch(body) for each, body in parts)
        if name == "observation" or (acted and name == "thought"):
            break
    return [part for part in parts if part[0] != "action" or not _NO_ACTION.fullmatch(part[1])]


def _of_calls(
    calls: Sequence[Mapping[str, Any]], tools: Sequence[str]
) -> tuple[Action | None, str]:
    asked = {_of_call(one, tools) for one in calls}
    if len(asked) > 1:
        return None, "the reply calls several tools: call one and wait for its observation"
    action, name = asked.pop(), str(calls[0].get("name"))[:80]
    return action, "" if action else f"there is no tool `{name}`: use one of {', '.join(tools)}"


def called(
    calls: Sequence[Mapping[str, Any]], tools: Sequence[str], *, objects: Collection[str] = ()
) -> list[Action]:
    """Return the actions of an endpoint's tool calls, in order; none where a tool is unknown."""
    found = [_of_call(one, tools) for one in calls]
    return [_unwrapped(one, objects) for one in found if one] if all(found) else []


def _of_call(call: Mapping[str, Any], tools: Sequence[str]) -> Action | None:
    tool = _named(str(call.get("name")), tools)
    return None if tool is None else Action(tool, _text(call.get("args") or ""))


def _after_heading(
    parts: Sequence[tuple[str, str]], tools: Sequence[str]
) -> tuple[Action | None, str]:
    given = [body for name, body in parts if name == "action"]
    inputs = [body for name, body in parts if name == "actioninput"]
    if len(set(given)) > 1 or len(set(inputs)) > 1:
        return None, "the reply has several actions: write one action and wait for its observation"
    action = _action(given[0], tools, inputs[0] if inputs else None)
    said = [body for name, body in parts if name == "finalanswer" and body]
    if action == Action(FINISH, "") and said:
        action = Action(FINISH, said[0])
    if action is not None:
        return action, ""
    shown = " ".join(given[0].split())[:80] or "(nothing)"
    return None, f"there is no action `{shown}`: use one of {', '.join(tools)}"


def _without_heading(
    text: str, parts: Sequence[tuple[str, str]], tools: Sequence[str]
) -> tuple[Action | None, str]:
    said = [body for name, body in parts if name == "finalanswer" and body]
    if said and FINISH in tools:
        return Action(FINISH, said[0]), ""
    lines = [line.strip(" \t`*>-") for line in text.splitlines()]
    alone = {each for line in lines if (each := _bracketed(line, tools, whole=True)) is not None}
    alone = alone or set(_in_json(text, tools))
    if len(alone) == 1:
        return alone.pop(), ""
    if not alone and FINISH in tools and (answer := extractor("final").extract(text)) is not None:
        return Action(FINISH, answer), ""
    wrong = "the reply has several actions" if alone else "the reply has no action"
    return (
        None,
        f"{wrong}: end it with one line `Action: ...`, which uses one of {', '.join(tools)}",
    )


def _action(body: str, tools: Sequence[str], given: str | None) -> Action | None:
    """Read the text after `Action:`; `given` is the text after `Action Input:`."""
    body = body.strip().strip("*").strip()
    found = _from_json(body, tools)
    if found is not None:
        return found
    plain = _FENCE.sub(lambda fence: fence[1], body).strip().strip("`").strip()
    if given is not None:
        tool = _named(re.sub(r"[\[({].*", "", plain.partition("\n")[0]), tools)
        return None if tool is None else Action(tool, _value(given))
    found = _bracketed(plain, tools, whole=False)
    if found is not None:
        return None if _goes_on(plain, tools) else found
    return _by_prefix(body, tools) or _mentioned(plain, tools)


def _from_json(text: str, tools: Sequence[str]) -> Action | None:
    if not text.lstrip("` \n").removeprefix("json").lstrip().startswith("{"):
        return None
    return next(_in_json(text, tools), None)


def _in_json(text: str, tools: Sequence[str]) -> Iterator[Action]:
    """Yield the actions that JSON objects in a text name."""
    if "{" not in text:
        return
    for found in loose_json.objects(text):
        value = cast("dict[str, object]", found.value)
        keys = {key.casefold(): each for key, each in value.items()}
        tool = next((_named(str(keys[name]), tools) for name in _NAMES if name in keys), None)
        if tool is not None:
            argument = next((keys[name] for name in _ARGUMENTS if name in keys), "")
            yield Action(tool, _text(argument))


def _mentioned(text: str, tools: Sequence[str]) -> Action | None:
    """Read the one `tool[argument]` in a sentence; None where there are several."""
    starts = [match.start() for match in _mentions(text, tools)]
    return _bracketed(text[starts[0] :], tools, whole=False) if len(starts) == 1 else None


def _goes_on(text: str, tools: Sequence[str]) -> bool:
    """Return whether another action follows the first one on the same line."""
    opening = next(_mentions(text, tools), None)
    if opening is None:
        return False
    _, rest = _enclosed(text[opening.end() :], opening[1])
    return next(_mentions(rest.partition("\n")[0], tools), None) is not None


def _mentions(text: str, tools: Sequence[str]) -> Iterator[re.Match[str]]:
    names = "|".join(re.escape(tool) for tool in sorted(tools, key=len, reverse=True))
    return re.finditer(rf"\b(?:{names})[*_`\s]?([\[(])", text, re.IGNORECASE)


def _named(said: str, tools: Sequence[str]) -> str | None:
    plain = said.strip(" \t\n`*\"'.:").casefold()
    return next((tool for tool in tools if tool.casefold() == plain), None)


def bracketed(
    text: str, tools: Sequence[str], *, whole: bool, objects: Collection[str] = ()
) -> Action | None:
    """Read `tool[argument]`, with brackets inside brackets.

    Args:
        text: Text that begins with the tool.
        tools: Names of the tools.
        whole: Whether nothing may follow.
        objects: Tools whose argument is a JSON object.
    """
    found = _bracketed(text, tools, whole=whole)
    return found and _unwrapped(found, objects)


def _bracketed(text: str, tools: Sequence[str], *, whole: bool) -> Action | None:
    for tool in sorted(tools, key=len, reverse=True):
        match = re.match(rf"{re.escape(tool)}[*_`\s]{{0,3}}([\[({{])", text, re.IGNORECASE)
        if match is None:
            continue
        inside, rest = _enclosed(text[match.end() :], match[1])
        if inside is None or (whole and rest.strip(" .`*")):
            continue
        if match[1] == "(" and (named := _keywords(inside)) is not None:
            return Action(tool, named)
        return Action(tool, _value(inside if match[1] != "{" else f"{{{inside}}}"))
    return None


def _keywords(inside: str) -> str | None:
    """Return the arguments of a call with keywords, `name="x"`: the one value, else JSON."""
    given = keywords(inside)
    if given is not None:
        return _text(given)
    one = KEYWORD.match(inside)
    return None if one is None or "," in inside else _value(inside[one.end() :])


def _enclosed(text: str, opening: str) -> tuple[str | None, str]:
    """Return the text before the closing bracket, and after it; the rest of a line without."""
    closing, depth, quote = _CLOSING[opening], 1, ""
    paired = {char for char in "\"'" if text.count(char) > 1}
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in paired and not (at and text[at - 1].isalnum()):
            quote = char
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if not depth:
                return text[:at], text[at + 1 :]
    if closing in text:  # an apostrophe was taken for a quote
        inside, _, rest = text.rpartition(closing)
        return inside, rest
    return text.partition("\n")[0], ""


def _by_prefix(body: str, tools: Sequence[str]) -> Action | None:
    """Read `tool argument`: on one line, or with a code block as the argument."""
    for tool in sorted(tools, key=len, reverse=True):
        match = re.match(rf"`?{re.escape(tool)}`?(?=\s|:|$)[:\s]*", body, re.IGNORECASE)
        if match is None:
            continue
        rest = body[match.end() :]
        block = _FENCE.search(rest)
        return Action(tool, _value(block[1] if block else rest.partition("\n")[0]))
    return None


def _unwrapped(action: Action, objects: Collection[str]) -> Action:
    """Return the action with the one value of a JSON object: of `{"query": "x"}`, the x."""
    given = action.argument
    if action.tool in objects or not (given.startswith("{") and given.endswith("}")):
        return action
    found = loose_json.objects(given)
    inside = list(cast("dict[str, object]", found[0].value).values()) if len(found) == 1 else []
    if len(inside) != 1 or not isinstance(inside[0], str | int | float):
        return action
    return Action(action.tool, str(inside[0]))


def _value(text: str) -> str:
    """Return an argument without a code block or quotes around it."""
    text = text.strip()
    block = _FENCE.fullmatch(text)
    text = block[1].strip() if block else text
    if text.startswith("{") and text.endswith("}"):
        found = loose_json.objects(text)
        if len(found) == 1:
            return _text(found[0].value)
    if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text.count(text[-1]) <= 2:
        return text[1:-1].strip()
    return text


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
