"""StepTask: the interface of a task that is solved one voted step at a time."""

from typing import Any, Protocol, TypeAlias, runtime_checkable

from langchain_core.messages import BaseMessage

TaskState: TypeAlias = Any
"""The state of a task: plain data (strings, numbers, lists, dicts), because checkpoints keep it."""


class RedFlag(ValueError):
    """A reply that shows signs of confusion: it is thrown away and asked for again, never mended.

    MAKER (arXiv 2511.09030) found that replies in a wrong format, or much too long, are far more
    often wrong in content as well.
    """


class StepTask(Protocol):
    """A task whose state a program keeps, and whose next step is voted on.

    Every method is pure: states are never changed in place.
    """

    @property
    def name(self) -> str:
        """Names the task in reports and journals."""
        ...

    def start(self, question: str) -> TaskState:
        """Return the state before the first step."""
        ...

    def prompt(self, state: TaskState) -> list[BaseMessage]:
        """Return the messages that ask for the next step."""
        ...

    def parse(self, reply: str, state: TaskState) -> str:
        """Return the step that a reply proposes, in one canonical form.

        Raises:
            RedFlag: the reply breaks the format or cannot be a step.
        """
        ...

    def apply(self, state: TaskState, step: str) -> TaskState:
        """Return the state after a step."""
        ...

    def done(self, state: TaskState) -> bool:
        """Return whether the task is finished."""
        ...

    def answer(self, state: TaskState) -> str:
        """Return the answer that the finished state holds."""
        ...


@runtime_checkable
class StatedTask(StepTask, Protocol):
    """A task with steps in free text, which are compared by the values they state."""

    def final(self, step: str) -> str | None:
        """Return the final answer that a step states; None for a step that continues."""
        ...

    def states(self, step: str) -> str | None:
        """Return the result of a step, such as a number; None if it cannot be read."""
        ...
