"""Hierarchical sampling and voting: turn one unlikely answer into several likely ones.

Paper: "More Agents Is All You Need", arXiv 2402.05120 (prior probability; hierarchical).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.members import Askable, Member, listed
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.channels import MethodOutput, MethodState
from manyminds.nodes.level import LevelResult, Poll, level
from manyminds.nodes.node import Node, Route
from manyminds.nodes.planner import planner as planner_node
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.nodes.tally import VoteFunction
from manyminds.prompts import Prompt, load
from manyminds.reading.answers import Extractor, extractor

METHOD = "hierarchical-voting"
LEVEL_PROMPT = "hierarchical/level@1"
PLAN_PROMPT = "hierarchical/plan@1"
PLANNER_PARAMS: Mapping[str, Any] = {"temperature": 0.0}


@dataclass(frozen=True)
class Level:
    """One level: what it asks, and who votes on it.

    Args:
        ask: the question of this level; what earlier levels found is shown with it.
        members: who is sampled; default: the members of the method.
        samples: how many samples at most.
        extract: how to read an answer, as for `create_agent_forest`.
        vote: the vote, as for `create_agent_forest`.
        stop: a stopping rule, as for `create_agent_forest`.
    """

    ask: str
    members: Sequence[Askable] | None = None
    samples: int = 10
    extract: str | Callable[[str], str | None] | Extractor = "final"
    vote: str | VoteFunction | None = None
    stop: str | None = None


class HierarchyState(MethodState, total=False):
    """Channels of hierarchical voting."""

    plan: list[str]
    levels: list[LevelResult]


class HierarchyOutput(MethodOutput):
    """The answer, the report, and each level with its votes and cost."""

    levels: list[LevelResult]


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
    prompt: str | Path | ChatPromptTemplate = LEVEL_PROMPT,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build voting from coarse to fine, or part by part.

    Use it where the right answer is one of very many, so that samples scatter: vote on a range
    first and on the value within it then. Easy levels can go to cheap members, hard ones to
    strong ones.

    Args:
        members: who is sampled on every level that names nobody else.
        levels: the levels, coarse to fine. Without them a planner writes sub-questions.
        planner: who writes the plan; default: the first member.
        most: levels at most in a plan.
        last: members and votes of the level that settles a planned question (its `ask` is not
            used), such as stronger members than those of the levels before.
        prompt: how a level is asked, with the variables `question`, `found` and `ask`.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "levels"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if levels is not None and (planner is not None or last is not None):
        raise InputError("give either levels, or a planner with `last`, not both")
    if levels is not None and not levels:
        raise InputError("levels: give at least one Level")
    asked = load(prompt, default=LEVEL_PROMPT, variables={"question", "found", "ask"})
    given = levels or [Level(ask=""), last or Level(ask="")]
    voters = [listed(one.members or members) for one in given]
    everyone, *each, planners = with_roles([listed(members), *voters], planner)
    polls = [_poll(one, each[nth], nth + 1 == len(given)) for nth, one in enumerate(given)]
    graph = MethodGraph(
        METHOD,
        [*everyone, *(member for level in each for member in level), *planners],
        state=HierarchyState,
        output=HierarchyOutput,
        **options,
    )
    if levels is not None:
        _chain(graph, polls, asked)
        graph.close(prompts=[asked], keys=["levels"])
    else:
        plan = load(PLAN_PROMPT)
        _loop(graph, polls, asked, _planner(graph, planners, plan, most))
        graph.close(prompts=[asked, plan], roles={"planner": planners}, keys=["levels", "plan"])
    return graph


def _chain(graph: MethodGraph, polls: Sequence[Poll], prompt: Prompt) -> None:
    """One node a level, in the order given."""
    names = [f"level-{number}" for number in range(1, len(polls) + 1)]
    graph.open(names[0], plan=[], levels=[])
    for name, after, poll in zip(names, [*names[1:], "finish"], polls, strict=True):
        graph.add_node(name, _level(graph, name, prompt, partial(_fixed, poll)))
        graph.label(name, poll.voters)
        graph.add_edge(name, after)


def _loop(graph: MethodGraph, polls: Sequence[Poll], prompt: Prompt, planner: Node) -> None:
    """One node that goes through the plan; the last poll answers its last question."""

    def poll(state: HierarchyState) -> Poll:
        plan, at = state["plan"], len(state["levels"])
        return polls[at + 1 >= len(plan)]._replace(ask=plan[at])

    def after_level(state: HierarchyState) -> str:
        return "finish" if state.get("final") else "level"

    graph.open("planner", plan=[], levels=[])
    graph.add_node("planner", planner)
    graph.add_node("level", _level(graph, "level", prompt, poll))
    graph.label("level", list(dict.fromkeys(name for poll in polls for name in poll.voters)))
    graph.add_edge("planner", "level")
    graph.add_conditional_edges("level", Route(after_level), ["level", "finish"])


def _level(graph: MethodGraph, name: str, prompt: Prompt, poll: Callable[[Any], Poll]) -> Node:
    return level(poll, name=name, method=METHOD, prompt=prompt, context=graph.settings)


def _fixed(poll: Poll, _state: Any) -> Poll:
    return poll


def _planner(graph: MethodGraph, chain: Sequence[Member], prompt: Prompt, most: int) -> Node:
    return planner_node(
        chain,
        method=METHOD,
        prompt=prompt,
        most=most,
        params=PLANNER_PARAMS,
        context=graph.settings,
    )


def _poll(one: Level, voters: Sequence[Member], last: bool) -> Poll:
    forest = create_agent_forest(
        list(voters), samples=one.samples, extract=one.extract, vote=one.vote, stop=one.stop
    )
    names = [member.name for member in voters]
    return Poll(one.ask, Member(forest, name="forest"), names, extractor(one.extract), last)
