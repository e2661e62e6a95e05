"""The tasks that a judge grades, by name."""

from collections.abc import Mapping

from manyminds.errors import InputError
from manyminds.evals.judged import alpaca_eval, ceb, flask, just_eval, mmau, mt_bench
from manyminds.evals.judged.task import JudgedTask

TASKS: Mapping[str, JudgedTask] = {
    one.TASK.name: one.TASK for one in (alpaca_eval, mt_bench, just_eval, flask, mmau, ceb)
}


def judged_task(name: str) -> JudgedTask:
    """Return the task of a name.

    Raises:
        InputError: There is none of that name.
    """
    if name not in TASKS:
        raise InputError(f"there is no judged task {name!r}: use {', '.join(TASKS)}")
    return TASKS[name]
