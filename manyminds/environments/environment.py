"""Environment: where an agent acts, one action at a time, until its task is done.

An environment is pure: it keeps nothing between two actions. The state of an episode is plain data,
because checkpoints keep it, and an action gives a new state.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from manyminds.errors import InputError
from manyminds.reading.actions import FINISH, Action

EnvironmentState: TypeAlias = Any
"""State of an episode: plain data (strings, numbers, lists, dicts), because checkpoints keep it."""
Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


@dataclass(frozen=True)
class Tool:
    """A tool of an environment, as an agent reads of it.

    Attributes:
        name: Name in an action; may have several words.
        argument: What is between the brackets, in words; a JSON object, such as `{"city": "..."}`,
            where the tool takes several parameters.
        about: Description of the tool.
    """

    name: str
    argument: str
    about: str

    def __str__(self) -> str:
        """Write the tool as a prompt lists it."""
        return f"- {self.name}[{self.argument}]: {self.about}"


ANSWERED = Tool(FINISH, "answer", "ends the task with this answer.")


class Step(NamedTuple):
    """Result of an action: the new state, and the observation that the agent reads."""

    state: EnvironmentState
    observation: str


@dataclass(frozen=True)
class Task:
    """A task of an environment.

    Attributes:
        id: Name of the task; the split is part of it.
        split: train, dev or test.
        question: Question to the agent.
        answer: The known result; empty where the state of the environment decides.
        solution: Actions that solve the task.
    """

    id: str
    split: Split
    question: str
    answer: str
    solution: tuple[Action, ...]


class Environment(Protocol):
    """Interface of an environment. Every method is pure and bounded in time."""

    @property
    def name(self) -> str:
        """Name in reports and trajectories."""
        ...

    @property
    def about(self) -> str:
        """Description of the environment, in a sentence or two."""
        ...

    @property
    def tools(self) -> Sequence[Tool]:
        """The tools that an action may use."""
        ...

    def reset(self, question: str) -> Step:
        """Return the first state of the task that a question poses, and the first observation.

        Raises:
            InputError: The environment has no task for this question.
        """
        ...

    def step(self, state: EnvironmentState, action: Action) -> Step:
        """Return the state after an action and its observation; an action that fails says why."""
        ...

    def done(self, state: EnvironmentState) -> bool:
        """Return whether the episode has ended."""
        ...

    def reward(self, state: EnvironmentState) -> float | None:
        """Return the reward from 0 to 1 of an ended episode; None: unknown."""
        ...

    def answer(self, state: EnvironmentState) -> str:
        """Return the answer that the episode ended with."""
        ...


@dataclass(frozen=True)
class Sizes:
    """Number of tasks in each split."""

    train: int = 200
    dev: int = 50
    test: int = 100

    def each(self) -> Iterator[tuple[Split, int]]:
        """Yield every split with the number of its tasks."""
        for split in SPLITS:
            yield split, getattr(self, split)


DEFAULT_SIZES = Sizes()


class Generated:
    """An environment whose tasks are generated from a seed, and found again by their question.

    Args:
        seed: Another seed gives other tasks.
        sizes: Number of tasks in each split.
    """

    def __init__(self, seed: int = 0, sizes: Sizes = DEFAULT_SIZES) -> None:
        self.seed, self.sizes = seed, sizes

    def made(self) -> list[Task]:
        """Return the tasks of every split; no question is in two of them."""
        raise NotImplementedError

    def tasks(self, split: Split, n: int | None = None) -> list[Task]:
        """Return the first `n` tasks of a split; None: all.

        Raises:
            InputError: There is no split of this name, or it has fewer tasks.
        """
        if split not in SPLITS:
            raise InputError(f"split={split!r}: use {', '.join(SPLITS)}")
        found = [task for task in self._by_question.values() if task.split == split]
        if n is not None and not 0 <= n <= len(found):
            raise InputError(f"n={n}: the split {split} has {len(found)} tasks")
        return found[:n]

    def find(self, question: str) -> Task | None:
        """Return the task with this question, or None."""
        return self._by_question.get(_spaced(question))

    @cached_property
    def _by_question(self) -> dict[str, Task]:
        return {_spaced(task.question): task for task in self.made()}


def _spaced(text: str) -> str:
    """Return a text with single spaces."""
    return " ".join(text.split())
