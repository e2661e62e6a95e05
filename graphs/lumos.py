"""LUMOS: a planner writes subgoals, a grounder turns them into actions, and tools run them.

Paper: "Agent Lumos: Unified and Modular Training for Open-Source Language Agents", arXiv
2311.05657. One-time (O) and iterative (I).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from typing_extensions import TypedDict

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
    SampledState,
    Seconds,
    State,
    Unpack,
    Unreadable,
    Update,
    excerpt,
    listed,
    method,
    ok,
    require,
    with_roles,
)
from manyminds.environments import FINISH, Action, Environment, EnvironmentState
from manyminds.environments.acting import Limits, described, opened, stepped, taking_objects
from manyminds.environments.tools import ToolLike, environment_of
from manyminds.fence import escaped
from manyminds.reading.plans import MOST, filled, read_grounded, read_next, read_subgoals

PLAN, GROUND, ANSWER = "lumos/plan@1", "lumos/ground@1", "lumos/answer@1"
_STOPPED = "The executed result for Subgoal {n} is: {result}. Should we stop planning?"


class Result(TypedDict):
    """An action that was run: its subgoal, the name of its result, the action, and the result.

    `subgoal` is 0 where all were grounded at once and it cannot be told.
    """

    subgoal: int
    name: str
    action: str
    result: str


class LumosState(SampledState, total=False):
    """Channels of LUMOS; `planned` are the planner's replies, `subgoals` were read from them."""

    planned: list[str]
    subgoals: list[str]
    grounded: list[list[str]]
    results: list[Result]
    place: EnvironmentState
    opening: str
    stopped: bool
    reward: float | None


class LumosOutput(CandidatesOutput):
    """The answer, the report, all replies, the subgoals, the actions with results, the reward."""

    subgoals: list[str]
    results: list[Result]
    reward: float | None


