"""Reflexion: try, check, write a lesson from the mistake, try again.

Paper: "Reflexion: Language Agents with Verbal Reinforcement Learning", arXiv 2303.11366.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from typing_extensions import TypedDict

from manyminds.aio import called
from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    Count,
    InputError,
    Member,
    MethodGraph,
    Options,
    Prompt,
    RoleArgument,
    Run,
    SampledState,
    State,
    Unpack,
    Update,
    earlier,
    escaped,
    latest,
    method,
    ok,
    score_schema,
    with_roles,
)
from manyminds.reading.roles import read_rating, reason_of
from manyminds.runs.context import RunContext
from manyminds.runs.memory import listed as written
from manyminds.runs.memory import recalled, remember

Outcome: TypeAlias = bool | tuple[bool, str]
Check: TypeAlias = Callable[[str], Outcome] | Callable[[str], Awaitable[Outcome]]
ATTEMPT, CHECK, LESSON = "reflexion/attempt@2", "reflexion/check@2", "reflexion/lesson@1"
ENOUGH = 7.0
SCORE = score_schema("check")
METHOD = "reflexion"
UNKNOWN = "It did not pass; nothing more is known."


class Checked(TypedDict):
    """Whether an answer passed, and the feedback of the check."""

    passed: bool
    feedback: str


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
    calls="3 * tries - 2 at most",
    use="Answers that can be checked, such as code by tests: give the check as a function.",
)
def create_reflexion(
    member: Askable,
    *,
    check: Check | Askable | Sequence[Askable] | None = None,
    tries: Count = 3,
    memory: Count = 3,
    task: str | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build Reflexion: an answer that does not pass is tried again with a lesson written from it.

    Use it where an answer can be checked: code by its tests, a plan by rules. Give such a check;
    a member that checks itself misses most of its own mistakes. The check never sees the reference
    answer of an evaluation unless you give it one.

    Args:
        member: Member that tries, and writes the lessons.
        check: Function, sync or async, from the text of an answer to whether it passes, or to
            (passes, what is wrong), such as `manyminds.evals.checks.passes_tests`; or a member
            that judges, or a fallback chain of members. Default: the member itself.
        tries: Number of answers, at most: up to 2 * tries - 1 calls with a function. A member that
            judges adds one a try but the last, after which nothing could follow.
        memory: Number of the latest lessons that are shown, and kept in the store if the graph is
            compiled with one.
        task: Subject of the lessons in the store, for all questions; default: each question has its
            own. The samples of an Agent Forest keep theirs apart.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "lessons", "passed"}. `passed` is None if the answer was not checked, as the last
        try is not by a member.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    (one,), judges = with_roles([[member]], cast("RoleArgument", check))
    graph = MethodGraph(
        "reflexion", [one, *judges], state=ReflexionState, output=ReflexionOutput, **options
    )
    nodes = _Reflexion(
        member=one,
        tries=tries,
        memory=memory,
        task=task,
        judged=bool(judges),
        attempt=graph.prompt(ATTEMPT, variables={"answer", "feedback", "lessons"}),
        lesson=graph.prompt(LESSON, variables={"answer", "feedback"}),
    )
    graph.open("memory", lessons=[], feedback="", passed=None)
    graph.step("memory", nodes.recall)
    graph.step("solver", nodes.solve, opens=True, asks=[one], times=tries)
    if judges:
        judged = graph.prompt(CHECK, variables={"answer"})
        graph.role("checker", judges, _judged(judges, judged, tries), times=tries)
    else:
        graph.step("checker", _tested(check, tries))
    graph.step("reflector", nodes.reflect, asks=[one], times=tries)
    graph.add_edge("memory", "solver")
    graph.unless_done("solver", "checker")
    graph.unless_done("checker", "reflector")
    graph.unless_done("reflector", "solver")
    return graph.close(keys=["lessons", "passed"])


@dataclass(frozen=True)
class _Reflexion:
    """The nodes of the member that tries, and their options.

    Attributes:
        member: Member that tries, and writes the lessons.
        tries: Number of answers, at most.
        memory: Number of lessons that are shown and kept.
        task: Subject of the lessons in the store. None: the question.
        judged: Whether a member checks the answers, so that the last one is not checked.
        attempt: Prompt of a try after the first.
        lesson: Prompt of a lesson.
    """

    member: Member
    tries: int
    memory: int
    task: str | None
    judged: bool
    attempt: Prompt
    lesson: Prompt

    async def recall(self, _state: State, ask: Ask) -> Update:
        """Recall the lessons of earlier runs."""
        return {"lessons": (await recalled(METHOD, self._key(ask.run)))[-self.memory :]}

    async def solve(self, state: State, ask: Ask) -> Update:
        """Try, with the lessons and the answer that did not pass."""
        failed = [latest(state)] if state["candidates"] else ""
        question = None
        if state["lessons"] or failed:
            feedback = escaped(state["feedback"])
            lessons = written(state["lessons"])
            question = self.attempt.fill(lessons=lessons, answer=failed, feedback=feedback)
        last = self.judged and ask.layer == self.tries
        reply = await ask(self.member, question, stream=last)
        if ok(reply):
            return {"candidates": [reply], "final": reply if last else None, "passed": None}
        if ask.layer == 1:
            ask.require(reply)
        return {"candidates": [reply], **earlier(state, reply, f"try {ask.layer}")}

    async def reflect(self, state: State, ask: Ask) -> Update:
        """Write a lesson from the answer that did not pass, and keep it."""
        feedback = escaped(state["feedback"]) or UNKNOWN
        question = self.lesson.fill(answer=[latest(state)], feedback=feedback)
        reply = await ask(self.member, question)
        if not ok(reply):
            return earlier(state, reply, f"the reflector of try {ask.layer}")
        lessons = [*state["lessons"], reply["text"].strip()][-self.memory :]
        await remember(METHOD, self._key(ask.run), lessons)
        return {"lessons": lessons}

    def _key(self, run: RunContext) -> str:
        """Lessons about one question, or one task; the samples of a forest keep theirs apart."""
        return f"{run.question_id if self.task is None else self.task}:{run.base}"


def _judged(judges: Sequence[Member], prompt: Prompt, tries: int) -> Run:
    """Return the step of a member that judges; without a readable verdict the answer stands."""

    async def run(state: State, ask: Ask) -> Update:
        question = prompt.fill(answer=[latest(state)])
        reply = await ask.verdict(judges, question, parse=read_verdict, schema=SCORE)
        notes = reply.notes("checker", "the answer was taken as it is")
        if reply.value is None:
            return {"passed": None, "final": latest(state), "notes": notes}
        return {**_outcome(state, reply.value, tries), "notes": notes}

    return run


def _tested(check: object, tries: int) -> Run:
    async def run(state: State, _ask: Ask) -> Update:
        return _outcome(state, await _checked(cast("Check", check), latest(state)["text"]), tries)

    return run


def _outcome(state: State, checked: Checked, tries: int) -> Update:
    """Return the update after a check; an answer that passes, or is the last, is the final one."""
    last = state["layer"] >= tries
    final = latest(state) if checked["passed"] or last else None
    failed = last and not checked["passed"]
    note = f"none of {tries} answers passed the check: this is the last one"
    return {**checked, "final": final, "notes": [note] if failed else []}


async def _checked(check: Check, text: str) -> Checked:
    outcome = await called(check, text)
    parts = outcome if isinstance(outcome, tuple) else (outcome, "")
    if len(parts) == 2 and isinstance(parts[0], bool) and isinstance(parts[1], str):
        return Checked(passed=parts[0], feedback=parts[1])
    raise InputError(f"the check returned {outcome!r}: return True, or False and what is wrong")


def read_scored(reply: str) -> tuple[bool, float] | None:
    """Return whether an answer passed, and its score from 0 to 10; None if none can be read."""
    score = read_rating(reply)
    return None if score is None else (score >= ENOUGH, score)


def read_verdict(reply: str) -> Checked | None:
    """Return the verdict of a reply that scores an answer; None if no score can be read."""
    score = read_rating(reply)
    if score is None:
        return None
    return Checked(passed=score >= ENOUGH, feedback=reason_of(reply)[:2_000])
