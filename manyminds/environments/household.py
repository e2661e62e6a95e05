"""A household in text, in the manner of ALFWorld (arXiv 2010.03768): rooms and texts are our own.

An agent walks between places, opens them, and takes, cleans, heats, cools and puts things. The
question names the household, and with it the whole world: "Household 12: put a clean mug in ...".
"""

import re
from collections.abc import Sequence
from typing import TypeAlias

from typing_extensions import TypedDict

from manyminds.environments.environment import Generated, Step, Task, Tool
from manyminds.environments.household_tasks import World, made, world_of
from manyminds.errors import InputError
from manyminds.reading.actions import FINISH, Action

_THING = re.compile(r"^(?:the |a |an |some )?(.*?)$", re.IGNORECASE)
_TREATED = {"clean": "sink", "heat": "microwave", "cool": "fridge"}
_DONE = {"clean": "clean", "heat": "hot", "cool": "cold"}
_LONGEST = 100


class HouseholdState(TypedDict):
    """State of an episode.

    `inside` has the things of each place, `treated` what was done to a thing: clean, hot, cold or
    looked at. `goal` is thing, place, treatment and number of things.
    """

    at: str
    holding: str
    opened: list[str]
    closable: list[str]
    inside: dict[str, list[str]]
    treated: dict[str, list[str]]
    goal: tuple[str, str, str, int] | list[str | int]
    gave_up: bool


Found: TypeAlias = tuple[HouseholdState, str]


class HouseholdEnvironment(Generated):
    """A household in text with six kinds of tasks.

    The kinds are: put a thing somewhere, two of them, or a clean, hot or cold one; and look at a
    thing under a lamp. The reward is 1 once the goal is reached, which also ends the episode.

    Args:
        seed: Another seed gives other tasks.
        sizes: Number of tasks in each split.
    """

    name = "household"
    about = "You do a task in a household. You can hold one thing at a time."
    tools: Sequence[Tool] = (
        Tool("go to", "place", "walks to a place, such as go to[shelf 1]"),
        Tool("open", "place", "opens the place where you are."),
        Tool("close", "place", "closes the place where you are."),
        Tool("take", "thing", "takes a thing from the place where you are, such as take[mug 1]"),
        Tool("put", "thing", "puts the thing that you hold into or onto the place where you are."),
        Tool("clean", "thing", "cleans the thing that you hold, at a sink."),
        Tool("heat", "thing", "heats the thing that you hold, at a microwave."),
        Tool("cool", "thing", "cools the thing that you hold, at a fridge."),
        Tool("look at", "thing", "looks at the thing that you hold, in the light of a lamp."),
        Tool("look", "", "says where you are, what is here and what you hold."),
        Tool(FINISH, "", "gives up; a task that is done ends by itself."),
    )

    def made(self) -> list[Task]:
        """Return the tasks of every split; no question is in two of them."""
        return made(self.seed, self.sizes)

    def reset(self, question: str) -> Step:
        """Enter the household that the question names."""
        world = world_of(self.seed, question)
        if world is None:
            raise InputError(
                "the environment household has no task for this question: ask one of its tasks, "
                f"such as {self.tasks('train', 1)[0].question!r}"
            )
        return Step(_first(world), f"You are in the middle of a room. You see: {_named(world)}.")

    def step(self, state: HouseholdState, action: Action) -> Step:
        """Do one action; an impossible one changes nothing and says why."""
        tool, thing = action.tool, _plain(action.argument)
        if tool == FINISH:
            return Step({**state, "gave_up": True}, "The task has ended.")
        if tool == "look":
            return Step(state, _look(state))
        if tool == "go to":
            return Step(*_go(state, thing))
        if tool in ("open", "close"):
            return Step(*_door(state, thing or state["at"], tool))
        if tool == "take":
            return Step(*_take(state, thing.partition(" from ")[0]))
        held = re.split(r" (?:with|in|into|on|onto|in/on|to|under) ", thing)[0] or state["holding"]
        if not state["holding"] or held != state["holding"]:
            return Step(state, f"You do not hold {held or 'anything'}.")
        if tool == "put":
            return Step(*_put(state))
        return Step(*_treat(state, tool))

    def done(self, state: HouseholdState) -> bool:
        """Return whether the goal is reached, or the agent gave up."""
        return state["gave_up"] or _reached(state)

    def reward(self, state: HouseholdState) -> float | None:
        """Return 1 where the goal is reached, else 0."""
        return float(_reached(state))

    def answer(self, state: HouseholdState) -> str:
        """Return whether the task is done, in words."""
        return "The task is done." if _reached(state) else "The task is not done."


