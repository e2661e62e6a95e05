"""The formula by which a method says how many calls a question takes, such as `samples + 1`."""

import ast
import operator
from collections.abc import Callable, Mapping
from inspect import Signature
from math import ceil, log2

from manyminds.errors import InputError
from manyminds.registry import Method

# What a formula may call the number of members.
_MEMBERS = ("members", "proposers", "debaters", "stages", "panel")
_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "ceil": lambda value: max(0, ceil(value)),
    "log2": lambda value: log2(max(1.0, value)),
}
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class CallFormula:
    """A method's formula, as its registration gives it.

    Args:
        method: From the registry. Words after a comma, or "at most", are for people.

    Attributes:
        names: Options that the formula names.

    Raises:
        InputError: The number of calls does not follow from options.
    """

    def __init__(self, method: Method) -> None:
        self._method = method
        text = method.calls.split(",")[0].removesuffix(" at most").removeprefix("at most ")
        try:
            self._formula = ast.parse(text, mode="eval").body
        except SyntaxError:
            raise self.unusable() from None
        found = {node.id for node in ast.walk(self._formula) if isinstance(node, ast.Name)}
        self.names = found - _FUNCTIONS.keys()

    def calls(self, values: Mapping[str, float]) -> int:
        """Return the calls of a question at most.

        Args:
            values: Values of the names, such as `values_of` returns.

        Raises:
            InputError: A name has no value.
        """
        return ceil(self._value(self._formula, values))

    def unusable(self) -> InputError:
        """Return the error of a method whose calls do not follow from its options."""
        method = self._method
        return InputError(
            f"{method.name} makes as many calls as its question wants ({method.calls}), so it "
            "cannot be compared at a given number: leave it away"
        )

    def _value(self, formula: ast.expr, values: Mapping[str, float]) -> float:
        match formula:
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name) if name in values:
                return values[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                one, other = self._value(left, values), self._value(right, values)
                return _OPERATORS[type(op)](one, other)
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](self._value(inner, values))
            case _:
                raise self.unusable()


def values_of(builder: Signature, members: int, options: Mapping[str, object]) -> dict[str, float]:
    """Return what the names of a formula stand for.

    Args:
        builder: Signature of the method's builder.
        members: Number of members.
        options: Of the builder; others have their defaults.
    """
    given = {name: one.default for name, one in builder.parameters.items()} | dict(options)
    numbers = {name: value for name, value in given.items() if isinstance(value, int)}
    return {**numbers, **dict.fromkeys(_MEMBERS, members)}


def most_calls(
    method: Method, builder: Signature, members: int, options: Mapping[str, object]
) -> int | None:
    """Return the calls of a question at most; None where they do not follow from the options.

    Args:
        method: From the registry.
        builder: Signature of its builder.
        members: Number of members.
        options: Of the builder; others have their defaults.
    """
    try:
        return CallFormula(method).calls(values_of(builder, members, options))
    except InputError:
        return None
