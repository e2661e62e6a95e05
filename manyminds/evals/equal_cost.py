"""Options under which a method makes a given number of calls for each question."""

import ast
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, log2
from typing import Any, cast

from manyminds.errors import InputError
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.members import Member
from manyminds.method_graph import MethodGraph
from manyminds.registry import Method
from manyminds.settings import Budget

# What a registry's formula may call the number of members, and what may be turned to fit it.
_COUNTS = ("members", "proposers", "debaters", "stages", "panel")
_KNOBS: Mapping[str, int] = {
    "samples": 1,
    "population": 1,
    "rounds": 1,
    "layers": 2,
    "refinements": 1,
    "tries": 1,
}
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
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


def most_calls(method: Method, members: int, options: Mapping[str, object]) -> int | None:
    """Return the calls of a question at most, by the registry's formula; None where it has none.

    Args:
        method: From the registry.
        members: Number of members.
        options: Of the builder; others have their defaults.
    """
    try:
        formula = _parsed(method)
        values = _values(method.create(), members, options)
        return ceil(_value(formula, values, method))
    except InputError:
        return None


def _values(
    builder: Callable[..., Any], members: int, fixed: Mapping[str, object]
) -> dict[str, float]:
    """Return what a formula's names stand for."""
    values: dict[str, float] = {
        name: parameter.default
        for name, parameter in inspect.signature(builder).parameters.items()
        if isinstance(parameter.default, int)
    }
    values |= {name: value for name, value in fixed.items() if isinstance(value, int)}
    return values | dict.fromkeys(_COUNTS, members)


def _fitted(
    method: Method,
    builder: Callable[..., Any],
    members: int,
    calls: int,
    fixed: Mapping[str, object],
) -> tuple[dict[str, int], int]:
    """Return the options that come nearest below so many calls, and the calls they make."""
    formula = _parsed(method)
    names = {node.id for node in ast.walk(formula) if isinstance(node, ast.Name)}
    values = _values(builder, members, fixed)
    unknown = names - values.keys() - {"ceil", "log2"}
    if unknown:
        raise _unplannable(method)
    knob = next((name for name in _KNOBS if name in names and name not in fixed), None)
    tried = [{}] if knob is None else [{knob: n} for n in range(_KNOBS[knob], calls + 2)]
    made = [(ceil(_value(formula, {**values, **options}, method)), options) for options in tried]
    fitting = [(count, options) for count, options in made if 1 <= count <= calls]
    if not fitting:
        least = min(count for count, _ in made)
        raise InputError(
            f"{method.name} makes at least {least} calls a question with {members} members, and "
            f"{calls} are allowed: allow more, or give fewer members"
        )
    count, options = max(fitting, key=lambda one: one[0])
    return options, count


def _parsed(method: Method) -> ast.expr:
    """Read the registry's formula; words after a comma, or "at most", are for people."""
    text = method.calls.split(",")[0].removesuffix(" at most").removeprefix("at most ")
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        raise _unplannable(method) from None


def _value(formula: ast.expr, values: Mapping[str, float], method: Method) -> float:
    match formula:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            one, other = _value(left, values, method), _value(right, values, method)
            return _OPERATORS[type(op)](one, other)
        case ast.Call(func=ast.Name(id="ceil"), args=[inner], keywords=[]):
            return max(0, ceil(_value(inner, values, method)))
        case ast.Call(func=ast.Name(id="log2"), args=[inner], keywords=[]):
            return log2(max(1.0, _value(inner, values, method)))
        case _:
            raise _unplannable(method)


def _unplannable(method: Method) -> InputError:
    return InputError(
        f"{method.name} makes as many calls as its question wants ({method.calls}), so it cannot "
        "be compared at a given number: leave it away"
    )
