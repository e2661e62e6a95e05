"""acting: an agent in an environment, one thought, action and observation at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from typing_extensions import TypedDict

from manyminds.aio import in_thread, within
from manyminds.calls.failures import clean
from manyminds.environments import Action, Environment, EnvironmentState, Step
from manyminds.errors import InputError
from manyminds.fence import escaped
from manyminds.reading.actions import read_action
from manyminds.state import Candidate, calls_were_read, ok, why
from manyminds.trajectory import MessageAction, TextObservation, Trajectory

ActingMethod = Literal["react", "cot", "reflexion"]
MIND: Sequence[ActingMethod] = ("react", "cot", "reflexion")
OBSERVED = "Observation: "
"""What an observation begins with, as agents read it and as it stands in their trajectories."""
_UNREAD = "Your reply was not understood: "


@dataclass(frozen=True)
class Limits:
    """Limits of one action.

    Args:
        timeout: Seconds for one action.
        max_chars: Characters of an observation; the rest is cut off, with a mark.
    """

    timeout: float = 30.0
    max_chars: int = 4_000


DEFAULT_LIMITS = Limits()
_READERS = 2  # threads in which replies are read


class Turn(TypedDict):
    """One step: the agent's thought, its action, and the observation.

    `action` is `tool[argument]`, empty where none could be read; `observation` then says why.
    """

    thought: str
    action: str
    observation: str


class Episode(TypedDict):
    """One task that an agent works on. `ended` is empty while it continues, then says why it ended:
    done, steps, or failed with the kind of the failure.
    """

    member: str
    method: ActingMethod
    temperature: float | None
    opening: str
    state: EnvironmentState
    turns: list[Turn]
    reflection: str
    ended: str
    reward: float | None
    answer: str


async def opened(environment: Environment, question: str, limits: Limits) -> Step:
    """Return the first state of a task and the agent's first observation.

    Raises:
        InputError: The environment has no task for this question, or did not open in time.
    """
    try:
        state, seen = await within(limits.timeout, environment.reset, question)
    except TimeoutError:
        raise InputError(
            f"the environment {environment.name} did not open within {limits.timeout:g} s"
        ) from None
    return Step(state, _shown(seen, limits))


def episode(
    opening: Step, member: str, method: ActingMethod = "react", temperature: float | None = None
) -> Episode:
    """Return an episode that begins."""
    return Episode(
        member=member,
        method=method,
        temperature=temperature,
        opening=opening.observation,
        state=opening.state,
        turns=[],
        reflection="",
        ended="",
        reward=None,
        answer="",
    )


def conversation(messages: Sequence[BaseMessage], one: Episode) -> list[BaseMessage]:
    """Return the messages that an agent reads: the task, then its steps so far."""
    said = list(messages)
    if one["opening"]:
        said.append(HumanMessage(f"{OBSERVED}{one['opening']}"))
    for turn in one["turns"]:
        said += [AIMessage(written(turn)), HumanMessage(f"{OBSERVED}{turn['observation']}")]
    if one["reflection"]:
        said.append(HumanMessage(f"Your note to yourself: {one['reflection']}"))
    return said


def acted(one: Episode) -> str:
    """Return the steps of an episode as text for a prompt."""
    return "\n".join(
        escaped(message.text) if isinstance(message, AIMessage) else message.text
        for message in conversation([], one)
    )


def written(turn: Turn) -> str:
    """Return a step as ReAct writes it."""
    lines = [f"Thought: {turn['thought']}"] if turn["thought"] else []
    lines += [f"Action: {turn['action']}"] if turn["action"] else []
    return "\n".join(lines) or "(nothing)"


def described(environment: Environment) -> dict[str, str]:
    """Return an environment as prompts describe it: `about` it, and its `tools`, one a line."""
    return {"about": environment.about, "tools": "\n".join(map(str, environment.tools))}


def taking_objects(environment: Environment) -> list[str]:
    """Return the names of the tools that take several parameters, as a JSON object."""
    return [tool.name for tool in environment.tools if tool.argument.startswith("{")]


async def read_turn(one: Episode, reply: Candidate, environment: Environment) -> Episode:
    """Return the episode with the step that a reply proposes; a failed reply ends it.

    It is read in a thread, for long replies take a while.
    """
    if not ok(reply):
        return {**one, "ended": f"failed ({why(reply)})"}
    move = await in_thread(
        _READERS,
        read_action,
        reply["text"],
        [tool.name for tool in environment.tools],
        calls=reply.get("tool_calls", ()),
        objects=taking_objects(environment),
    )
    calls_were_read(reply)
    thought = "\n".join(part for part in (one["reflection"], move.thought) if part)
    turn = Turn(
        thought=thought or ("" if move.action else reply["text"][:2_000].strip()),
        action="" if move.action is None else str(move.action),
        observation="" if move.action else f"{_UNREAD}{move.wrong}",
    )
    return {**one, "turns": [*one["turns"], turn], "reflection": ""}


async def act(
    one: Episode, environment: Environment, *, steps: int, limits: Limits = DEFAULT_LIMITS
) -> Episode:
    """Return the episode after the action that its last step proposes.

    An action that takes too long, or raises, gives an observation that says so.

    Args:
        one: The episode.
        environment: Where it takes place.
        steps: Steps at most.
        limits: Limits of one action.
    """
    *before, turn = one["turns"]
    action, state = action_of(turn, environment), one["state"]
    if action is not None:
        state, seen = await stepped(environment, state, action, limits)
        turn = Turn(thought=turn["thought"], action=turn["action"], observation=seen)
    new: Episode = {**one, "state": state, "turns": [*before, turn]}
    if environment.done(state):
        reward = environment.reward(state)
        return {**new, "ended": "done", "reward": reward, "answer": environment.answer(state)}
    return {**new, "ended": "steps" if len(new["turns"]) >= steps else ""}


def action_of(turn: Turn, environment: Environment) -> Action | None:
    """Return the action of a step that was read."""
    for tool in environment.tools:
        if turn["action"].startswith(f"{tool.name}["):
            return Action(tool.name, turn["action"][len(tool.name) + 1 : -1])
    return None


async def stepped(
    environment: Environment, state: EnvironmentState, action: Action, limits: Limits
) -> Step:
    """Run one action within limits; one that takes too long, or raises, changes nothing."""
    try:
        new, seen = await within(limits.timeout, environment.step, state, action)
    except TimeoutError:
        return Step(state, f"Error: the action took more than {limits.timeout:g} s: it was ended.")
    except Exception as error:  # a user's environment may raise anything
        return Step(state, f"Error: {clean(str(error)) or type(error).__name__}")
    return Step(new, _shown(seen, limits))


def _shown(observation: str, limits: Limits) -> str:
    text = escaped(str(observation)).strip()
    if len(text) <= limits.max_chars:
        return text
    return f"{text[: limits.max_chars]}\n[{len(text) - limits.max_chars} more characters]"


def trajectory(
    one: Episode,
    *,
    id: str,
    question: str,
    system: str,
    environment: Environment,
    method: str,
    details: Mapping[str, Any],
    rating: float | None = None,
    vote: tuple[float | None, bool | None] = (None, None),
) -> Trajectory:
    """Return an episode as a trajectory, in the form of ReAct for every method.

    Args:
        one: The episode.
        id: Name of the trajectory.
        question: The task.
        system: System message that says how to act.
        environment: Where it took place.
        method: Method of the run.
        details: Anything else that is known.
        rating: Rating by a judge, 0 to 5.
        vote: Share of a vote that is behind its answer, and whether that answer won.
    """

    def seen(text: str, tool: str | None = None) -> TextObservation:
        return TextObservation(content=f"{OBSERVED}{text}", source="environment", name=tool)

    content: list[Any] = [TextObservation(content=question, source="user")]
    if one["opening"]:
        content.append(seen(one["opening"]))
    for turn in one["turns"]:
        content.append(MessageAction(content=written(turn), train=bool(turn["action"])))
        content.append(seen(turn["observation"], turn["action"].partition("[")[0] or None))
    return Trajectory(
        id=id,
        content=content,
        system=system,
        task=str(details.get("task") or question),
        model=one["member"],
        method=method,
        role="agent",
        source=f"environment:{environment.name}",
        reward=one["reward"],
        rating=rating,
        answer=one["answer"] or None,
        agreement=vote[0],
        won=vote[1],
        details={
            **details,
            "acting": one["method"],
            "temperature": one["temperature"],
            "ended": one["ended"],
            "steps": len(one["turns"]),
        },
    )
