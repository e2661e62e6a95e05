"""Plans and grounded actions as LUMOS writes them: subgoals, and lines `R1 = tool(argument)`."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from manyminds.reading.actions import FINISH, Action, bracketed, called
from manyminds.reading.answers import extractor
from manyminds.reading.call_arguments import with_results
from manyminds.reading.reasoning import visible

_SUBGOAL = re.compile(r"\bsub-?goals?\s*(\d{1,3})\s*[*_]{0,3}\s*[:\uff1a.)-]\s*[*_]{0,3}", re.I)
_STOP = re.compile(
    r"\b(?:yes\b[^.\n]{0,40}\bstop|stop(?:ping)? planning|(?:can|should) stop)", re.I
)
_GO_ON = re.compile(r"\b(?:no\b|keep planning|not stop|continue)", re.I)
_NAMED = re.compile(r"\b(R\d{1,3})\s*=\s*")
_LONGEST = 600
MOST = 20
"""Subgoals, and actions, that are read of one reply at most."""


class Grounded(NamedTuple):
    """An action and the name of its result."""

    name: str
    action: Action


def read_subgoals(reply: str) -> list[str]:
    """Return the subgoals in a reply; one without the word is a single subgoal as a whole."""
    text = visible(reply).strip()
    found = list(_SUBGOAL.finditer(text))[:MOST]
    ends = [*(each.start() for each in found[1:]), len(text)]
    goals = [
        " ".join(text[each.end() : end].split()).strip(" ;*")[:_LONGEST]
        for each, end in zip(found, ends, strict=bool(found))
    ]
    goals = [goal for goal in goals if goal]
    return goals or ([" ".join(text.split())[:_LONGEST]] if text and not found else [])


def read_next(reply: str) -> str | None:
    """Return the next subgoal, or "" where the planner stops; None where the two contradict."""
    text = visible(reply)
    named = _SUBGOAL.search(text) is not None
    head = text[: text.lower().find("subgoal")] if named else text
    stops = _STOP.search(head) is not None and _GO_ON.search(head) is None
    if named and stops:
        return None
    return read_subgoals(text)[0] if named and read_subgoals(text) else ""


def read_grounded(
    reply: str,
    tools: Sequence[str],
    *,
    first: int = 1,
    objects: Collection[str] = (),
    calls: Sequence[Mapping[str, Any]] = (),
) -> list[Grounded]:
    """Return the actions in a reply, in order; empty where there is none, or one cannot be read.

    A reply that states an answer and has no action is one action: `finish` with that answer.

    Args:
        reply: Text of the reply.
        tools: Names of the tools.
        first: Number of the first result that the reply does not name itself.
        objects: Tools whose argument is a JSON object.
        calls: Tool calls that the endpoint returned; where there are any, they are the actions.
    """
    if calls:
        return _numbered(called(calls, tools, objects=objects)[:MOST], first)
    text, actions = visible(reply), list[Grounded]()
    for match in _NAMED.finditer(text):
        action = bracketed(text[match.end() :], tools, whole=False, objects=objects)
        if action is None:
            return []
        actions.append(Grounded(match[1], action))
    if not actions:
        lines = [line.strip(" \t`*>-;") for line in text.splitlines()]
        found = [bracketed(line, tools, whole=True, objects=objects) for line in lines]
        actions = _numbered([action for action in found if action], first)
    if not actions and (answer := extractor("final").extract(text)) is not None:
        actions = [Grounded(f"R{first}", Action(FINISH, answer))]
    return actions[:MOST]


def _numbered(actions: Sequence[Action], first: int) -> list[Grounded]:
    return [Grounded(f"R{first + n}", action) for n, action in enumerate(actions)]


def filled(action: Action, results: Mapping[str, str], *, objects: Collection[str] = ()) -> Action:
    """Return an action with the results that its argument names.

    Args:
        action: The action.
        results: Results by name.
        objects: Tools that take several parameters.
    """
    several = action.tool in objects
    return Action(action.tool, with_results(action.argument, results, several=several))
