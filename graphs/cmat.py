"""CMAT: an assistant proposes actions, a checker verifies each before it runs, notes are kept.

Paper: "CMAT: A Multi-Agent Collaboration Tuning Framework for Enhancing Small Language Models",
arXiv 2404.01663. How often an action is tried again, and what is written down, was not published:
both are of our own design.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    Count,
    FilledPrompt,
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
    ok,
    require,
    with_roles,
)
from manyminds.environments import Environment
from manyminds.environments import environment as environment_of
from manyminds.environments.acting import (
    Episode,
    Limits,
    act,
    conversation,
    described,
    episode,
    opened,
    read_turn,
    trajectory,
    written,
)
from manyminds.graphs.reflexion import SCORE, read_verdict
from manyminds.runs import memory as notes_of

ACT, CHECK, LESSON = "cmat/act@1", "cmat/check@1", "cmat/lesson@1"
_REFUSED = "The checker did not let this action run: {why} Propose another one."


class CmatState(SampledState, total=False):
    """Channels of CMAT; `candidates` are the proposals, `refused` those of this step."""

    episode: Episode
    refused: list[list[str]]
    refusals: int
    checked: bool
    lessons: list[str]
    trajectories: list[dict[str, Any]]
    reward: float | None


class CmatOutput(CandidatesOutput):
    """The answer, the report, all proposals, the trajectory, its reward, notes and refusals."""

    trajectories: list[dict[str, Any]]
    reward: float | None
    lessons: list[str]
    refusals: int


@method(
    "cmat",
    paper="CMAT, arXiv 2404.01663",
    calls="2 * steps * tries + 1 at most",
    use="Actions that must not run unchecked, such as queries that a small model writes.",
)
def create_cmat(
    assistant: Askable | Sequence[Askable],
    checker: RoleArgument = None,
    environment: Environment | str = "arithmetic",
    *,
    steps: Count = 10,
    tries: Count = 3,
    memory: Whole = 3,
    task: str | None = None,
    timeout: Seconds = 30.0,
    max_chars: Count = 4_000,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build CMAT: an action runs only after a checker has let it pass.

    Use it where actions must not run unchecked. The trajectory is the short-term memory: the
    assistant reads all its steps. Notes on failed tasks are the long-term memory: they are kept in
    the store that the graph is compiled with, and shown in later runs.

    Args:
        assistant: Member that proposes actions, or a fallback chain of members.
        checker: Member that verifies them, or a fallback chain. Default: the assistant.
        environment: Environment, or a name: arithmetic, sql or household.
        steps: Number of steps, at most.
        tries: Number of proposals for a step. If the checker refuses all, nothing runs in it.
        memory: Number of the latest notes that are shown and kept; 0 keeps none.
        task: Subject of the notes. Default: the environment's name.
        timeout: Seconds for one action.
        max_chars: Characters of an observation that are kept.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "trajectories", "reward", "lessons", "refusals"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    place = environment_of(environment)
    assistants, checkers = with_roles([listed(assistant)], checker)
    graph = MethodGraph(
        "cmat", [*assistants, *checkers], state=CmatState, output=CmatOutput, **options
    )
    nodes = _Cmat(
        assistants=assistants,
        checkers=checkers,
        place=place,
        act=graph.prompt(ACT, variables={"about", "lessons", "steps", "tools"}),
        check=graph.prompt(CHECK, variables={"about", "acted", "answer", "tools"}),
        lesson=graph.prompt(LESSON, variables={"about", "ended"}),
        steps=steps,
        tries=tries,
        memory=memory,
        task=task or place.name,
        limits=Limits(timeout, max_chars),
    )
    first: dict[str, Any] = {"refused": [], "refusals": 0, "checked": False, "lessons": []}
    graph.open("memory", **first, trajectories=[], reward=None)
    graph.step("memory", nodes.recall)
    graph.role("assistant", assistants, nodes.propose, opens=True, times=steps * tries)
    graph.role("checker", checkers, nodes.verify)
    graph.step("environment", nodes.run)
    graph.role("reflector", assistants, nodes.reflect)
    graph.add_edge("memory", "assistant")
    graph.add_edge("assistant", "checker")
    graph.branch("checker", _after_checker, ["assistant", "environment", "reflector"])
    graph.branch("environment", _after_environment, ["assistant", "reflector"])
    return graph.close(after="reflector", keys=["reward", "refusals"], composed=True)


def _after_checker(state: State) -> str:
    if state["episode"]["ended"]:
        return "reflector"
    return "environment" if state["checked"] else "assistant"


def _after_environment(state: State) -> str:
    return "reflector" if state["episode"]["ended"] else "assistant"


@dataclass(frozen=True)
class _Cmat:
    """The nodes of CMAT, and their options."""

    assistants: Sequence[Member]
    checkers: Sequence[Member]
    place: Environment
    act: Prompt
    check: Prompt
    lesson: Prompt
    steps: int
    tries: int
    memory: int
    task: str
    limits: Limits

    async def recall(self, state: State, ask: Ask) -> Update:
        """Open the task, and recall the notes of earlier ones."""
        first = await opened(self.place, state["question"], self.limits)
        kept = await notes_of.recalled("cmat", self._key(ask)) if self.memory else []
        return {
            "episode": episode(first, self.assistants[0].name),
            "lessons": kept[-self.memory :] if self.memory else [],
        }

    async def propose(self, state: State, ask: Ask) -> Update:
        """Ask the assistant for the next step, or for another one after a refusal."""
        one: Episode = state["episode"]
        said = conversation(state["messages"], one)
        for proposal, why in state["refused"]:
            said += [AIMessage(proposal), HumanMessage(_REFUSED.format(why=why))]
        filled = self._filled(notes_of.listed(state["lessons"]))
        index, draw = self._index(state), max(0, ask.layer - 1)
        reply = (
            await ask.writer(self.assistants, filled.render(said), index=index, draw=draw)
        ).reply
        asked = ask.replies
        if reply is None:
            if not any(ok(one) for one in state["candidates"]):
                require(asked, 1)
            return {"candidates": asked, "episode": await read_turn(one, asked[-1], self.place)}
        return {"candidates": asked, "episode": await read_turn(one, reply, self.place)}

    async def verify(self, state: State, ask: Ask) -> Update:
        """Let the proposed action pass, or send it back; without an action nothing is to check."""
        one: Episode = state["episode"]
        if one["ended"] or not one["turns"][-1]["action"]:
            return {"checked": True, "refused": []}
        *before, turn = one["turns"]
        filled = self.check.fill(
            **described(self.place),
            acted=_acted({**one, "turns": before}),
            answer=[written(turn)],
        )
        verdict = await ask.verdict(self.checkers, filled, parse=read_verdict, schema=SCORE)
        if verdict.value is None:
            ended = f"failed (no verdict of the checker: {verdict.why})"
            return {"episode": {**one, "turns": before, "ended": ended}}
        if verdict.value["passed"]:
            return {"checked": True, "refused": []}
        why = escaped(verdict.value["feedback"]) or "It would not help."
        refused = [*state["refused"], [written(turn), why]]
        count = state["refusals"] + 1
        if len(refused) < self.tries:
            back: Episode = {**one, "turns": before}
            return {"episode": back, "refused": refused, "refusals": count, "checked": False}
        refusal = f"Not run: the checker refused {len(refused)} actions in a row. {why}"
        kept: Episode = {**one, "turns": [*before, {**turn, "action": "", "observation": refusal}]}
        return {"episode": kept, "refused": [], "refusals": count, "checked": True}

    async def run(self, state: State, _ask: Ask) -> Update:
        """Run the action that passed."""
        one = await act(state["episode"], self.place, steps=self.steps, limits=self.limits)
        return {"episode": one, "checked": False}

    async def reflect(self, state: State, ask: Ask) -> Update:
        """Write a note where the task was not solved, and settle the answer."""
        one: Episode = state["episode"]
        lessons: list[str] = state["lessons"]
        solved = one["ended"] == "done" and one["reward"] in (None, 1.0)
        notes = list[str]()
        if not solved and self.memory and one["turns"]:
            filled = self.lesson.fill(about=self.place.about, ended=_ended(one))
            said = filled.render(conversation(state["messages"], one))
            reply = await ask.writer(self.assistants, said)
            if reply.value is not None:
                lessons = [*lessons, reply.value.strip()[:2_000]][-self.memory :]
                await notes_of.remember("cmat", self._key(ask), lessons)
            notes += reply.notes("reflector", "no note was kept")
        good = [candidate for candidate in state["candidates"] if ok(candidate)]
        final = excerpt(good[-1], one["answer"]) if one["answer"] else good[-1]
        if one["ended"] != "done":
            notes.append(f"the task was not ended ({one['ended']}): the answer is the last reply")
        update: Update = {"final": final, "lessons": lessons, "notes": notes}
        return {**update, "reward": one["reward"], "trajectories": self._rows(state, one)}

    def _rows(self, state: State, one: Episode) -> list[dict[str, Any]]:
        system = self._filled("").render([])[0].text
        row = trajectory(
            one,
            id=f"{state['question_id']}/0",
            question=state["question"],
            system=str(system),
            environment=self.place,
            method="cmat",
            details={
                "task": state["question_id"],
                "run": state["run"],
                "refusals": state["refusals"],
            },
        )
        return [row.row()] if one["turns"] else []

    def _filled(self, lessons: str) -> FilledPrompt:
        return self.act.fill(**described(self.place), lessons=lessons, steps=str(self.steps))

    def _key(self, ask: Ask) -> str:
        return f"{self.task}:{ask.run.base}"

    def _index(self, state: State) -> int:
        return len(state["candidates"])


def _acted(one: Episode) -> str:
    said: list[BaseMessage] = conversation([], one)
    return "\n".join(escaped(message.text) for message in said) or "(none)"


def _ended(one: Episode) -> str:
    if one["ended"] == "done":
        return f"the reward was {one['reward']:g}"
    return "the steps were used up" if one["ended"] == "steps" else one["ended"]
