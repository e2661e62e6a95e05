"""Environments in which agents act, and the interface of an environment of your own."""

import difflib
from functools import partial
from typing import TypeAlias

from manyminds.environments.arithmetic import ArithmeticEnvironment
from manyminds.environments.environment import (
    SPLITS,
    Environment,
    EnvironmentState,
    Sizes,
    Split,
    Step,
    Task,
    Tool,
)
from manyminds.environments.household import HouseholdEnvironment
from manyminds.environments.simulated import agent_from_string
from manyminds.environments.sql import SQLEnvironment
from manyminds.errors import InputError
from manyminds.models.simulated.others import OTHERS
from manyminds.reading.actions import FINISH, Action

__all__ = [
    "ENVIRONMENTS",
    "FINISH",
    "SPLITS",
    "Action",
    "ArithmeticEnvironment",
    "Environment",
    "EnvironmentState",
    "HouseholdEnvironment",
    "SQLEnvironment",
    "Sizes",
    "Split",
    "Step",
    "Task",
    "Tool",
    "environment",
]

Ours: TypeAlias = ArithmeticEnvironment | SQLEnvironment | HouseholdEnvironment
ENVIRONMENTS: dict[
    str, type[ArithmeticEnvironment] | type[SQLEnvironment] | type[HouseholdEnvironment]
] = {
    "arithmetic": ArithmeticEnvironment,
    "sql": SQLEnvironment,
    "household": HouseholdEnvironment,
}
OTHERS["agent"] = partial(agent_from_string, environments=ENVIRONMENTS)


def environment(given: Environment | str) -> Environment:
    """Return the environment that a name stands for, or the environment itself.

    Raises:
        InputError: There is no environment of that name.
    """
    if not isinstance(given, str):
        return given
    if given in ENVIRONMENTS:
        return ENVIRONMENTS[given]()
    near = difflib.get_close_matches(given, ENVIRONMENTS, n=1, cutoff=0.6) or list(ENVIRONMENTS)
    raise InputError(f"there is no environment {given!r}: use {' or '.join(near)}, or your own")
