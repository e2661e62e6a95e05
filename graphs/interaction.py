"""Interaction: members act in an environment until the task is done; trajectories with rewards.

Papers: "AgentTuning", arXiv 2310.12823; "FireAct", arXiv 2310.05915 (several methods for one
question in one form); "Learning From Failure" (NAT), arXiv 2402.11651 (several temperatures).
"""

from collections.abc import Sequence
from typing import Any

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    InputError,
    Member,
    MethodGraph,
    Options,
    PromptLike,
    SampledState,
    State,
    Unpack,
    Update,
    as_members,
    excerpt,
    method,
    ok,
)
from manyminds.calls.ask import together
from manyminds.environments import Environment
from manyminds.environments import environment as environment_of
from manyminds.nodes.acting import (
    MIND,
    ActingMethod,
    Episode,
    Limits,
    act,
    conversation,
    episode,
    opened,
    read_turn,
    tools_of,
    trajectory,
)
from manyminds.nodes.gate import require
from manyminds.reading.answers import extractor
from manyminds.votes.votes import majority

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
    steps: int = 10,
    methods: Sequence[ActingMethod] = ("react",),
    temperatures: Sequence[float] | None = None,
    reflect_after: int = 5,
    timeout: float = 30.0,
    max_chars: int = 4_000,
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
    limits, tools = Limits(timeout, max_chars), tools_of(place)
    acting = react.fill(about=place.about, tools=tools, steps=str(steps), demonstrations="")
    heats: Sequence[float | None] = temperatures or [None]
    attempts: list[tuple[Member, ActingMethod, float | None]] = [
        (one, how, t) for one in team for how in methods for t in heats
    ]
    by_name = {member.name: member for member in team}
    graph.draws = 2 * steps * len(attempts)

    async def opening(state: State, ask: Ask) -> Update:
        ask.run.emit("planned", calls=len(attempts))
        seen = await opened(place, state["question"], limits)
        return {"episodes": [episode(seen, one.name, how, t) for one, how, t in attempts]}

    async def propose(one: Episode, nth: int, ask: Ask) -> tuple[Episode, Candidate]:
        member, index = by_name[one["member"]], (ask.layer - 1) * len(attempts) + nth
        params = {} if one["temperature"] is None else {"temperature": one["temperature"]}
        if one["method"] == "reflexion" and one["turns"] and not ask_nothing(one):
            done = str(len(one["turns"]))
            note = look.fill(about=place.about, done=done, tools=tools)
            said = note.render(conversation(ask.state["messages"], one))
            reply = await ask.playing("reflector")(
                member, said, index=index, draw=index, params=params
            )
            if ok(reply):
                one = {**one, "reflection": reply["text"].strip()[:2_000]}
        alone = think is not None and one["method"] == "cot"
        question = think.fill(about=place.about) if think and alone else acting
        said = question.render(conversation(ask.state["messages"], one))
        reply = await ask(member, said, index=index, draw=index, params=params)
        return read_turn(one, reply, place), reply

    def ask_nothing(one: Episode) -> bool:
        return len(one["turns"]) % reflect_after != 0

    async def agent(state: State, ask: Ask) -> Update:
        episodes, replies = list(state["episodes"]), dict[int, Candidate]()

        async def one_of(nth: int) -> None:
            episodes[nth], replies[nth] = await propose(episodes[nth], nth, ask)

        await together(*(one_of(n) for n, one in enumerate(episodes) if not one["ended"]))
        if ask.layer == 1:
            require([*replies.values()], 1)
        return {"episodes": episodes, "candidates": [replies[nth] for nth in sorted(replies)]}

    async def acted(state: State, _ask: Ask) -> Update:
        episodes = list(state["episodes"])

        async def one_of(nth: int) -> None:
            most = 1 if episodes[nth]["method"] == "cot" else steps
            episodes[nth] = await act(episodes[nth], place, steps=most, limits=limits)

        await together(*(one_of(n) for n, one in enumerate(episodes) if not one["ended"]))
        return {"episodes": episodes}

    async def outcome(state: State, _ask: Ask) -> Update:
        system = str(acting.render([])[0].content)
        return {**_chosen(state, len(attempts)), "trajectories": _rows(state, place, system)}

    graph.open("opening", episodes=[], trajectories=[], reward=None)
    graph.step("opening", opening)
    graph.step("agent", agent, opens=True, asks=team)
    graph.step("environment", acted)
    graph.step("outcome", outcome)
    graph.add_edge("opening", "agent")
    graph.add_edge("agent", "environment")
    graph.branch("environment", _following, ["agent", "outcome"])
    return graph.close(after="outcome", keys=["reward"], composed=True)


def _following(state: State) -> str:
    return "outcome" if all(one["ended"] for one in state["episodes"]) else "agent"


def _chosen(state: State, attempts: int) -> Update:
    """Return the answer that most finished attempts gave; without one, the last good reply."""
    episodes: list[Episode] = state["episodes"]
    finished = [n for n, one in enumerate(episodes) if one["ended"] == "done" and one["answer"]]
    good = [candidate for candidate in state["candidates"] if ok(candidate)]
    if not finished:
        why = ", ".join(dict.fromkeys(one["ended"] for one in episodes))
        note = f"no attempt ended the task with an answer ({why}): the answer is the last reply"
        return {"final": good[-1], "notes": [note], "reward": None}
    ballot = majority([episodes[n]["answer"] for n in finished], extractor=extractor("final"))
    chosen = finished[ballot["winner"] or 0]
    last = [c for c in good if c["index"] % attempts == chosen][-1]
    lost = [
        f"attempt {n + 1}: {one['ended']}" for n, one in enumerate(episodes) if n not in finished
    ]
    notes = [f"not every attempt ended the task ({'; '.join(lost)})"] if lost else []
    one = episodes[chosen]
    return {"final": excerpt(last, one["answer"]), "reward": one["reward"], "notes": notes}


def _rows(state: State, place: Environment, system: str) -> list[dict[str, Any]]:
    return [
        trajectory(
            one,
            id=f"{state['question_id']}/{nth}",
            question=state["question"],
            system=system,
            environment=place,
            method="interaction",
            details={"task": state["question_id"], "run": state["run"]},
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
    if steps < 1 or reflect_after < 1:
        raise InputError(f"steps={steps}, reflect_after={reflect_after}: give at least 1 of each")
    if not methods or not {*methods} <= {*MIND}:
        raise InputError(f"methods={list(methods)}: give some of {', '.join(MIND)}")
    if temperatures is not None and not temperatures:
        raise InputError("temperatures: give at least one, or None for the member's own")