@method(
    "lumos",
    paper="Agent Lumos, arXiv 2311.05657",
    calls="2 * subgoals + 2 at most; 3 where iterative is false",
    use="A task that takes several tools, planned by one model and carried out by another.",
)
def create_lumos(
    planner: Askable | Sequence[Askable],
    grounder: RoleArgument = None,
    tools: Sequence[ToolLike] | Environment | str = "arithmetic",
    *,
    iterative: bool = True,
    subgoals: int = 6,
    write: bool = True,
    timeout: Seconds = 30.0,
    max_chars: Count = 4_000,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build LUMOS: plan, ground, execute.

    Use it for tasks that take several tools. Actions name their results, `R1 = tool(argument)`, and
    later ones may use them by name.

    Args:
        planner: Member that writes the subgoals, or a fallback chain of members.
        grounder: Member that turns subgoals into actions, or a chain. Default: the planner.
        tools: LangChain tools or functions; or an environment, or its name.
        iterative: Whether each subgoal is planned after the result of the one before (LUMOS-I), or
            all are planned at once (LUMOS-O).
        subgoals: Number of subgoals, at most.
        write: Whether the planner writes the answer from the results. Otherwise the answer is the
            last result, as in the paper.
        timeout: Seconds for one action.
        max_chars: Characters of a result that are kept.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "subgoals", "results", "reward"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    if not 1 <= subgoals <= MOST:
        raise InputError(f"subgoals={subgoals}: give from 1 to {MOST}")
    place = environment_of(tools)
    planners, grounders = with_roles([listed(planner)], grounder)
    graph = MethodGraph(
        "lumos", [*planners, *grounders], state=LumosState, output=LumosOutput, **options
    )
    nodes = _Lumos(
        planners=planners,
        grounders=grounders,
        place=place,
        plan=graph.prompt(PLAN, variables={"about", "iterative", "once", "tools"}),
        ground=graph.prompt(GROUND, variables={"about", "results", "subgoals", "tools"}),
        answer=graph.prompt(ANSWER, variables={"results"}) if write else None,
        iterative=iterative,
        most=subgoals,
        limits=Limits(timeout, max_chars),
    )
    graph.open(
        "opening", planned=[], subgoals=[], grounded=[], results=[], stopped=False, reward=None
    )
    graph.step("opening", nodes.opening)
    graph.role("planner", planners, nodes.planning, opens=True)
    graph.role("grounder", grounders, nodes.grounding)
    graph.step("executor", nodes.executing)
    graph.step("writer", nodes.writing, asks=planners if write else ())
    graph.add_edge("opening", "planner")
    graph.branch("planner", _after_planner, ["grounder", "writer"])
    graph.add_edge("grounder", "executor")
    graph.branch("executor", lambda s: _after_executor(s, place), ["planner", "writer"])
    return graph.close(after="writer", keys=["subgoals", "reward"], composed=True)


@dataclass(frozen=True)
class _Lumos:
    """The nodes of LUMOS, and their options."""

    planners: Sequence[Member]
    grounders: Sequence[Member]
    place: Environment
    plan: Prompt
    ground: Prompt
    answer: Prompt | None
    iterative: bool
    most: int
    limits: Limits

    @property
    def names(self) -> list[str]:
        return [tool.name for tool in self.place.tools]

    async def opening(self, state: State, _ask: Ask) -> Update:
        first = await opened(self.place, state["question"], self.limits)
        return {"place": first.state, "opening": first.observation}

    async def planning(self, state: State, ask: Ask) -> Update:
        once, again = ("", "yes") if self.iterative else ("yes", "")
        filled = self.plan.fill(**described(self.place), once=once, iterative=again)
        asked = filled.render(_dialogue(state))
        reply = await ask.verdict(
            self.planners,
            asked,
            parse=lambda text: _goals(text, self.iterative, state),
            index=len(state["candidates"]),
            reserve=0,
        )
        update: Update = {"candidates": reply.asked}
        if reply.value is None or reply.reply is None:
            if not state["subgoals"]:
                require(reply.asked, 1)
            note = f"the planner failed ({reply.why}): the plan ends there"
            return {**update, "stopped": True, "notes": [note]}
        goals = [*state["subgoals"], *reply.value][: self.most]
        said = [*state["planned"], reply.reply["text"]]
        stopped = not self.iterative or not reply.value or len(goals) >= self.most
        return {**update, "planned": said, "subgoals": goals, "stopped": stopped}

    async def grounding(self, state: State, ask: Ask) -> Update:
        goals = list(enumerate(state["subgoals"], 1))
        new = goals[-1:] if self.iterative else goals
        shown = "\n".join(f"Subgoal {n}: {escaped(goal)}" for n, goal in new)
        results = _results(state)
        question = self.ground.fill(**described(self.place), subgoals=shown, results=results)
        read = partial(
            read_grounded,
            tools=self.names,
            first=len(state["results"]) + 1,
            objects=taking_objects(self.place),
        )
        reply = await ask.verdict(
            self.grounders,
            question,
            parse=lambda text: read(text) or None,
            parse_calls=lambda calls: read("", calls=calls) or None,
            index=len(state["candidates"]),
        )
        update: Update = {"candidates": reply.asked, "grounded": []}
        if reply.value is None:
            why, goal = f"Error: not grounded ({reply.why})", len(state["subgoals"])
            failed = Result(subgoal=goal, name="", action="", result=why)
            notes = [f"subgoal {goal} was not grounded ({reply.why})"]
            return {**update, "results": [*state["results"], failed], "notes": notes}
        return {**update, "grounded": [[each.name, *each.action] for each in reply.value]}

    async def executing(self, state: State, _ask: Ask) -> Update:
        results, now = list(state["results"]), state["place"]
        goals = self._goals(state)
        for goal, (name, tool, argument) in zip(goals, state["grounded"], strict=True):
            at_hand = {each["name"]: each["result"] for each in results}
            objects = taking_objects(self.place)
            one = filled(Action(tool, argument), at_hand, objects=objects)
            now, seen = await stepped(self.place, now, one, self.limits)
            result = one.argument if tool == FINISH else seen
            results.append(Result(subgoal=goal, name=name, action=str(one), result=result))
            if self.place.done(now):
                break
        return {"results": results, "place": now}

    def _goals(self, state: State) -> list[int]:
        """Return the number of the subgoal of each action; 0 where it cannot be told."""
        actions, goals = len(state["grounded"]), len(state["subgoals"])
        if self.iterative or goals == 1:
            return [goals] * actions
        return list(range(1, goals + 1)) if actions == goals else [0] * actions

    async def writing(self, state: State, ask: Ask) -> Update:
        last, now = _last(state), state["place"]
        latest = [one for one in state["candidates"] if ok(one)][-1]
        final = excerpt(latest, last) if last else latest
        notes = [] if last else ["no action had a result: the answer is the last reply"]
        if self.answer is not None:
            question = self.answer.fill(results=_results(state))
            reply = await ask.writer(self.planners, question, stream=True)
            if reply.reply is not None:
                final = reply.reply
            notes += reply.notes("writer", "the answer is the last result")
        if not self.place.done(now):
            end = Action(FINISH, last or final["text"])
            now, _ = await stepped(self.place, now, end, self.limits)
        reward = self.place.reward(now) if self.place.done(now) else None
        return {"final": final, "notes": notes, "reward": reward}


def _goals(text: str, iterative: bool, state: State) -> list[str] | None:
    """Return the subgoals that a planner's reply adds; none where it stops, None: unreadable."""
    if not iterative or not state["subgoals"]:
        found = read_subgoals(text)
        return (found[:1] if iterative else found) or None
    following = read_next(text)
    if following is None:
        raise Unreadable("it stops and goes on at the same time: write one of the two")
    return [following] if following else []


def _dialogue(state: State) -> list[BaseMessage]:
    """Return the task and, where the planner continues, its subgoals with their results."""
    said: list[BaseMessage] = list(state["messages"])
    if state["opening"]:
        said.append(HumanMessage(f"Observation: {state['opening']}"))
    for n, planned in enumerate(state["planned"], 1):
        found = [one["result"] for one in state["results"] if one["subgoal"] == n]
        result = found[-1] if found else "none"
        said += [AIMessage(planned), HumanMessage(_STOPPED.format(n=n, result=result))]
    return said


def _results(state: State) -> str:
    return "\n".join(
        escaped(f"{one['name'] or '-'} = {one['action']}: {one['result']}")
        for one in state["results"]
    )


def _last(state: State) -> str:
    """Return the last result that an action had; empty where none had one."""
    good = [one["result"] for one in state["results"] if one["name"] and one["result"].strip()]
    return good[-1] if good else ""


def _after_planner(state: State) -> str:
    """Turn the planned subgoals into actions; a planner that stops has planned nothing new."""
    reached = max((one["subgoal"] for one in state["results"]), default=0)
    return "grounder" if len(state["subgoals"]) > reached else "writer"


def _after_executor(state: State, place: Environment) -> str:
    return "writer" if state["stopped"] or place.done(state["place"]) else "planner"
