"""Reflexion: try, check, write down what went wrong, try again.

Paper: "Reflexion: Language Agents with Verbal Reinforcement Learning", arXiv 2303.11366.
"""

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore
from typing_extensions import TypeIs

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    InputError,
    Member,
    MethodGraph,
    Options,
    SampledState,
    State,
    Unpack,
    Update,
    as_members,
    escaped,
    is_node,
    method,
    ok,
    with_roles,
)
from manyminds.nodes.checker import Check, MemberCheck, checker
from manyminds.nodes.tries import earlier, latest
from manyminds.runs.context import RunContext
from manyminds.runs.journal_backends import called

ATTEMPT, CHECK, LESSON = "reflexion/attempt@1", "reflexion/check@1", "reflexion/lesson@1"
NAMESPACE = ("manyminds", "reflexion")
UNKNOWN = "It did not pass; nothing more is known."


class ReflexionState(SampledState, total=False):
    """Channels of Reflexion; `candidates` are all tries."""

    lessons: list[str]
    feedback: str
    passed: bool | None


class ReflexionOutput(CandidatesOutput):
    """The answer, the report, all tries, the lessons, and whether the answer passed."""

    lessons: list[str]
    passed: bool | None


@method(
    "reflexion",
    paper="Reflexion: Language Agents with Verbal Reinforcement Learning, arXiv 2303.11366",
    calls="3 * tries - 2",
    use="Answers that can be checked, such as code by tests: give the check as a function.",
)
def create_reflexion(
    member: Askable,
    *,
    check: Check | Askable | Sequence[Askable] | None = None,
    tries: int = 3,
    memory: int = 3,
    task: str | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build Reflexion: an answer that does not pass is tried again with a lesson written from it.

    Use it where an answer can be checked: code by its tests, a plan by rules. Give such a check;
    a member that checks itself misses most of its own mistakes. The check never sees the reference
    answer of an evaluation unless you give it one.

    Args:
        member: who tries, and writes the lessons.
        check: a function, sync or async, from the text of an answer to whether it passes, or to
            (passes, what is wrong); or a member that judges, or a fallback chain of members.
            Default: the member itself.
        tries: answers at most: up to 2 * tries - 1 calls with a function. A member that judges adds
            one a try but the last, after which nothing could follow.
        memory: how many of the latest lessons are shown, and kept in the store where the graph
            is compiled with one.
        task: lessons in the store are about this, for all questions; default: each question has its
            own. The samples of an Agent Forest keep theirs apart.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "lessons", "passed"}. `passed` is None where the answer was not checked.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if tries < 1 or memory < 1:
        raise InputError(f"tries={tries}, memory={memory}: give at least 1 of each")
    judges: tuple[Member, ...] = ()
    if is_function(check):
        (one,) = as_members([member], what="member")
    else:
        (one,), judges = with_roles([[member]], check)
    graph = MethodGraph(
        "reflexion", [one, *judges], state=ReflexionState, output=ReflexionOutput, **options
    )
    attempt = graph.prompt(ATTEMPT, variables={"answer", "lessons"})
    judged = graph.prompt(CHECK, variables={"answer"}) if judges else None
    learn = graph.prompt(LESSON, variables={"answer", "feedback"})
    how = check if judged is None else MemberCheck(judges, judged, first=0)
    assert is_function(how) or isinstance(how, MemberCheck)

    async def recall(_state: State, ask: Ask) -> Update:
        return {"lessons": (await recalled(task, ask.run))[-memory:]}

    async def solve(state: State, ask: Ask) -> Update:
        lessons = "\n".join(f"- {escaped(lesson)}" for lesson in state["lessons"])
        failed = [latest(state)] if state["candidates"] else ""
        question = attempt.fill(lessons=lessons, answer=failed) if lessons or failed else None
        last = bool(judges) and ask.layer == tries
        reply = await ask(one, question, stream=last)
        if ok(reply):
            return {"candidates": [reply], "final": reply if last else None}
        if ask.layer == 1:
            ask.require(reply)
        return {"candidates": [reply], **earlier(state, reply, f"try {ask.layer}")}

    async def reflect(state: State, ask: Ask) -> Update:
        feedback = escaped(state["feedback"]) or UNKNOWN
        reply = await ask(one, learn.fill(answer=[latest(state)], feedback=feedback))
        if not ok(reply):
            return earlier(state, reply, f"the reflector of try {ask.layer}")
        lessons = [*state["lessons"], reply["text"].strip()][-memory:]
        await remember(task, lessons, ask.run)
        return {"lessons": lessons}

    graph.open("memory", lessons=[], feedback="", passed=None)
    graph.step("memory", recall)
    graph.step("solver", solve, opens=True, asks=[one])
    checking = checker(how, method="reflexion", tries=tries, context=graph.settings)
    if judges:
        graph.role("checker", judges, checking)
    else:
        graph.add_node("checker", checking)
    graph.step("reflector", reflect, asks=[one])
    graph.add_edge("memory", "solver")
    graph.unless_done("solver", "checker")
    graph.unless_done("checker", "reflector")
    graph.unless_done("reflector", "solver")
    return graph.close(keys=["lessons", "passed"])


def is_function(check: Check | MemberCheck | Askable | Sequence[Askable] | None) -> TypeIs[Check]:
    """Return whether a check is a function, and not a member."""
    return is_node(check)


async def recalled(task: str | None, run: RunContext) -> list[str]:
    """Return the lessons of earlier runs, where the graph was compiled with a store."""
    store = _store()
    item = None if store is None else await called(store, "get", NAMESPACE, _key(task, run))
    kept: list[Any] = [] if item is None else item.value.get("lessons", [])
    return [str(lesson) for lesson in kept]


async def remember(task: str | None, lessons: list[str], run: RunContext) -> None:
    """Put the lessons where the next run finds them; without a store they end with this one."""
    store = _store()
    if store is not None:
        await called(store, "put", NAMESPACE, _key(task, run), {"lessons": lessons})


def _store() -> BaseStore | None:
    return get_runtime().store


def _key(task: str | None, run: RunContext) -> str:
    """Lessons about one question, or one task; the samples of a forest keep theirs apart."""
    return f"{run.question_id if task is None else task}:{run.base}"
