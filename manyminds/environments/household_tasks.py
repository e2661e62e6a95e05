"""Households: the places, the things in them, the goal, and the actions that reach it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from manyminds.environments.environment import Sizes, Split, Task
from manyminds.reading.actions import Action

_PLACES = ("shelf", "drawer", "cupboard", "table", "desk", "basket", "counter", "wardrobe")
_FIXED = ("fridge 1", "microwave 1", "sink 1", "lamp 1")
_CLOSABLE = ("drawer", "cupboard", "wardrobe", "fridge", "microwave")
_FOOD = ("apple", "potato", "egg", "bread", "tomato")
_DISHES = ("mug", "plate", "pan", "spoon", "bowl")
_OTHERS = ("book", "pen", "key", "towel", "candle")
_KINDS = ("put", "two", "clean", "heat", "cool", "look at")
_HOUSEHOLD = re.compile(r"\bHousehold (\d{1,7})\b", re.IGNORECASE)
_FIRST: Mapping[Split, int] = {"train": 1, "dev": 100_001, "test": 200_001}
_ADJECTIVES = {"clean": "clean", "heat": "hot", "cool": "cold"}
_STATIONS = {"clean": "sink 1", "heat": "microwave 1", "cool": "fridge 1", "look at": "lamp 1"}


@dataclass(frozen=True)
class World:
    """A household at its beginning.

    Attributes:
        question: The task in words.
        inside: Things of each place.
        closable: Places that are closed at first.
        goal: Thing, place, treatment and number of things.
        solution: Actions that reach the goal.
    """

    question: str
    inside: Mapping[str, tuple[str, ...]]
    closable: tuple[str, ...]
    goal: tuple[str, str, str, int]
    solution: tuple[Action, ...]


def world_of(seed: int, question: str) -> World | None:
    """Return the household that a question names, where it asks for that household's task."""
    found = _HOUSEHOLD.search(question)
    if found is None:
        return None
    world = build(seed, int(found[1]))
    return world if " ".join(world.question.split()) in " ".join(question.split()) else None


@lru_cache(maxsize=512)
def build(seed: int, number: int) -> World:
    """Return a household by its number."""
    draw = Random(f"household:{seed}:{number}")
    places = [
        f"{kind} {n}" for kind in draw.sample(_PLACES, 5) for n in range(1, draw.randint(2, 3))
    ]
    places += _FIXED
    closable = tuple(place for place in places if place.rpartition(" ")[0] in _CLOSABLE)
    kind = _KINDS[number % len(_KINDS)]
    thing = draw.choice(_OTHERS if kind in ("look at", "two", "put") else _wanted(kind))
    target = draw.choice([place for place in places if place not in _FIXED])
    inside: dict[str, list[str]] = {place: [] for place in places}
    others = [each for each in (*_FOOD, *_DISHES, *_OTHERS) if each != thing]
    free = [place for place in places if place not in (target, "lamp 1", "sink 1")]
    for each in draw.sample(others, 7):
        inside[draw.choice(free)].append(f"{each} 1")
    count = 2 if kind == "two" else 1
    found: list[tuple[str, str]] = []
    for n in range(1, count + 1):
        place = draw.choice(free)
        inside[place].append(f"{thing} {n}")
        found.append((f"{thing} {n}", place))
    treatment = "looked at" if kind == "look at" else _ADJECTIVES.get(kind, "")
    return World(
        question=f"Household {number}: {_task(kind, thing, target)}",
        inside={place: tuple(things) for place, things in inside.items()},
        closable=closable,
        goal=(thing, target, treatment, count),
        solution=_solution(kind, found, target, closable),
    )


def _wanted(kind: str) -> tuple[str, ...]:
    return _DISHES if kind == "clean" else _FOOD


def _task(kind: str, thing: str, target: str) -> str:
    if kind == "look at":
        return f"look at a {thing} in the light of the lamp."
    if kind == "two":
        return f"put two {thing}s in or on the {target}."
    adjective = f"{_ADJECTIVES[kind]} " if kind in _ADJECTIVES else ""
    return f"put a {adjective}{thing} in or on the {target}."


def _solution(
    kind: str, found: list[tuple[str, str]], target: str, closable: tuple[str, ...]
) -> tuple[Action, ...]:
    actions: list[Action] = []
    opened: set[str] = set()

    def visit(place: str, *, opening: bool) -> None:
        actions.append(Action("go to", place))
        if opening and place in closable and place not in opened:
            opened.add(place)
            actions.append(Action("open", place))

    for thing, place in found:
        visit(place, opening=True)
        actions.append(Action("take", thing))
        if kind in _STATIONS:
            visit(_STATIONS[kind], opening=False)
            actions.append(Action(kind, thing))
        if kind != "look at":
            visit(target, opening=True)
            actions.append(Action("put", thing))
    return tuple(actions)


def made(seed: int, sizes: Sizes) -> list[Task]:
    """Make the tasks of every split."""
    return [
        Task(f"household-{split}-{n}", split, world.question, "", world.solution)
        for split, count in sizes.each()
        for n in range(count)
        for world in [build(seed, _FIRST[split] + n)]
    ]
