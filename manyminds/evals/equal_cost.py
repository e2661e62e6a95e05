"""Options under which a method makes a given number of calls for each question."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from manyminds.call_formula import CallFormula, values_of
from manyminds.errors import InputError
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.members import Member
from manyminds.method_graph import MethodGraph
from manyminds.registry import Method
from manyminds.settings import Budget

# What may be set to fit a number of calls, and its least value.
_KNOBS: Mapping[str, int] = {
    "samples": 1,
    "population": 1,
    "rounds": 1,
    "layers": 2,
    "refinements": 1,
    "tries": 1,
}


@dataclass(frozen=True)
class Plan:
    """A method as it is compared.

    Attributes:
        method: its name.
        graph: not compiled; an Agent Forest where `runs` is more than 1.
        options: of the builder, those that were chosen to fit.
        runs: of the method for each question, voted on.
        calls: for each question, where nothing fails or stops early.
    """

    method: str
    graph: MethodGraph
    options: Mapping[str, int] = field(default_factory=dict[str, int])
    runs: int = 1
    calls: int = 0

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        options = dict(self.options)
        return {"method": self.method, "options": options, "runs": self.runs, "planned": self.calls}


def plan(
    method: Method,
    members: Sequence[Member],
    calls: int,
    *,
    extract: str | None = None,
    budget: Budget | None = None,
    options: Mapping[str, object] | None = None,
) -> Plan:
    """Build a method so that it makes as many calls a question as allowed, and no more.

    Its number of samples, rounds, layers or tries is set for that, by the formula in the registry.
    What is still cheaper than half of the calls is run as often as fits, and voted on by an Agent
    Forest: one run of chain of thought is no match for ten samples. A method of one member asks
    the first one; where it is run several times, all members in turn.

    Args:
        method: from the registry.
        members: Members to ask.
        calls: for each question, at most.
        extract: reader of answers for votes.
        budget: of each run; default: so many calls.
        options: of the builder; one that is given here is not set to fit the calls.

    Raises:
        InputError: the method needs more calls, or its calls do not follow from its options.
    """
    builder = method.create()
    fixed = dict(options or {})
    chosen, made = _fitted(method, builder, len(members), calls, fixed)
    runs = max(1, calls // made)
    guard = Budget(calls=calls) if budget is None else budget
    given: dict[str, Any] = {**chosen, **fixed}
    taken = inspect.signature(builder).parameters
    if extract is not None and "extract" in taken:
        given.setdefault("extract", extract)
    single = next(iter(taken)) == "member"
    if runs == 1:
        target = members[0] if single else list(members)
        graph = builder(target, **given, budget=guard)
    else:
        inner = [builder(target, **given) for target in (members if single else [list(members)])]
        named = [Member(one, name=method.name) for one in inner]
        how: dict[str, Any] = {} if extract is None else {"extract": extract}
        graph = create_agent_forest(named, samples=runs, budget=guard, **how)
    return Plan(method.name, cast(MethodGraph, graph), chosen, runs, made * runs)


def _fitted(
    method: Method,
    builder: Callable[..., Any],
    members: int,
    calls: int,
    fixed: Mapping[str, object],
) -> tuple[dict[str, int], int]:
    """Return the options that come nearest below so many calls, and the calls they make."""
    formula = CallFormula(method)
    values = values_of(inspect.signature(builder), members, fixed)
    if not formula.names <= values.keys():
        raise formula.unusable()
    knob = next((name for name in _KNOBS if name in formula.names and name not in fixed), None)
    tried = [{}] if knob is None else [{knob: n} for n in range(_KNOBS[knob], calls + 2)]
    made = [(formula.calls({**values, **options}), options) for options in tried]
    fitting = [(count, options) for count, options in made if 1 <= count <= calls]
    if not fitting:
        least = min(count for count, _ in made)
        raise InputError(
            f"{method.name} makes at least {least} calls a question with {members} members, and "
            f"{calls} are allowed: allow more, or give fewer members"
        )
    count, options = max(fitting, key=lambda one: one[0])
    return options, count