def _first(world: World) -> HouseholdState:
    return HouseholdState(
        at="",
        holding="",
        opened=[],
        closable=list(world.closable),
        inside={place: list(things) for place, things in world.inside.items()},
        treated={},
        goal=list(world.goal),
        gave_up=False,
    )


def _named(world: World) -> str:
    return ", ".join(world.inside)


def _plain(text: str) -> str:
    match = _THING.match(" ".join(text[:_LONGEST].casefold().split()).strip(" .'\"`"))
    return match[1] if match else ""


def _is_shut(state: HouseholdState, place: str) -> bool:
    return place in state["closable"] and place not in state["opened"]


def _here(state: HouseholdState) -> str:
    place = state["at"]
    if _is_shut(state, place):
        return f"The {place} is closed."
    return f"In or on the {place} you see: {', '.join(state['inside'][place]) or 'nothing'}."


def _look(state: HouseholdState) -> str:
    held = f"You hold {state['holding'] or 'nothing'}."
    if not state["at"]:
        return f"You are in the middle of a room. You see: {', '.join(state['inside'])}. {held}"
    return f"You are at the {state['at']}. {_here(state)} {held}"


def _go(state: HouseholdState, place: str) -> Found:
    if place not in state["inside"]:
        return state, f"There is no {place or 'such place'} here."
    new: HouseholdState = {**state, "at": place}
    return new, f"You are at the {place}. {_here(new)}"


def _door(state: HouseholdState, place: str, tool: str) -> Found:
    if place != state["at"] or not place:
        return state, f"You are not at the {place or 'place'}: go there first."
    if place not in state["closable"]:
        return state, f"The {place} cannot be opened or closed."
    others = [each for each in state["opened"] if each != place]
    new: HouseholdState = {**state, "opened": [*others, place] if tool == "open" else others}
    return new, f"You {tool} the {place}. {_here(new)}"


def _take(state: HouseholdState, thing: str) -> Found:
    place = state["at"]
    if state["holding"]:
        return state, f"You hold {state['holding']} already: put it somewhere first."
    if not place or _is_shut(state, place) or thing not in state["inside"][place]:
        return state, f"You see no {thing or 'thing'} here that you could take."
    left = [each for each in state["inside"][place] if each != thing]
    new: HouseholdState = {
        **state,
        "holding": thing,
        "inside": {**state["inside"], place: left},
    }
    return new, f"You take {thing} from the {place}."


def _put(state: HouseholdState) -> Found:
    place, thing = state["at"], state["holding"]
    if not place:
        return state, "You are not at any place: go to one first."
    if _is_shut(state, place):
        return state, f"The {place} is closed: open it first."
    things = [*state["inside"][place], thing]
    new: HouseholdState = {
        **state,
        "holding": "",
        "inside": {**state["inside"], place: things},
    }
    return new, f"You put {thing} in or on the {place}."


def _treat(state: HouseholdState, tool: str) -> Found:
    thing, kind = state["holding"], state["at"].rpartition(" ")[0]
    needed = _TREATED.get(tool, "lamp")
    if kind != needed:
        return state, f"You are not at a {needed}: go to one first."
    done = [*state["treated"].get(thing, []), _DONE.get(tool, "looked at")]
    new: HouseholdState = {**state, "treated": {**state["treated"], thing: done}}
    return new, f"You {tool} {thing} at the {state['at']}."


def _reached(state: HouseholdState) -> bool:
    thing, place, treatment, count = state["goal"]

    def fits(each: str) -> bool:
        right = not treatment or treatment in state["treated"].get(each, [])
        return right and each.rpartition(" ")[0] == thing

    if treatment == "looked at":
        return any(fits(each) for each in state["treated"])
    return sum(fits(each) for each in state["inside"].get(str(place), [])) >= int(count)
