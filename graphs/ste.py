"""STE: simulated trial and error: imagine a query, try it with tools, reflect; keep what worked.

Paper: "LLMs in the Imaginarium: Tool Learning through Simulated Trial and Error", arXiv 2403.04746.
Paraphrases of queries, by which the paper evens out the number of examples, are not made here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from typing_extensions import TypedDict

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    InputError,
    Member,
    MethodGraph,
    Options,
    Prompt,
    RoleArgument,
    SampledState,
    State,
    Unpack,
    Update,
    at_least,
    escaped,
    excerpt,
    listed,
    method,
    ok,
    with_roles,
)
from manyminds.calls.ask import together
from manyminds.environments import FINISH, Environment, Step
from manyminds.environments.tools import ToolLike, environment_of
from manyminds.graphs.reflexion import SCORE, read_verdict
from manyminds.nodes import memory as notes_of
from manyminds.nodes.acting import (
    Episode,
    Limits,
    act,
    action_of,
    conversation,
    described,
    episode,
    opened,
    read_turn,
    trajectory,
)
from manyminds.nodes.demonstrations import Example
from manyminds.nodes.layer import require
from manyminds.nodes.reply_schema import object_schema
from manyminds.reading.trials import read_query, read_solved

QUERY, REFLECT, JUDGE, REACT = "ste/query@1", "ste/reflect@1", "ste/judge@1", "acting/react@1"
_TEXT: dict[str, object] = {"type": "string"}
_ASKED = object_schema("query", {"query": _TEXT})
_SOLVED = object_schema("reflection", {"reason": _TEXT, "solved": {"type": "boolean"}})
_VARIED = {"temperature": 1.0}  # as in the paper: queries are to differ
_REMEMBERED = 500  # queries in long-term memory


class Trial(TypedDict):
    """One query that was tried: its episode and slot, and whether it was solved and approved."""

    session: int
    slot: int
    query: str
    tried: Episode
    solved: bool
    reason: str
    approved: bool | None


class SteState(SampledState, total=False):
    """Channels of STE; `episode` is the trial that goes on, `memory` the long-term memory."""

    query: str
    episode: Episode
    trials: list[Trial]
    memory: list[str]
    examples: list[Example]
    trajectories: list[dict[str, Any]]


class SteOutput(CandidatesOutput):
    """The answer, the report, all replies, the examples, and the trajectories of all trials."""

    examples: list[Example]
    trajectories: list[dict[str, Any]]


@method(
    "ste",
    paper="LLMs in the Imaginarium (STE), arXiv 2403.04746",
    calls="episodes * slots * (turns + 2) + episodes * slots at most",
    use="Learning tools by trying them: examples to show to others or to train on.",
)
def create_ste(
    explorer: Askable | Sequence[Askable],
    tool: ToolLike | Environment | str = "arithmetic",
    *,
    episodes: int = 15,
    slots: int = 4,
    turns: int = 4,
    judge: RoleArgument = None,
    timeout: float = 30.0,
    max_chars: int = 4_000,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build STE: a tool is explored with imagined queries.

    Use it before others use the tool: show them `examples` with `demonstrations`, or train on the
    trajectories. The queries of an episode follow up on each other, which is the short-term memory.
    The long-term memory is the list of all earlier queries; the store of the graph keeps it.

    Args:
        explorer: Member that imagines, tries and reflects, or a fallback chain of members.
        tool: LangChain tool or function; or an environment, or its name.
        episodes: Number of episodes.
        slots: Number of queries in an episode.
        turns: Number of steps of a trial, at most.
        judge: Member that approves examples, or a fallback chain. Default: the explorer.
        timeout: Seconds for one action.
        max_chars: Characters of an observation that are kept.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"}, which say what kind of queries is wanted, to
        {"messages", "answer", "report", "candidates", "examples", "trajectories"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    at_least(1, episodes=episodes, slots=slots, turns=turns)
    explorers, judges = with_roles([listed(explorer)], judge)
    graph = MethodGraph("ste", [*explorers, *judges], state=SteState, output=SteOutput, **options)
    place = environment_of(tool)
    how = _Ste(
        explorers=explorers,
        judges=judges,
        place=place,
        query=graph.prompt(QUERY, variables={"about", "episode", "memory", "tools"}),
        reflection=graph.prompt(REFLECT, variables={"about", "acted", "answers"}),
        verdict=graph.prompt(JUDGE, variables={"about", "acted", "answers", "tools"}),
        react=graph.prompt(REACT, variables={"about", "tools", "steps", "demonstrations"}),
        slots=slots,
        turns=turns,
        limits=Limits(timeout, max_chars),
    )
    graph.open("memory", query="", trials=[], memory=[], examples=[], trajectories=[])
    graph.step("memory", how.recall)
    most = episodes * slots
    graph.role("query", explorers, how.imagine, opens=True, times=most)
    graph.role("agent", explorers, how.act, times=most)
    graph.step("environment", how.run)
    graph.role("reflector", explorers, how.reflect)
    graph.role("judge", judges, how.judge)
    graph.add_edge("memory", "query")
    graph.branch("query", lambda s: _while_open(s, "reflector"), ["agent", "reflector"])
    graph.add_edge("agent", "environment")
    graph.branch("environment", lambda s: _while_open(s, "reflector"), ["agent", "reflector"])
    graph.branch("reflector", lambda s: _following(s, most), ["query", "judge"])
    return graph.close(after="judge", composed=True)


def _while_open(state: State, otherwise: str) -> str:
    return otherwise if state["episode"]["ended"] else "agent"


def _following(state: State, most: int) -> str:
    return "query" if state["query"] and state["layer"] < most else "judge"


@dataclass(frozen=True)
class _Ste:
    """The nodes of STE, and what they need."""

    explorers: Sequence[Member]
    judges: Sequence[Member]
    place: Environment
    query: Prompt
    reflection: Prompt
    verdict: Prompt
    react: Prompt
    slots: int
    turns: int
    limits: Limits

    async def recall(self, _state: State, ask: Ask) -> Update:
        """Recall the queries of earlier runs."""
        return {"memory": await notes_of.recalled("ste", self._key(ask))}

    async def imagine(self, state: State, ask: Ask) -> Update:
        """Imagine the next query, and open it as a task."""
        session = self._session(state)
        now = [trial for trial in state["trials"] if trial["session"] == session]
        filled = self.query.fill(
            **described(self.place),
            episode="\n\n".join(_told(trial) for trial in now),
            memory=notes_of.listed(state["memory"]),
        )
        reply = await ask.verdict(
            self.explorers,
            filled,
            parse=read_query,
            schema=_ASKED,
            draw=ask.layer - 1,
            params=_VARIED,
        )
        if reply.value is None and not state["trials"]:
            require(reply.asked, 1)
        first, failed = Step({}, ""), "" if reply.value else f"failed ({reply.why})"
        if reply.value:
            try:
                first = await opened(self.place, reply.value, self.limits)
            except InputError as error:
                failed = f"failed ({error})"
        begun = episode(first, self.explorers[0].name)
        return {"query": reply.value or "", "episode": {**begun, "ended": failed}}

    async def act(self, state: State, ask: Ask) -> Update:
        """Propose the next step of the trial."""
        one: Episode = state["episode"]
        filled = self.react.fill(**described(self.place), steps=str(self.turns), demonstrations="")
        said = filled.render(conversation([HumanMessage(state["query"])], one))
        index = len(state["candidates"])
        reply = await ask.first(self.explorers, said, index=index)
        asked = ask.replies
        turned = read_turn(one, asked[-1] if reply is None else reply, self.place)
        return {"candidates": asked, "episode": turned}

    async def run(self, state: State, _ask: Ask) -> Update:
        """Run the proposed action."""
        one: Episode = state["episode"]
        if one["ended"]:
            return {}
        return {"episode": await act(one, self.place, steps=self.turns, limits=self.limits)}

    async def reflect(self, state: State, ask: Ask) -> Update:
        """Say whether the query was fulfilled, and remember it."""
        one, solved, reason = state["episode"], False, state["episode"]["ended"]
        if one["ended"] == "done":
            filled = self.reflection.fill(
                about=self.place.about, acted=_acted(one), answers=[one["answer"]]
            )
            said = filled.render([HumanMessage(state["query"])])
            reply = await ask.verdict(self.explorers, said, parse=read_solved, schema=_SOLVED)
            solved, reason = reply.value or (False, f"no reflection ({reply.why})")
        trial = Trial(
            session=self._session(state),
            slot=(state["layer"] - 1) % self.slots + 1,
            query=state["query"],
            tried=one,
            solved=solved,
            reason=reason,
            approved=None,
        )
        line = f"Query: {state['query']} | Solved: {'Yes' if solved else 'No'}"
        memory = [*state["memory"], line][-_REMEMBERED:] if state["query"] else state["memory"]
        await notes_of.remember("ste", self._key(ask), memory)
        return {"trials": [*state["trials"], trial], "memory": memory}

    async def judge(self, state: State, ask: Ask) -> Update:
        """Let the judge approve trials that ended with an answer after a call."""
        trials = list(state["trials"])

        async def one_of(nth: int, trial: Trial) -> None:
            acted, answers = _acted(trial["tried"]), [trial["tried"]["answer"]]
            filled = self.verdict.fill(**described(self.place), acted=acted, answers=answers)
            said = filled.render([HumanMessage(trial["query"])])
            index = 2 * nth * len(self.judges)
            found = await ask.verdict(
                self.judges, said, parse=read_verdict, schema=SCORE, index=index
            )
            passed = None if found.value is None else found.value["passed"]
            trials[nth] = {**trial, "approved": passed}

        able = [(nth, trial) for nth, trial in enumerate(trials) if self._last_call(trial)]
        await together(*(one_of(nth, trial) for nth, trial in able))
        examples = [
            each for trial in trials if trial["approved"] for each in self._last_call(trial)
        ]
        solved = sum(trial["solved"] for trial in trials)
        answer = f"{len(trials)} queries were tried, {solved} solved, {len(examples)} are examples."
        good = [candidate for candidate in state["candidates"] if ok(candidate)]
        notes = [] if good else ["no trial had a reply"]
        final = excerpt(good[-1], answer) if good else None
        rows = [self._row(state, nth, trial) for nth, trial in enumerate(trials)]
        update: Update = {"examples": examples, "answer": answer, "notes": notes}
        return {**update, "final": final, "trials": trials, "trajectories": rows}

    def _last_call(self, trial: Trial) -> list[Example]:
        """Return the example that a finished trial gives: its last call; none without a call."""
        one = trial["tried"]
        if one["ended"] != "done":
            return []
        for turn in reversed(one["turns"]):
            action = action_of(turn, self.place)
            if action is not None and action.tool != FINISH:
                return [
                    Example(
                        query=trial["query"],
                        tool=action.tool,
                        argument=action.argument,
                        observation=turn["observation"],
                        answer=one["answer"],
                    )
                ]
        return []

    def _row(self, state: State, nth: int, trial: Trial) -> dict[str, Any]:
        filled = self.react.fill(**described(self.place), steps=str(self.turns), demonstrations="")
        told = {key: value for key, value in trial.items() if key not in ("query", "tried")}
        return trajectory(
            trial["tried"],
            id=f"{state['question_id']}/{nth}",
            question=trial["query"] or "(no query)",
            system=filled.render([])[0].text,
            environment=self.place,
            method="ste",
            details={"run": state["run"], **told},
        ).row()

    def _session(self, state: State) -> int:
        layer: int = state["layer"]
        return (layer - 1) // self.slots + 1

    def _key(self, ask: Ask) -> str:
        return f"{self.place.name}:{ask.run.base}"


def _told(trial: Trial) -> str:
    solved = "It was solved." if trial["solved"] else "It was not solved."
    return f"Query: {escaped(trial['query'])}\n{_acted(trial['tried'])}\n{solved} {trial['reason']}"


def _acted(one: Episode) -> str:
    said = conversation([], one)
    return "\n".join(
        escaped(message.text) if isinstance(message, AIMessage) else message.text
        for message in said
    )
