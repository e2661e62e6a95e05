"""Tasks that are solved step by step, and the interface of a task of your own."""

import difflib

from manyminds.errors import InputError
from manyminds.tasks.arithmetic import Arithmetic
from manyminds.tasks.hanoi import Hanoi
from manyminds.tasks.reasoning import Reasoning
from manyminds.tasks.step import RedFlag, StatedTask, StepTask

__all__ = ["TASKS", "Arithmetic", "Hanoi", "Reasoning", "RedFlag", "StatedTask", "StepTask", "task"]

TASKS: dict[str, type[Arithmetic] | type[Hanoi] | type[Reasoning]] = {
    "arithmetic": Arithmetic,
    "hanoi": Hanoi,
    "reasoning": Reasoning,
}


def task(given: StepTask | str) -> StepTask:
    """Return the task that a name stands for, or the task itself.

    Raises:
        InputError: there is no task of that name.
    """
    if not isinstance(given, str):
        return given
    if given in TASKS:
        return TASKS[given]()
    near = difflib.get_close_matches(given, TASKS, n=1, cutoff=0.6) or list(TASKS)
    raise InputError(f"there is no task {given!r}: use {' or '.join(near)}, or a StepTask")
