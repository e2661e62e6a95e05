"""Rater: rates a whole trajectory of an agent from 0 to 5, with the reasons first (AgentRater).

Paper: "AgentOhana: Design Unified Data and Training Pipeline for Effective Agent Learning",
arXiv 2402.15506. Its wording and its threshold were not published; both are of our own design.
"""

import json
from collections.abc import Sequence
from statistics import fmean
from typing import cast

from langchain_core.messages import BaseMessage
from typing_extensions import TypedDict

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Member,
    MethodGraph,
    Options,
    PromptLike,
    RoleReply,
    SampledState,
    State,
    Unpack,
    Update,
    as_members,
    excerpt,
    method,
    object_schema,
    require,
    together,
)
from manyminds.environments.acting import OBSERVED
from manyminds.fence import in_one_line
from manyminds.reading.roles import read_rating, reason_of

MOST = 5.0
_SCHEMA = object_schema(
    "rating",
    {"reason": {"type": "string"}, "rating": {"type": "integer", "enum": [0, 1, 2, 3, 4, 5]}},
)
_SPEAKERS = {"ai": "Agent", "human": "Observation", "tool": "Observation", "system": "Instruction"}
_LONGEST = 1_000
_NOTHING = "(The agent did nothing.)"


class Rating(TypedDict):
    """The rating of one rater: a number from 0 to 5 and its reason."""

    member: str
    rating: float
    reason: str


class RaterState(SampledState, total=False):
    """Channels of a rater; `rating` is the mean of `ratings`."""

    ratings: list[Rating]
    rating: float | None


class RaterOutput(CandidatesOutput):
    """The answer, the report, all replies, each rating with its reason, and their mean."""

    ratings: list[Rating]
    rating: float | None


@method(
    "rater",
    paper="AgentOhana (AgentRater), arXiv 2402.15506",
    calls="members",
    use="Choosing trajectories to train on: the conversation is rated from 0 to 5.",
)
def create_rater(
    raters: Askable | Sequence[Askable],
    *,
    prompt: PromptLike = "agent_rater/rate@1",
    **options: Unpack[Options],
) -> MethodGraph:
    """Build AgentRater: the conversation is a trajectory, and each rater rates the whole of it.

    Use it to choose trajectories to train on. The first message of the user is the task; all that
    follows is what the agent did and saw. `manyminds batch FILE --method rater` rates a file of
    thousands, and continues where it was interrupted.

    Args:
        raters: Members that rate; the rating is the mean of theirs.
        prompt: Prompt with the variable `answers`; the reply has a rating from 0 to 5.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "rating", "ratings"}. `answer` is the rating as text.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    team = as_members(raters)
    graph = MethodGraph("rater", team, state=RaterState, output=RaterOutput, **options)
    rate = graph.prompt(prompt, variables={"answers"})

    async def rated(state: State, ask: Ask) -> Update:
        ask.run.emit("planned", calls=len(team))
        task, acted = split(state["messages"])
        question = rate.fill(answers=[acted]).render(task)

        async def rating_of(nth: int, member: Member) -> RoleReply[Rating]:
            return await ask.verdict(
                [member],
                question,
                parse=lambda text: read(text, member.name),
                schema=_SCHEMA,
                index=2 * nth,
                reserve=0,
            )

        replies = await together(*(rating_of(nth, member) for nth, member in enumerate(team)))
        asked = [one for reply in replies for one in reply.asked]
        good = [(reply.value, reply.reply) for reply in replies if reply.value and reply.reply]
        if not good:
            require(asked, 1)
        return {"candidates": asked, **_outcome(good)}

    graph.open("rater", ratings=[], rating=None)
    graph.step("rater", rated, opens=True, asks=team)
    return graph.close(after="rater", keys=["rating"], composed=True)


def _outcome(good: Sequence[tuple[Rating, Candidate]]) -> Update:
    rating = fmean(one["rating"] for one, _ in good)
    nearest = min(good, key=lambda each: abs(each[0]["rating"] - rating))[1]
    final = excerpt(nearest, f"{rating:g}")
    return {"ratings": [one for one, _ in good], "rating": rating, "final": final}


def split(messages: Sequence[BaseMessage]) -> tuple[list[BaseMessage], str]:
    """Return the task, which is the first message of the user, and all the others as text."""
    first = next((n for n, one in enumerate(messages) if one.type == "human"), 0)
    rest = [one for n, one in enumerate(messages) if n != first]
    # Our own agents read `OBSERVED` in front of what they observe.
    said = [_said(one).removeprefix(OBSERVED) for one in rest]
    lines = [
        f"{_SPEAKERS.get(one.type, one.type)}: {text}" for one, text in zip(rest, said, strict=True)
    ]
    acted = any(one.type == "ai" for one in rest)
    return [messages[first]], "\n".join(lines if acted else [*lines, _NOTHING])


def _said(message: BaseMessage) -> str:
    calls = cast("list[dict[str, object]]", getattr(message, "tool_calls", []))
    written = [f"calls {one['name']}({json.dumps(one['args'], default=str)})" for one in calls]
    return "\n".join(part for part in (message.text, *written) if part)


def read(text: str, member: str) -> Rating | None:
    """Return the rating in a reply, with its reason; None where it has none from 0 to 5."""
    number = read_rating(text, MOST)
    if number is None:
        return None
    return Rating(member=member, rating=number, reason=in_one_line(reason_of(text)[:_LONGEST]))
