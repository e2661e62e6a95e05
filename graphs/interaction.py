"""Interaction: members act in an environment until the task is done; trajectories with rewards.

Papers: "AgentTuning", arXiv 2310.12823; "FireAct", arXiv 2310.05915 (several methods for one
question in one form); "Learning From Failure" (NAT), arXiv 2402.11651 (several temperatures).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    FilledPrompt,
    InputError,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    SampledState,
    Seconds,
    State,
    Unpack,
    Update,
    as_members,
    excerpt,
    method,
    ok,
    require,
    together,
)
from manyminds.environments import Environment
from manyminds.environments import environment as environment_of
from manyminds.environments.acting import (
    MIND,
    ActingMethod,
    Episode,
    Limits,
    act,
    conversation,
    described,
    episode,
    opened,
    read_turn,
    trajectory,
)
from manyminds.reading.answers import extractor
from manyminds.votes.votes import Ballot, majority

COT, REFLECT = "acting/cot@1", "acting/reflect@1"


class InteractionState(SampledState, total=False):
    """Channels of an interaction; `candidates` are the replies of all steps."""

    episodes: list[Episode]
    trajectories: list[dict[str, Any]]
    reward: float | None


class InteractionOutput(CandidatesOutput):
    """The answer, the report, all replies, the trajectories, and the reward of the answer."""

    trajectories: list[dict[str, Any]]
    reward: float | None


@method(
    "interaction",
    paper="AgentTuning, arXiv 2310.12823; FireAct, arXiv 2310.05915; NAT, arXiv 2402.11651",
    calls="members * methods * temperatures * steps at most",
    use="A task that takes actions, such as queries; and trajectories with rewards to train on.",
)
def create_interaction(
    agents: Askable | Sequence[Askable],
    environment: Environment | str = "arithmetic",
    *,
    steps: Count = 10,
    methods: Sequence[ActingMethod] = ("react",),
    temperatures: Sequence[float] | None = None,
    reflect_after: Count = 5,
    timeout: Seconds = 30.0,
    max_chars: Count = 4_000,
    prompt: PromptLike = "acting/react@1",
    **options: Unpack[Options],
) -> MethodGraph:
    """Build an interaction: each member acts in an environment, once a method and temperature.

    Use it for tasks that take actions, and to generate trajectories with rewards. All attempts run
    side by side. The answer is the one that most finished attempts gave; no attempt is preferred
    for its reward, which the agents never see.

    How FireAct's Reflexion differs from its ReAct was not published: here the member is asked for
    a note to itself after `reflect_after` steps, which becomes part of its next thought.

    Args:
        agents: Members that act.
        environment: Environment, or a name: arithmetic, sql or household.
        steps: Number of steps of an attempt, at most.
        methods: Ways to act: react; cot, one step without tools; reflexion, which looks back.
        temperatures: Sampling temperatures, one attempt each; NAT has 0.2, 0.5 and 0.7. Default:
            one attempt with the member's own.
        reflect_after: Number of steps between two looks back.
        timeout: Seconds for one action.
        max_chars: Characters of an observation that are kept.
        prompt: Prompt with the variables `about`, `tools`, `steps` and `demonstrations`.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "trajectories", "reward"}. Trajectories are rows of `manyminds.trajectory.Trajectory`.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    _check(steps, methods, temperatures, reflect_after)
    team, place = as_members(agents), environment_of(environment)
    graph = MethodGraph(
        "interaction", team, state=InteractionState, output=InteractionOutput, **options
    )
    react = graph.prompt(prompt, variables={"about", "tools", "steps", "demonstrations"})
    think = graph.prompt(COT, variables={"about"}) if "cot" in methods else None
    look = graph.prompt(REFLECT, variables={"about", "done", "tools"})
    known = described(place)
    heats: Sequence[float | None] = temperatures or [None]
    attempts = [Attempt(one, acting, heat) for one in team for acting in methods for heat in heats]
    nodes = _Interaction(
        place=place,
        attempts=attempts,
        acting=react.fill(**known, steps=str(steps), demonstrations=""),
        thinking=None if think is None else think.fill(about=place.about),
        looking=look,
        steps=steps,
        reflect_after=reflect_after,
        limits=Limits(timeout, max_chars),
    )
    graph.open("opening", episodes=[], trajectories=[], reward=None)
    graph.step("opening", nodes.opening)
    asked = [attempt.member for attempt in attempts]
    graph.step("agent", nodes.agent, opens=True, asks=asked, times=steps)
    graph.step("environment", nodes.environment)
    graph.step("outcome", nodes.outcome)
    graph.add_edge("opening", "agent")
    graph.add_edge("agent", "environment")
    graph.branch("environment", _following, ["agent", "outcome"])
    return graph.close(after="outcome", keys=["reward"], composed=True)


class Attempt(NamedTuple):
    """One attempt: member, way of acting, and temperature; None: the member's own."""

    member: Member
    method: ActingMethod
    temperature: float | None


