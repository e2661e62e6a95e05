"""Hierarchical sampling and voting: turn one unlikely answer into several likely ones.

Paper: "More Agents Is All You Need", arXiv 2402.05120 (prior probability; hierarchical).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from manyminds.answer_form import Extract, Task, answer_kind
from manyminds.authoring import (
    Ask,
    Askable,
    InputError,
    Member,
    MethodGraph,
    MethodOutput,
    MethodState,
    Options,
    Prompt,
    PromptLike,
    RoleArgument,
    Run,
    State,
    Unpack,
    Update,
    listed,
    method,
    object_schema,
    ok,
    with_roles,
)
from manyminds.fence import in_one_line
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.nodes.tally import Vote
from manyminds.reading.answers import Extractor
from manyminds.reading.verdicts import read_plan
from manyminds.runs.usage import spent_on, totals

LEVEL, PLAN = "hierarchical/level@1", "hierarchical/plan@2"
PLAN_SCHEMA = object_schema("plan", {"questions": {"type": "array", "items": {"type": "string"}}})


@dataclass(frozen=True)
class Level:
    """One level: its question and its voters.

    Args:
        ask: Question of this level; the findings of earlier levels are shown with it.
        members: Members to sample; default: the members of the method.
        samples: Number of samples, at most.
        extract: Reader of an answer, as for `create_agent_forest`.
        vote: Vote, as for `create_agent_forest`.
        stop: Stopping rule, as for `create_agent_forest`.
        task: Benchmark, as for `create_agent_forest`.
    """

    ask: str
    members: Sequence[Askable] | None = None
    samples: int = 10
    extract: Extract = "final"
    vote: Vote | None = None
    stop: str | None = None
    task: Task | None = None


class LevelResult(TypedDict):
    """Result of a level: its question, answer, members, votes and cost."""

    ask: str
    answer: str
    members: list[str]
    votes: list[dict[str, Any]]
    calls: int
    cost: float | None


class HierarchyState(MethodState, total=False):
    """Channels of hierarchical voting."""

    plan: list[str]
    levels: list[LevelResult]


class HierarchyOutput(MethodOutput):
    """The answer, the report, and each level with its votes and cost."""

    levels: list[LevelResult]


class Poll(NamedTuple):
    """A level with its Agent Forest.

    Attributes:
        ask: Question of the level; empty if a planner writes it.
        forest: The forest, as a member.
        voters: Names of its members.
        extract: Reader of the winner's answer.
    """

    ask: str
    forest: Member
    voters: list[str]
    extract: Extractor


@method(
    "hierarchical-voting",
    paper="More Agents Is All You Need, arXiv 2402.05120",
    calls="1 + levels * samples",
    use="The right answer is one of very many: vote on a range first, on the value then.",
)
def create_hierarchical_voting(
    members: Askable | Sequence[Askable],
    *,
    levels: Sequence[Level] | None = None,
    planner: RoleArgument = None,
    most: int = 4,
    last: Level | None = None,
    prompt: PromptLike = LEVEL,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build voting from coarse to fine, or part by part.

    Use it where the right answer is one of very many, so that samples scatter: vote on a range
    first and on the value within it then. Easy levels can go to cheap members, hard ones to
    strong ones.

    Args:
        members: Members to sample on every level that names no others.
        levels: Levels, coarse to fine. Without them a planner writes sub-questions.
        planner: Model that writes the plan: a member, a fallback chain, or a custom node that sets
            `plan`. Default: the first member.
        most: Number of levels in a plan, at most.
        last: Members and votes of the level that settles a planned question (its `ask` is not
            used), such as stronger members than those of the levels before.
        prompt: Prompt of a level, with the variables `question`, `found` and `ask`.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "levels"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    if levels is not None and (planner is not None or last is not None):
        raise InputError("give either levels, or a planner with `last`, not both")
    if levels is not None and not levels:
        raise InputError("levels: give at least one Level")
    given = levels or [Level(ask=""), last or Level(ask="")]
    voters = [listed(one.members or members) for one in given]
    everyone, *each, planners = with_roles([listed(members), *voters], planner)
    polls = [_poll(one, rows) for one, rows in zip(given, each, strict=True)]
    graph = MethodGraph(
        "hierarchical-voting",
        [*everyone, *(member for row in each for member in row), *planners],
        state=HierarchyState,
        output=HierarchyOutput,
        **options,
    )
    shown = graph.prompt(prompt, variables={"question", "found", "ask"})
    if levels is not None:
        graph.open("level-1", plan=[], levels=[])
        for nth, poll in enumerate(polls, 1):
            run = _fixed(poll, shown, nth == len(polls))
            graph.step(f"level-{nth}", run, role="level", asks=[poll.forest])
            graph.label(f"level-{nth}", poll.voters)
        for nth in range(1, len(polls)):
            graph.add_edge(f"level-{nth}", f"level-{nth + 1}")
        return graph.close(after=f"level-{len(polls)}", keys=["levels"])
    graph.open("planner", plan=[], levels=[])
    plan = graph.prompt(PLAN, variables={"most"})
    graph.role("planner", planners, _planner(planners, plan, most), given=planner, sets=["plan"])
    graph.step("level", _planned(polls[0], polls[1], shown), asks=[polls[0].forest], times=most)
    graph.label("level", list(dict.fromkeys(name for poll in polls for name in poll.voters)))
    graph.add_edge("planner", "level")
    graph.branch("level", lambda s: "finish" if s.get("final") else "level", ["level", "finish"])
    return graph.close(keys=["levels", "plan"])


def _planner(chain: Sequence[Member], prompt: Prompt, most: int) -> Run:
    """Return the planner's step. Without any plan the question itself is the only level."""

    async def run(state: State, ask: Ask) -> Update:
        reply = await ask.verdict(
            chain,
            prompt.fill(most=str(most)),
            parse=lambda text: read_plan(text, most) or None,
            schema=PLAN_SCHEMA,
        )
        notes = reply.notes("planner", "the question was voted on as one level")
        return {"plan": reply.value or [state["question"]], "notes": notes}

    return run


