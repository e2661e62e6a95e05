"""LangChain tools as an environment: an agent calls them by name until it gives its answer."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from langchain_core.tools import BaseTool
from langchain_core.tools import tool as as_tool
from pydantic import ValidationError
from typing_extensions import TypedDict

from manyminds.environments import Environment, environment
from manyminds.environments.environment import ANSWERED, Step, Tool
from manyminds.errors import InputError
from manyminds.reading.actions import FINISH, Action

Reward: TypeAlias = Callable[[str, str], float | None]
"""Function from the question and the answer to the reward from 0 to 1; None: it is not known."""
ToolLike: TypeAlias = BaseTool | Callable[..., Any]


def environment_of(given: "Environment | str | ToolLike | Sequence[ToolLike]") -> Environment:
    """Return an environment: the one given or named, or one with the tools given.

    Raises:
        InputError: There is no environment of that name, or the tools cannot be used.
    """
    if isinstance(given, str) or hasattr(given, "reset"):
        return environment(cast("Environment | str", given))
    tools = given if isinstance(given, list | tuple) else [given]
    return ToolEnvironment(cast("Sequence[ToolLike]", tools))


class ToolState(TypedDict):
    """State of an episode."""

    question: str
    answer: str
    done: bool


class ToolEnvironment:
    """LangChain tools, and `finish` for the answer.

    A call runs to its end, so give an interaction a `timeout`. A run that is resumed may repeat the
    calls of the step at which it stopped.

    Args:
        tools: LangChain tools, or functions with annotations and a docstring.
        reward: Function from the question and the answer to the reward. Default: not known.
        name: Name in reports and trajectories.
        about: Description of the environment, in a sentence.

    Raises:
        InputError: There is no tool, or two have one name.
    """

    def __init__(
        self,
        tools: Sequence[ToolLike],
        *,
        reward: Reward | None = None,
        name: str = "tools",
        about: str = "You answer a question with the help of tools.",
    ) -> None:
        self.name, self.about, self._reward = name, about, reward
        given = [each if isinstance(each, BaseTool) else as_tool(each) for each in tools]
        self._by_name = {each.name: each for each in given}
        if not given or len(self._by_name) < len(given) or FINISH in self._by_name:
            raise InputError(
                f"tools: give at least one, with names that differ and are not {FINISH!r}"
            )
        self.tools: Sequence[Tool] = [*map(described, given), ANSWERED]

    def reset(self, question: str) -> Step:
        """Start with a question."""
        return Step(ToolState(question=question, answer="", done=False), "")

    def step(self, state: ToolState, action: Action) -> Step:
        """Call a tool, or end with an answer."""
        if action.tool == FINISH:
            return Step({**state, "answer": action.argument, "done": True}, "The task has ended.")
        return Step(state, call(self._by_name[action.tool], action.argument))

    def done(self, state: ToolState) -> bool:
        """Return whether an answer was given."""
        return state["done"]

    def reward(self, state: ToolState) -> float | None:
        """Return the reward of the reward function."""
        return None if self._reward is None else self._reward(state["question"], state["answer"])

    def answer(self, state: ToolState) -> str:
        """Return the answer that was given."""
        return state["answer"]


def described(tool: BaseTool) -> Tool:
    """Return a LangChain tool as a prompt lists it."""
    fields = _fields(tool)
    one = next(iter(fields), "")
    argument = one if len(fields) < 2 else json.dumps({name: "..." for name in fields})
    about = " ".join((tool.description or "calls the tool.").split())
    return Tool(tool.name, argument, about[:500])


def call(tool: BaseTool, argument: str) -> str:
    """Call a tool with an argument as a model wrote it; return its result, or what is wrong.

    Args:
        tool: The tool.
        argument: JSON object of its parameters, or the value of the only one.
    """
    found = _arguments(tool, argument)
    given = found and {name: _declared(tool, name, value) for name, value in found.items()}
    if given is None:
        names = ", ".join(_fields(tool)) or "none"
        return f"Error: give one JSON object with the parameters of {tool.name}: {names}"
    try:
        if getattr(tool, "coroutine", None) is not None:
            result: object = asyncio.run(tool.ainvoke(cast("Any", given)))
        else:
            result = tool.invoke(cast("Any", given))
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return f"Error: {'; '.join(wrong)}"
    except Exception as error:  # a user's tool may raise anything
        return f"Error: {str(error) or type(error).__name__}"
    return result if isinstance(result, str) else json.dumps(result, default=str)


def _fields(tool: BaseTool) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = tool.args
    return fields


def _arguments(tool: BaseTool, argument: str) -> dict[str, Any] | None:
    fields = _fields(tool)
    try:
        parsed: object = json.loads(argument)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, dict) and ({*cast("dict[str, Any]", parsed)} <= {*fields} or not fields):
        return cast("dict[str, Any]", parsed)
    if len(fields) == 1:
        (name, schema), *_ = fields.items()
        text = isinstance(schema, Mapping) and cast("Mapping[str, Any]", schema).get("type")
        return {name: argument if text == "string" or parsed is None else parsed}
    values = _listed(argument)
    if len(fields) > 1 and values is not None and len(values) == len(fields):
        return dict(zip(fields, values, strict=True))
    return {} if not fields and not argument.strip() else None


def _declared(tool: BaseTool, name: str, value: Any) -> Any:
    """Return a number that was given for a text as its text: models write `{"zip": 1010}`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    schema = _fields(tool).get(name) or {}
    kinds = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf") or ())}
    return str(value) if {"string"} <= kinds <= {"string", "null", None} else value


def _listed(argument: str) -> list[Any] | None:
    """Return the values of a call without names, such as `2, "x"`."""
    try:
        found: list[Any] = json.loads(f"[{argument}]")
    except (ValueError, RecursionError):
        return None
    return found