@dataclass(frozen=True)
class _Interaction:
    """The nodes of an interaction, and their options.

    Attributes:
        place: Environment.
        attempts: Attempts, which run side by side.
        acting: Prompt of an agent that acts.
        thinking: Prompt of one that answers in one step without tools.
        looking: Prompt of a note to oneself.
        steps: Number of steps of an attempt, at most.
        reflect_after: Number of steps between two looks back.
        limits: Limits of one action.
    """

    place: Environment
    attempts: Sequence[Attempt]
    acting: FilledPrompt
    thinking: FilledPrompt | None
    looking: Prompt
    steps: int
    reflect_after: int
    limits: Limits

    async def opening(self, state: State, ask: Ask) -> Update:
        """Open the task once for each attempt."""
        ask.run.emit("planned", calls=len(self.attempts))
        seen = await opened(self.place, state["question"], self.limits)
        episodes = [episode(seen, one.name, acting, heat) for one, acting, heat in self.attempts]
        return {"episodes": episodes}

    async def agent(self, state: State, ask: Ask) -> Update:
        """Propose the next step of each attempt that continues."""
        episodes: list[Episode] = list(state["episodes"])
        for nth in range(len(self.attempts), len(episodes)):  # resumed without their agents
            episodes[nth] = {**episodes[nth], "ended": episodes[nth]["ended"] or "given up"}
        running = [nth for nth, one in enumerate(episodes) if not one["ended"]]
        steps = await together(*(self._propose(episodes[nth], nth, ask) for nth in running))
        replies = [reply for _, reply in steps]
        if ask.layer == 1:
            require(replies, 1)
        for nth, (one, _) in zip(running, steps, strict=True):
            episodes[nth] = one
        return {"episodes": episodes, "candidates": replies}

    async def _propose(self, one: Episode, nth: int, ask: Ask) -> tuple[Episode, Candidate]:
        member, acting, heat = self.attempts[nth]
        size = len(ask.state["episodes"])  # a resumed run may have other attempts now
        own = sum(attempt.member is member for attempt in self.attempts)
        which: dict[str, Any] = {
            "index": (ask.layer - 1) * size + nth,
            "draw": (ask.layer - 1) * own + nth % own,  # attempts of a member are side by side
            "params": {} if heat is None else {"temperature": heat},
        }
        if acting == "reflexion" and one["turns"] and len(one["turns"]) % self.reflect_after == 0:
            note = self.looking.fill(**described(self.place), done=str(len(one["turns"])))
            said = note.render(conversation(ask.state["messages"], one))
            reply = await ask.playing("reflector")(member, said, **which)
            if ok(reply):
                one = {**one, "reflection": reply["text"].strip()[:2_000]}
        question = self.thinking if self.thinking and acting == "cot" else self.acting
        said = question.render(conversation(ask.state["messages"], one))
        reply = await ask(member, said, **which)
        return await read_turn(one, reply, self.place), reply

    async def environment(self, state: State, _ask: Ask) -> Update:
        """Run the proposed actions."""

        async def after_action(one: Episode) -> Episode:
            most = 1 if one["method"] == "cot" else self.steps
            done = one["ended"]
            return one if done else await act(one, self.place, steps=most, limits=self.limits)

        return {"episodes": await together(*map(after_action, state["episodes"]))}

    async def outcome(self, state: State, _ask: Ask) -> Update:
        """Choose the answer, and write down the trajectories."""
        system = str(self.acting.render([])[0].content)
        finished, ballot = _vote(state["episodes"])
        rows = _rows(state, self.place, system, _votes(state["episodes"], finished, ballot))
        return {**_chosen(state, finished, ballot), "trajectories": rows}


def _following(state: State) -> str:
    return "outcome" if all(one["ended"] for one in state["episodes"]) else "agent"


def _vote(episodes: Sequence[Episode]) -> tuple[list[int], Ballot]:
    """Return the places of the attempts that ended with an answer, and the vote over these."""
    finished = [n for n, one in enumerate(episodes) if one["ended"] == "done" and one["answer"]]
    answers = [episodes[n]["answer"] for n in finished]
    return finished, majority(answers, extractor=extractor("final"))


def _votes(
    episodes: Sequence[Episode], finished: Sequence[int], ballot: Ballot
) -> dict[int, tuple[float, bool]]:
    """Return by attempt the share of all attempts that gave its answer, and whether it won.

    A single attempt has no vote. One without an answer is behind no answer.
    """
    if len(episodes) < 2:
        return {}
    return {
        finished[at]: (len(group["indices"]) / len(episodes), place == 0 and not ballot["tie"])
        for place, group in enumerate(ballot["groups"])
        for at in group["indices"]
    }


def _chosen(state: State, finished: Sequence[int], ballot: Ballot) -> Update:
    """Return the answer that most finished attempts gave; without one, the last good reply."""
    episodes: list[Episode] = state["episodes"]
    good = [candidate for candidate in state["candidates"] if ok(candidate)]
    if not finished:
        why = ", ".join(dict.fromkeys(one["ended"] for one in episodes))
        note = f"no attempt ended the task with an answer ({why}): the answer is the last reply"
        return {"final": good[-1], "notes": [note], "reward": None}
    chosen = finished[ballot["winner"] or 0]
    last = [c for c in good if c["index"] % len(episodes) == chosen][-1]
    lost = [
        f"attempt {n + 1}: {one['ended']}" for n, one in enumerate(episodes) if n not in finished
    ]
    notes = [f"not every attempt ended the task ({'; '.join(lost)})"] if lost else []
    one = episodes[chosen]
    return {"final": excerpt(last, one["answer"]), "reward": one["reward"], "notes": notes}


def _rows(
    state: State, place: Environment, system: str, votes: Mapping[int, tuple[float, bool]]
) -> list[dict[str, Any]]:
    return [
        trajectory(
            one,
            id=f"{state['question_id']}/{nth}",
            question=state["question"],
            system=system,
            environment=place,
            method="interaction",
            details={"task": state["question_id"], "run": state["run"]},
            vote=votes.get(nth, (None, None)),
        ).row()
        for nth, one in enumerate(state["episodes"])
        if one["turns"]
    ]


def _check(
    steps: int,
    methods: Sequence[str],
    temperatures: Sequence[float] | None,
    reflect_after: int,
) -> None:
    if not methods:
        raise InputError(f"methods={list(methods)}: give some of {', '.join(MIND)}")
    if temperatures is not None and not temperatures:
        raise InputError("temperatures: give at least one, or None for the member's own")
