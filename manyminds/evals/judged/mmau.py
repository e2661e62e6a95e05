"""MMAU: tool use, mathematics and programs for contests (arXiv 2407.18961).

The files are those of the authors' data set: requests in the form of Chat Completions (`messages`,
`tools`), or with a `prompt`, and by part `target_message` with `target_message_match_rules`,
`target_plan_number`, `gt_answer` with `raw_problem`, tests with `input` and `output`, or
`target_output`. Of their folder the four files are read from which the authors make their figure,
the mean of the four parts. Only answers of mathematics that are not equal to the reference by value
need a judge, which is shown the problem without the authors' instructions.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from manyminds.errors import InputError
from manyminds.evals.judged.task import Check, Item, JudgedTask
from manyminds.evals.judged.tool_calls import arguments_of, expected, meets
from manyminds.evals.sandbox import Limits, passes
from manyminds.reading.answers import EXTRACTORS

_PLAN = re.compile(r"chosen plan\W{0,8}(\d+)", re.IGNORECASE)
_ANSWER = re.compile(r"#?ANSWER#?:?\s*")
_TESTS = ("public_tests", "private_tests", "generated_tests")
_SECONDS = 3  # of processor time for one test, as the authors allow
_MOST_SECONDS = 120

# The program reads standard input and writes standard output; both are buffers here.
_RUNNER = """\
import io, sys
def solve(text):
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    sys.stdout = io.TextIOWrapper(io.BytesIO(), write_through=True)
    try:
        exec(compile(SOURCE, "answer", "exec"), {{"__name__": "__main__"}})
    except SystemExit:
        pass
    sys.stdout.flush()
    return sys.stdout.buffer.getvalue().decode()
SOURCE = {source!r}
"""
_CHECKER = """\
def same(found, wanted):
    found, wanted = found.strip(), wanted.strip()
    if found.replace(" ", "") == wanted.replace(" ", ""):
        return True
    try:
        return abs(float(found) - float(wanted)) <= 1e-4 * max(1.0, abs(float(wanted)))
    except ValueError:
        return False
def check(candidate):
    for given, wanted in {tests!r}:
        assert same(candidate(given), wanted)
"""


def _read(row: Mapping[str, Any], number: str) -> Item:
    said = _conversation(row)
    asked = str(row.get("raw_problem") or said[-1].text)
    group, reference, check, needs_judge = _graded(row)
    id = str(row.get("id") or row.get("deliverable_id") or number)
    tools = tuple(row["tools"]) if "target_message" in row else ()
    return Item(
        id, (asked,), (reference,), (), group, check, needs_judge, conversation=said, tools=tools
    )


def _conversation(row: Mapping[str, Any]) -> tuple[BaseMessage, ...]:
    listed = row.get("messages") or [{"role": "user", "content": row["prompt"]}]
    said = tuple(_message(one) for one in listed)
    if not said[-1].text or isinstance(said[-1], AIMessage | SystemMessage):
        raise ValueError("nothing is asked")
    return said


def _message(one: Mapping[str, Any]) -> BaseMessage:
    content = one.get("content") or ""
    text = content if isinstance(content, str | list) else json.dumps(content)
    if one["role"] == "assistant":
        calls = [
            {
                "id": call.get("id"),
                "name": call["function"]["name"],
                "args": dict(arguments_of(call["function"]["arguments"]) or {}),
            }
            for call in one.get("tool_calls") or []
        ]
        return AIMessage(text, tool_calls=calls)
    if one["role"] == "tool":
        return ToolMessage(text, tool_call_id=str(one.get("tool_call_id")), name=one.get("name"))
    return SystemMessage(text) if one["role"] == "system" else HumanMessage(text)


def _graded(row: Mapping[str, Any]) -> tuple[str, str | None, Check, bool]:
    """Return the part of a row, its reference, its check, and whether it may need a judge."""
    if row.get("target_message") is not None:
        return "Tool execution", None, _message_as_expected(row), False
    if row.get("target_plan_number") is not None:
        return "Tool plan", None, _plan(int(row["target_plan_number"])), False
    if row.get("gt_answer") is not None:
        return "Math", str(row["gt_answer"]), _value(str(row["gt_answer"])), True
    if row.get("target_output") is not None:
        return "Code", None, _lines(str(row["target_output"])), False
    tests = [
        (str(given), str(wanted))
        for name in _TESTS
        if row.get(name)
        for given, wanted in zip(row[name]["input"], row[name]["output"], strict=True)
    ]
    if not tests:
        raise ValueError("neither a tool, nor a plan, nor mathematics, nor a program")
    return "Code", None, _program(tests), False


def _message_as_expected(row: Mapping[str, Any]) -> Check:
    wanted = expected(row["target_message"], row.get("target_message_match_rules"))

    async def check(answer: str, _limits: Limits | None) -> bool:
        return meets(answer, wanted)

    return check


def _plan(target: int) -> Check:
    async def check(answer: str, _limits: Limits | None) -> bool:
        chosen = _PLAN.search(answer)
        return chosen is not None and int(chosen[1]) == target

    return check


def _value(target: str) -> Check:
    """Check mathematics: equal by value is right; everything else is for the judge."""
    kind, wanted = EXTRACTORS["math"], target.replace("**", "^")  # written as in Python

    async def check(answer: str, _limits: Limits | None) -> bool | None:
        stated = (_stated(answer) or "").replace("**", "^").strip(" .$")
        return True if stated and kind.equivalent(stated, wanted) else None

    return check


def _lines(target: str) -> Check:
    wanted = [line.strip() for line in target.splitlines() if line.strip()]

    async def check(answer: str, _limits: Limits | None) -> bool:
        stated = _stated(answer) or ""
        return [line.strip() for line in stated.splitlines() if line.strip()] == wanted

    return check


def _stated(answer: str) -> str | None:
    """Return what follows the last ANSWER, as the questions ask for; None where it is missing."""
    marks = list(_ANSWER.finditer(answer))
    return answer[marks[-1].end() :].strip() if marks else None


def _program(tests: Sequence[tuple[str, str]]) -> Check:
    async def check(answer: str, limits: Limits | None) -> bool:
        if limits is None:
            raise InputError("MMAU's programs must be run to be graded: allow it with --run-code")
        source = EXTRACTORS["code"].extract(answer)
        if source is None:
            return False
        seconds = min(_MOST_SECONDS, _SECONDS * len(tests))
        allowed = replace(limits, cpu_seconds=seconds, wall_seconds=2.0 * seconds)
        program, checker = _RUNNER.format(source=source), _CHECKER.format(tests=list(tests))
        return bool(await passes(program, "solve", checker, limits=allowed))

    return check


TASK = JudgedTask(
    "mmau",
    "MMAU, arXiv 2407.18961",
    "grade",
    _read,
    scale=(0, 1),
    files=(
        "tool_use_execution_all_*",
        "tool_use_plan_with_reasoning_all_*",
        "code_contests_regular_*",
        "math_standard_*",
    ),
    left_out={
        "code_kaggle*": "notebooks run on a data archive, and a model reads what they show",
        "code_contests_plan_*": "another model writes the programs from the plans",
    },
)