def _fixed(poll: Poll, prompt: Prompt, last: bool) -> Run:
    async def run(state: State, ask: Ask) -> Update:
        if state.get("final") is not None:
            return {}  # the budget ended the run in a level before this one
        return await _level(poll, prompt, last, state, ask)

    return run


def _planned(first: Poll, settling: Poll, prompt: Prompt) -> Run:
    """Return the step that answers the next question of the plan."""

    async def run(state: State, ask: Ask) -> Update:
        plan, at = state["plan"], len(state["levels"])
        last = at + 1 >= len(plan)
        poll = (settling if last else first)._replace(ask=plan[at])
        return await _level(poll, prompt, last, state, ask)

    return run


async def _level(poll: Poll, prompt: Prompt, last: bool, state: State, ask: Ask) -> Update:
    """Sample and vote on one level; its winner is carried down.

    Raises:
        QuorumError: The level found no answer.
    """
    done: list[LevelResult] = state["levels"]
    at = len(done)
    messages = prompt.render([], question=state["question"], found=_found(done), ask=poll.ask)
    reply = await ask(poll.forest, messages, index=at, draw=at, layer=at + 1)
    over = ask.run.exhausted() if not ok(reply) and done else None
    if over is not None:
        final = {**reply, "status": "ok", "error": None, "text": done[-1]["answer"]}
        return {"final": final, "notes": [f"{over} in level {at + 1}: the answer is of level {at}"]}
    ask.require(reply)
    total = totals(spent_on([reply]))
    result = LevelResult(
        ask=poll.ask,
        answer=poll.extract.extract(reply["text"]) or reply["text"],
        members=poll.voters,
        votes=[dict(group) for group in reply.get("ballot", {}).get("groups", [])],
        calls=total["calls"],
        cost=total["cost"] if total["unpriced"] < total["calls"] else None,
    )
    return {"levels": [*done, result], "layer": at + 1, "final": reply if last else None}


def _found(done: Sequence[LevelResult]) -> str:
    lines = [
        f"{n}. {level['ask']} {in_one_line(level['answer'])}" for n, level in enumerate(done, 1)
    ]
    return "\n".join(lines) or "(nothing yet)"


def _poll(one: Level, voters: Sequence[Member]) -> Poll:
    forest = create_agent_forest(
        list(voters),
        samples=one.samples,
        extract=one.extract,
        vote=one.vote,
        stop=one.stop,
        task=one.task,
    )
    names = [member.name for member in voters]
    return Poll(one.ask, Member(forest, name="forest"), names, answer_kind(one.extract, one.task))
