"""LUMOS: two sets of annotations, for a planner and for a grounder.

From a trajectory with tool calls: the thoughts are the subgoals, the calls their groundings. Both
are written iteratively, as the paper's `lumos_I`, and at once, as its `lumos_O`. The turns, the
marks in them and the numbers of results, which go on from subgoal to subgoal, are those of the
authors' converter; the wording of the requests is ours. What `create_lumos` has recorded of a
planner or a grounder is written as it was asked.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, all_trained, chat_of, json_text, tool_lines
from manyminds.export.messages import Message, NotHeldError
from manyminds.export.react import observed, question_of, turns_of, with_calls
from manyminds.trajectory import Trajectory

_EMPTY = "Initial Environment Description: None."
_KNOWN = "The grounding could be based on the following results:"
_ROLES = {"planner": "plan", "grounder": "ground"}


class LumosMessage(TypedDict):
    """A message."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["user", "assistant"]
    content: str


class LumosRow(TypedDict):
    """An annotation; `dataset` ends with `plan` or `ground`, and `_iterative` or `_onetime`."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    dataset: str
    id: str
    messages: list[LumosMessage]


class _Subgoal(NamedTuple):
    text: str
    calls: list[str]
    result: str


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield iterative annotations for planner and grounder, then those for all subgoals at once."""
    part = _ROLES.get(trajectory.role or "") if trajectory.method == "lumos" else None
    if part is not None:
        turns = turns_of(trajectory)
        said = [("user" if t["side"] == "user" else "assistant", t["text"]) for t in turns]
        yield _row(trajectory, part, said)
        return
    messages = chat_of(with_calls(trajectory))
    all_trained(messages)
    subgoals = list(_subgoals(messages))
    if not subgoals:
        raise NotHeldError("no tool call to ground")
    task = question_of(trajectory)
    head = _head(trajectory, task)
    yield _row(trajectory, "plan", list(_plan(task, subgoals)))
    yield _row(trajectory, "ground", list(_ground(head, subgoals)))
    for part, said in _at_once(head, task, subgoals):
        yield _row(trajectory, part, said, "onetime")


def _subgoals(messages: Sequence[Message]) -> Iterator[_Subgoal]:
    for place, message in enumerate(messages):
        calls = message.get("tool_calls", [])
        if not calls:
            continue
        if not message["content"]:
            raise NotHeldError("a tool call without a thought, which would be its subgoal")
        written = [
            f"{call['function']['name']}({_arguments(call['function']['arguments'])})"
            for call in calls
        ]
        seen: list[str] = []
        for answer in messages[place + 1 :]:
            if answer["role"] == "assistant":
                break
            seen.append(observed(answer).removeprefix("Observation:").strip())
        yield _Subgoal(message["content"], written, seen[-1] if seen else "")


def _plan(task: str, subgoals: Sequence[_Subgoal]) -> Iterator[tuple[str, str]]:
    yield (
        "user",
        f"Plan the task in subgoals, one at a time.\nTask: {task}; {_EMPTY}",
    )
    for n, subgoal in enumerate(subgoals, 1):
        go_on = "No, I will keep planning. " if n > 1 else ""
        yield "assistant", f"{go_on}Subgoal {n}: {subgoal.text}"
        result = subgoal.result.strip(".")
        yield (
            "user",
            f"The executed result for Subgoal {n} is {result}. Should we stop planning?",
        )
    yield "assistant", "Yes, I will stop planning."


def _ground(head: str, subgoals: Sequence[_Subgoal]) -> Iterator[tuple[str, str]]:
    known, first = "", 1
    for n, subgoal in enumerate(subgoals, 1):
        asked = f"Subgoal to be grounded: Subgoal {n}: {subgoal.text}"
        yield "user", f"{head if n == 1 else ''}{asked}{f' {_KNOWN}{known}' if known else ''}\n"
        yield "assistant", _numbered(subgoal.calls, first)
        known += f" The execution result for Subgoal {n} is {subgoal.result}"
        first += len(subgoal.calls)


def _at_once(
    head: str, task: str, subgoals: Sequence[_Subgoal]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield plan and grounding as one turn each."""
    plan = "; ".join(f"Subgoal {n}: {one.text}" for n, one in enumerate(subgoals, 1))
    asked = f"Plan the task in subgoals, all at once.\nTask: {task}; {_EMPTY}"
    yield "plan", [("user", asked), ("assistant", plan)]
    calls = [call for one in subgoals for call in one.calls]
    asked = f"{head}Subgoals to be grounded: {plan}\n"
    yield "ground", [("user", asked), ("assistant", _numbered(calls, 1))]


def _head(trajectory: Trajectory, task: str) -> str:
    """Return what a grounder is told first: the tools by name, what each does, and the task."""
    lines = tool_lines(trajectory.tools).splitlines()
    names = ", ".join(f"'{line.partition('(')[0]}'" for line in lines)
    about = "; ".join(line.rstrip(".") for line in lines)
    listed = f"The tools are {names}.\n{about}.\n\n" if lines else ""
    return f"Ground the subgoals in calls of tools.\n\n{listed}Task: {task} \n"


def _numbered(calls: Sequence[str], first: int) -> str:
    return "; ".join(f"R{n} = {call}" for n, call in enumerate(calls, first))


def _arguments(arguments: dict[str, Any]) -> str:
    """Return arguments as the authors write them: a lone text without quotes."""
    values = list(arguments.values())
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return ", ".join(json_text(value) for value in values)


def _row(
    trajectory: Trajectory, part: str, said: Sequence[tuple[str, str]], how: str = "iterative"
) -> Row:
    return {
        "dataset": f"manyminds_{part}_{how}",
        "id": f"{trajectory.id}_{part}" if how == "iterative" else f"{trajectory.id}_{part}_{how}",
        "messages": [{"role": role, "content": text} for role, text in said],
    }


EXPORTER = Exporter(
    "lumos", "LUMOS: annotations for planner and grounder", LumosRow, rows,
    take="episodes", paper="arXiv 2311.05657",
)  # fmt: skip
