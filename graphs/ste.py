"""STE: simulated trial and error: imagine a query, try it with tools, reflect; keep solved ones.

Paper: "LLMs in the Imaginarium: Tool Learning through Simulated Trial and Error", arXiv 2403.04746.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import HumanMessage
from typing_extensions import TypedDict

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    Count,
    FilledPrompt,
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
    Update,
    Whole,
    escaped,
    excerpt,
    listed,
    method,
    object_schema,
    ok,
    require,
    together,
    with_roles,
)
from manyminds.environments import Environment, Step, acting
from manyminds.environments.tools import ToolLike, environment_of
from manyminds.graphs.reflexion import SCORE, read_scored
from manyminds.nodes.demonstrations import QUERY_SCHEMA, VARIED, Example, last_call, reworded
from manyminds.reading.trials import read_query, read_solved
from manyminds.runs import memory as notes_of

QUERY, REFLECT, JUDGE, REACT = "ste/query@1", "ste/reflect@1", "ste/judge@1", "acting/react@1"
REWORD = "ste/paraphrase@1"
_SOLVED = object_schema("reflection", {"reason": {"type": "string"}, "solved": {"type": "boolean"}})
_ENOUGH = 150  # examples of a tool from which the paper asks for one rewording of each
_REMEMBERED = 500  # queries in long-term memory


class Trial(TypedDict):
    """One query that was tried, whether it was solved and approved, and its rating from 0 to 5."""

    session: int
    slot: int
    query: str
    tried: acting.Episode
    solved: bool
    reason: str
    approved: bool | None
    rating: float | None


class SteState(SampledState, total=False):
    """Channels of STE; `episode` is the trial that continues, `memory` the long-term memory."""

    query: str
    episode: acting.Episode
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
    calls="episodes * slots * (turns + 3 + paraphrases) at most",
    use="Learning tools by trying them: examples to show to others or to train on.",
)
def create_ste(
    explorer: Askable | Sequence[Askable],
    tool: ToolLike | Environment | str = "arithmetic",
    *,
    episodes: Count = 15,
    slots: Count = 4,
    turns: Count = 4,
    paraphrases: Whole = 0,
    judge: RoleArgument = None,
    timeout: Seconds = 30.0,
    max_chars: Count = 4_000,
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
        paraphrases: Rewordings of an example's query, at most; the paper has 6. They become
            examples and trajectories with the same call and answer, so that tools with few examples
            get more: one with 150 examples gets one rewording of each.
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
    explorers, judges = with_roles([listed(explorer)], judge)
    graph = MethodGraph("ste", [*explorers, *judges], state=SteState, output=SteOutput, **options)
    place = environment_of(tool)
    nodes = _Ste(
        explorers=explorers,
        judges=judges,
        place=place,
        query=graph.prompt(QUERY, variables={"about", "episode", "memory", "tools"}),
        reflection=graph.prompt(REFLECT, variables={"about", "acted", "answers"}),
        verdict=graph.prompt(JUDGE, variables={"about", "acted", "answers", "tools"}),
        react=graph.prompt(REACT, variables={"about", "tools", "steps", "demonstrations"}),
        rewording=graph.prompt(REWORD, variables={"earlier"}),
        paraphrases=paraphrases,
        slots=slots,
        turns=turns,
        limits=acting.Limits(timeout, max_chars),
    )
    graph.open("memory", query="", trials=[], memory=[], examples=[], trajectories=[])
    graph.step("memory", nodes.recall)
    most = episodes * slots
    graph.role("query", explorers, nodes.imagine, opens=True, times=most)
    graph.role("agent", explorers, nodes.act, times=most)
    graph.step("environment", nodes.run)
    graph.role("reflector", explorers, nodes.reflect)
    graph.role("judge", judges, nodes.judge)
    graph.add_edge("memory", "query")
    graph.branch("query", _after_step, ["agent", "reflector"])
    graph.add_edge("agent", "environment")
    graph.branch("environment", _after_step, ["agent", "reflector"])
    graph.branch("reflector", lambda s: _after_trial(s, most), ["query", "judge"])
    if not paraphrases:
        return graph.close(after="judge", composed=True)
    graph.role("paraphraser", explorers, nodes.reword)
    graph.add_edge("judge", "paraphraser")
    return graph.close(after="paraphraser", composed=True)


def _after_step(state: State) -> str:
    return "reflector" if state["episode"]["ended"] else "agent"


def _after_trial(state: State, most: int) -> str:
    return "query" if state["query"] and state["layer"] < most else "judge"


@dataclass(frozen=True)
class _Ste:
    """The nodes of STE, and their options."""

    explorers: Sequence[Member]
    judges: Sequence[Member]
    place: Environment
    query: Prompt
    reflection: Prompt
    verdict: Prompt
    react: Prompt
    rewording: Prompt
    paraphrases: int
    slots: int
    turns: int
    limits: acting.Limits

    async def recall(self, _state: State, ask: Ask) -> Update:
        """Recall the queries of earlier runs."""
        return {"memory": await notes_of.recalled("ste", self._key(ask))}

    async def imagine(self, state: State, ask: Ask) -> Update:
        """Imagine the next query, and open it as a task."""
        session = self._session(state)
        now = [trial for trial in state["trials"] if trial["session"] == session]
        filled = self.query.fill(
            **acting.described(self.place),
            episode="\n\n".join(_written(trial) for trial in now),
            memory=notes_of.listed(state["memory"]),
        )
        reply = await ask.verdict(
            self.explorers,
            filled,
            parse=read_query,
            schema=QUERY_SCHEMA,
            draw=ask.layer - 1,
            params=VARIED,
        )
        if reply.value is None and not state["trials"]:
            require(reply.asked, 1)
        first, failed = Step({}, ""), "" if reply.value else f"failed ({reply.why})"
        if reply.value:
            try:
                first = await acting.opened(self.place, reply.value, self.limits)
            except InputError as error:
                failed = f"failed ({error})"
        begun = acting.episode(first, self.explorers[0].name)
        return {"query": reply.value or "", "episode": {**begun, "ended": failed}}

    async def act(self, state: State, ask: Ask) -> Update:
        """Propose the next step of the trial."""
        one: acting.Episode = state["episode"]
        said = self._acting().render(acting.conversation([HumanMessage(state["query"])], one))
        index, draw = len(state["candidates"]), max(0, ask.layer - 1)
        reply = (await ask.writer(self.explorers, said, index=index, draw=draw)).reply
        asked = ask.replies
        turned = await acting.read_turn(one, asked[-1] if reply is None else reply, self.place)
        return {"candidates": asked, "episode": turned}

    async def run(self, state: State, _ask: Ask) -> Update:
        """Run the proposed action."""
        one: acting.Episode = state["episode"]
        if one["ended"]:
            return {}
        return {"episode": await acting.act(one, self.place, steps=self.turns, limits=self.limits)}

    async def reflect(self, state: State, ask: Ask) -> Update:
        """Return whether the query was fulfilled, and remember it."""
        one, solved, reason = state["episode"], False, state["episode"]["ended"]
        if one["ended"] == "done":
            filled = self.reflection.fill(
                about=self.place.about, acted=acting.acted(one), answers=[one["answer"]]
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
            rating=None,
        )
        line = f"Query: {state['query']} | Solved: {'Yes' if solved else 'No'}"
        memory = [*state["memory"], line][-_REMEMBERED:] if state["query"] else state["memory"]
        await notes_of.remember("ste", self._key(ask), memory)
        return {"trials": [*state["trials"], trial], "memory": memory}

    async def judge(self, state: State, ask: Ask) -> Update:
        """Let the judge approve trials that ended with an answer after a call."""

        async def judged(nth: int, trial: Trial) -> Trial:
            if not self._last_call(trial):
                return trial
            done, answers = acting.acted(trial["tried"]), [trial["tried"]["answer"]]
            filled = self.verdict.fill(**acting.described(self.place), acted=done, answers=answers)
            said = filled.render([HumanMessage(trial["query"])])
            index = 2 * nth * len(self.judges)
            found = await ask.verdict(
                self.judges, said, parse=read_scored, schema=SCORE, index=index
            )
            approved, score = found.value or (None, None)
            return {**trial, "approved": approved, "rating": None if score is None else score / 2}

        trials = await together(*(judged(nth, trial) for nth, trial in enumerate(state["trials"])))
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

    async def reword(self, state: State, ask: Ask) -> Update:
        """Word the queries of approved examples in other ways, each after the ones before it."""
        good = [(nth, one) for nth, one in enumerate(state["trials"]) if one["approved"]]
        most = max(1, min(round(_ENOUGH / max(1, len(good))) - 1, self.paraphrases))
        draws = [range(n * most, n * most + most) for n in range(len(good))]
        texts = await together(
            *(
                reworded(one["query"], drawn, self.explorers, self.rewording, ask)
                for drawn, (_, one) in zip(draws, good, strict=True)
            )
        )
        examples, rows = list(state["examples"]), list(state["trajectories"])
        for (nth, one), said in zip(good, texts, strict=True):
            for number, query in enumerate(said, 1):
                trial = cast("Trial", {**one, "query": query})
                examples += self._last_call(trial)
                rows.append(self._row(state, nth, trial, f"/{number}"))
        return {"examples": examples, "trajectories": rows}

    def _last_call(self, trial: Trial) -> list[Example]:
        """Return the example that a finished trial gives: its last call; none without a call."""
        return last_call(trial["query"], trial["tried"], self.place)

    def _acting(self) -> FilledPrompt:
        """Return the prompt of an agent that acts."""
        return self.react.fill(
            **acting.described(self.place), steps=str(self.turns), demonstrations=""
        )

    def _row(self, state: State, nth: int, trial: Trial, more: str = "") -> dict[str, Any]:
        details = {key: value for key, value in trial.items() if key not in ("query", "tried")}
        return acting.trajectory(
            trial["tried"],
            id=f"{state['question_id']}/{nth}{more}",
            question=trial["query"] or "(no query)",
            system=self._acting().render([])[0].text,
            environment=self.place,
            method="ste",
            details={"run": state["run"], **details},
            rating=trial["rating"],
        ).row()

    def _session(self, state: State) -> int:
        layer: int = state["layer"]
        return (layer - 1) // self.slots + 1

    def _key(self, ask: Ask) -> str:
        return f"{self.place.name}:{ask.run.base}"


def _written(trial: Trial) -> str:
    solved = "It was solved." if trial["solved"] else "It was not solved."
    done = acting.acted(trial["tried"])
    return f"Query: {escaped(trial['query'])}\n{done}\n{solved} {trial['reason']}"
